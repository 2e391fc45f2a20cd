"""8-bit codes with a scale for each group of columns of a row, as compressed-tensors' strategy `group` writes them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .._frozen import frozen
from ..formats import ByteRange, TensorHeader
from ..system import Array
from ._column_groups import apply_groups
from ._elements import read_box, read_floats


@frozen
class ScaledGroups:
    """Computes a weight.

    Attributes:
        codes: rows and columns.
        scales: rows and groups.
        size: columns of a group; the last may be short.
    """

    codes: TensorHeader
    scales: TensorHeader
    size: int

    @property
    def step(self) -> int:
        """A row."""
        return self.codes.shape[1]

    @property
    def ranges(self) -> Iterable[ByteRange]:
        """The bytes in files that it is computed from."""
        for tensor in (self.codes, self.scales):
            yield from tensor.byte_ranges

    def fill(self, first: int, out: Array) -> None:
        """Compute some rows."""
        columns = self.step
        values, start = out.reshape(-1, columns), first // columns
        read_floats(self.codes, first, out)
        scales = read_box(self.scales, (start, start + len(values)), (0, self.scales.shape[1]))
        apply_groups(values, scales.astype(np.float32), None, self.size)
