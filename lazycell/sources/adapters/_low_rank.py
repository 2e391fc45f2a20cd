"""Values of a weight with changes: each computed from the weight's own rows and small tensors beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from typing import Protocol

import numpy as np

from ..._errors import CheckpointFormatError
from ..._frozen import frozen
from ...formats import ByteRange, TensorHeader
from ...system import Array
from .._elements import read_elements


class Change(Protocol):
    """Changes rows of a weight in place. Several threads may ask at once."""

    @property
    def tensors(self) -> tuple[TensorHeader, ...]:
        """What it is computed from."""

    def apply(self, rows: Array, first: int) -> None:
        """Change rows: float32, `(rows, elements of a row)`.

        Args:
            rows: those from `first` on.
            first: the first's number.
        """


@frozen
class Changed:
    """The values of a tensor with changes, in float32.

    Attributes:
        base: the tensor without.
        changes: made one after the other.
        step: elements of a row: of what lies at one position of the first axis, or of all axes but the last.
    """

    base: TensorHeader
    changes: tuple[Change, ...]
    step: int

    @property
    def ranges(self) -> Iterator[ByteRange]:
        """The bytes in files that they are computed from."""
        yield from self.base.byte_ranges
        for change in self.changes:
            for tensor in change.tensors:
                yield from tensor.byte_ranges

    def fill(self, first: int, out: Array) -> None:
        """Compute the elements from `first` on."""
        read_floats(self.base, first, out)
        rows = out.reshape(-1, self.step)
        with np.errstate(all="ignore"):  # an overflow is the checkpoint's own
            for change in self.changes:
                change.apply(rows, first // self.step)


@frozen(slots=False)
class LowRank:
    """Add the product of two matrices, times a number.

    Attributes:
        a: `(rank, in)`, or `(rank, in, …)` of a convolution.
        b: `(out, rank)`, with axes of 1 of a convolution.
        scale: of the product.
        turned: the weight is `(in, out)`: the product is transposed.
    """

    a: TensorHeader
    b: TensorHeader
    scale: float
    turned: bool = False

    @property
    def tensors(self) -> tuple[TensorHeader, ...]:
        """What it is computed from."""
        return self.a, self.b

    def apply(self, rows: Array, first: int) -> None:
        """Add to rows what is theirs of the product."""
        left, right = self._factors
        rows += left[first : first + len(rows)] @ right

    @cached_property
    def _factors(self) -> tuple[Array, Array]:
        """Of the product: `(rows, rank)`, with the scale in it, and `(rank, elements of a row)`."""
        rank = self.a.shape[0]
        a = whole(self.a).reshape(rank, -1)
        b = whole(self.b).reshape(-1, rank)
        left, right = (a.T, b.T) if self.turned else (b, a)
        with np.errstate(all="ignore"):
            return np.ascontiguousarray(left * np.float32(self.scale)), np.ascontiguousarray(right)


def whole(tensor: TensorHeader) -> Array:
    """Read a small tensor in float32, in its shape."""
    values: Array = np.empty(math.prod(tensor.shape), np.float32)
    read_floats(tensor, 0, values)
    return values.reshape(tensor.shape)


def read_floats(tensor: TensorHeader, first: int, out: Array) -> None:
    """Read elements of a tensor of floats from `first` on, as float32, into an array of one axis."""
    if tensor.dtype == "float32" and len(tensor.ranges) == 1:
        part = tensor.ranges[0]
        if part.nbytes < 4 * (first + out.size):
            raise CheckpointFormatError(f"tensor {tensor.name!r}: it holds fewer bytes than {tensor.shape} takes")
        part.read_into(out.view(np.uint8).data, 4 * first)
        return
    stored = read_elements(tensor, first, first + out.size)
    if tensor.dtype == "bfloat16":  # the upper half of a float32
        np.left_shift(stored.view(np.uint16), np.uint32(16), out=out.view(np.uint32), dtype=np.uint32)
    else:
        with np.errstate(all="ignore"):
            out[:] = stored
