"""The values of a tensor with changes, computed from its own rows and small tensors beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Protocol

import numpy as np

from ..._errors import CheckpointFormatError
from ..._frozen import frozen
from ...formats import PIECE, ByteRange, Computed, TensorHeader
from ...system import Array
from .._elements import read_elements

REPLACED = " of the adapter"
"""How the origin of a tensor ends that the adapter has whole."""


class Change(Protocol):
    """Changes rows of a tensor in place. Several threads may ask at once.

    Attributes:
        is_of_inputs: whether it is the same for all who use the tensor: which rows of a table there are, say.
    """

    is_of_inputs: bool

    @property
    def rows(self) -> int:
        """How many rows are computed together: a power of two."""

    @property
    def tensors(self) -> tuple[TensorHeader, ...]:
        """What it is computed from."""

    def apply(self, rows: Array, first: int) -> None:
        """Change rows: float32, `(rows, elements of a row)`.

        Args:
            rows: those from `first` on.
            first: the first's number, a multiple of `rows`.
        """


@frozen
class Adapted:
    """The values of a tensor with changes, in float32.

    Attributes:
        base: the tensor without.
        changes: made one after the other.
        width: elements of a row.
    """

    base: TensorHeader
    changes: tuple[Change, ...]
    width: int

    @property
    def step(self) -> int:
        """Elements of the rows that are computed together."""
        return self.width * max((change.rows for change in self.changes), default=1)

    @property
    def piece(self) -> int:
        """How many elements are best computed at once: as many as of the base, where that says so."""
        return int(getattr(self.base, "piece", 0)) or PIECE

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
        rows = out.reshape(-1, self.width)
        with np.errstate(all="ignore"):  # an overflow is the checkpoint's own
            for change in self.changes:
                change.apply(rows, first // self.width)


def changes_one_name(tensor: TensorHeader) -> bool:
    """Whether an adapter changes a tensor under this name alone: under another, the model had it as it was."""
    if tensor.origin.endswith(REPLACED):
        return True
    values = [part.values for part in tensor.ranges if isinstance(part, Computed)]
    return any(not change.is_of_inputs for each in values if isinstance(each, Adapted) for change in each.changes)


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
    else:
        with np.errstate(all="ignore"):
            out[:] = read_elements(tensor, first, first + out.size)
