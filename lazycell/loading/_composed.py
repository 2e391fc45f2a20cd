"""A weight-normed tensor, composed of its halves as it is read: w = g v / ‖v‖."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from .. import _dtypes
from .._frozen import frozen
from ..formats import TensorHeader
from ..layout import PIECE, extents, slice_norms
from ..sources import read_elements
from ..system import Array


def composed(magnitude: TensorHeader, direction: TensorHeader, dim: int | None) -> TensorHeader:
    """Give a weight-normed tensor that is computed from its two halves as it is read.

    Args:
        magnitude: of the norms.
        direction: of the rest, in the shape of the whole.
        dim: the axis that has a norm for each of its positions; None: there is one.
    """
    dtype = _dtypes.working_dtype("float64" if "float64" in (magnitude.dtype, direction.dtype) else "float32")
    parts = (Composed(magnitude, direction, dim, dtype),)
    return TensorHeader(f"{magnitude.name} + {direction.name}", dtype, direction.shape, parts, direction.dtype)


@frozen(slots=False)
class Composed:
    """All of a weight-normed tensor. May be read by several threads at once.

    The norms take one reading of the direction before the first; no more than a few megabytes are in memory.
    """

    magnitude: TensorHeader
    direction: TensorHeader
    dim: int | None
    dtype: str

    @property
    def nbytes(self) -> int:
        """Bytes of the floats."""
        return math.prod(self.direction.shape) * _dtypes.ITEMSIZES[self.dtype]

    def read_into(self, target: memoryview, start: int) -> None:
        """Fill `target` with the bytes from `start` on.

        Raises:
            CheckpointFormatError: the file has changed since its header was read.
        """
        dtype = _dtypes.numpy_dtype(self.dtype)
        unit, stop = dtype.itemsize, start + len(target)
        for first in range(start // unit, -(-stop // unit), PIECE):
            last = min(first + PIECE, -(-stop // unit))
            values = read_elements(self.direction, first, last).astype(dtype)
            with np.errstate(all="ignore"):  # an overflow is the checkpoint's own
                values *= self._spread(first, last)
            low, high = max(start, unit * first), min(stop, unit * last)
            target[low - start : high - start] = values.view(np.uint8).data[low - unit * first : high - unit * first]

    def _spread(self, first: int, last: int) -> Array:
        """Give the factor of each of some elements."""
        _, size, inner = extents(self.direction.shape, self.dim)
        rows = np.arange(first // inner, -(-last // inner))
        counts = np.minimum((rows + 1) * inner, last) - np.maximum(rows * inner, first)
        return np.repeat(self._factors[rows % size], counts)

    @cached_property
    def _factors(self) -> Array:
        """G / ‖v‖, and 1 where both are the same within a unit in the last place: then v is the weight, to the bit.

        That is so of what lazycell has saved, rows of zeros and of NaN included. PyTorch has NaN for a norm of 0.
        """
        shape, dtype = self.direction.shape, _dtypes.numpy_dtype(self.dtype)
        g = read_elements(self.magnitude, 0, math.prod(self.magnitude.shape)).astype(dtype)
        norm = slice_norms(lambda first, last: read_elements(self.direction, first, last), shape, self.dim, dtype)
        with np.errstate(all="ignore"):
            same = (g == norm) | (np.isnan(g) & np.isnan(norm)) | (np.abs(g - norm) <= np.spacing(np.abs(norm)))
            return np.where(same, dtype.type(1), g / norm)
