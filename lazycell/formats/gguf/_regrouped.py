"""Values that llama.cpp changed when it converted a model, as they were before: what is read is changed back."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from ..._dtypes import bytes_of, numpy_dtype
from ..._frozen import frozen
from ...system import Array
from .._computed import Values
from .._header import ByteRange, TensorHeader


@frozen
class Unturned:
    """Rows of queries or keys in the order of Hugging Face, from such as are computed in llama.cpp's.

    There the two numbers of a pair that a position turns are in rows beside each other, here in the two halves of a
    head: (heads, half, 2, columns) becomes (heads, 2, half, columns).

    Attributes:
        values: in the other order.
        rows: of a head.
        columns: of the matrix; 1 for a bias.
    """

    values: Values
    rows: int
    columns: int

    @property
    def step(self) -> int:
        """Elements of a head, or of several that begin where a block does."""
        return math.lcm(self.values.step, self.rows * self.columns)

    @property
    def ranges(self) -> Iterable[ByteRange]:
        """The bytes that they are computed from."""
        return self.values.ranges

    def fill(self, first: int, out: Array) -> None:
        """Compute whole heads."""
        stored = np.empty(out.size, np.float32)
        self.values.fill(first, stored)
        heads = stored.reshape(-1, self.rows // 2, 2, self.columns)
        np.copyto(out.reshape(-1, 2, self.rows // 2, self.columns), heads.swapaxes(1, 2))


@frozen
class LessOne:
    """The weight of a norm that is stored with 1 added: the difference in float32.

    Attributes:
        stored: the tensor as it is in the file.
    """

    stored: TensorHeader

    @property
    def step(self) -> int:
        """Any elements."""
        return 1

    @property
    def ranges(self) -> Iterable[ByteRange]:
        """Those of the stored tensor."""
        return self.stored.byte_ranges

    def fill(self, first: int, out: Array) -> None:
        """Compute the elements from `first` on."""
        np.subtract(read_floats(self.stored, first, first + out.size), np.float32(1), out=out)


def read_floats(tensor: TensorHeader, first: int, last: int) -> Array:
    """Read some elements of a tensor of one part, in float32.

    Raises:
        CheckpointFormatError: the file has changed since its header was read, or has gone.
    """
    found = np.empty(last - first, numpy_dtype(tensor.dtype))
    (part,) = tensor.ranges
    part.read_into(bytes_of(found), first * found.itemsize)
    return found.astype(np.float32, copy=False)
