"""Changes that take no product of matrices: a vector added, rows or columns scaled, rows set."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ..._frozen import frozen
from ...formats import TensorHeader
from ...system import Array
from ._adapted import whole


@frozen(slots=False)
class Added:
    """Add a vector to a vector, times a number: the bias of LoRA's second matrix to the layer's own.

    Attributes:
        vector: as long as what it is added to.
        scale: what it is multiplied by.
    """

    vector: TensorHeader
    scale: float
    is_of_inputs = False
    rows = 1

    @property
    def tensors(self) -> tuple[TensorHeader, ...]:
        """What it is computed from."""
        return (self.vector,)

    def apply(self, rows: Array, first: int) -> None:
        """Add to elements what is theirs."""
        rows += self._vector[first : first + len(rows), np.newaxis]

    @cached_property
    def _vector(self) -> Array:
        return whole(self.vector).reshape(-1) * np.float32(self.scale)


@frozen(slots=False)
class Multiplied:
    """Multiply outputs or inputs, each by a number of its own (IA3: Liu et al. 2022, arXiv:2205.05638).

    Attributes:
        factors: one for each position of an axis.
        axis: the first or the second.
    """

    factors: TensorHeader
    axis: int
    is_of_inputs = False
    rows = 1

    @property
    def tensors(self) -> tuple[TensorHeader, ...]:
        """What it is computed from."""
        return (self.factors,)

    def apply(self, rows: Array, first: int) -> None:
        """Multiply rows, or what lies at one position of the second axis in each."""
        if self.axis == 0:
            rows *= self._factors[first : first + len(rows), np.newaxis]
        else:
            rows.reshape(len(rows), len(self._factors), -1)[:] *= self._factors[:, np.newaxis]

    @cached_property
    def _factors(self) -> Array:
        return whole(self.factors).reshape(-1)


@frozen(slots=False)
class RowsSet:
    """Set some rows of a table: those of tokens that were trained.

    Attributes:
        values: `(rows, elements of a row)`.
        numbers: which rows they are.
    """

    values: TensorHeader
    numbers: tuple[int, ...]
    is_of_inputs = True
    rows = 1

    @property
    def tensors(self) -> tuple[TensorHeader, ...]:
        """What it is computed from."""
        return (self.values,)

    def apply(self, rows: Array, first: int) -> None:
        """Set those that are among these."""
        for place, number in enumerate(self.numbers):
            if first <= number < first + len(rows):
                rows[number - first] = self._values[place]

    @cached_property
    def _values(self) -> Array:
        return whole(self.values)
