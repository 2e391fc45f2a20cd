"""A weight-normed tensor, composed as it is read and taken apart as it is saved: w = g v / ‖v‖.

As PyTorch's `torch.nn.utils.weight_norm` has it: the norm of each slice along one axis, or of the whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from .. import _dtypes
from .._frozen import frozen
from ..formats import TensorHeader
from ..system import Array
from ._elements import read_elements

_PIECE = 1 << 18  # elements that are computed at once


def working_dtype(name: str) -> str:
    """Give the dtype in which norms and products of a dtype are computed: float32 at least."""
    return "float64" if name == "float64" else "float32"


def composed(magnitude: TensorHeader, direction: TensorHeader, dim: int | None) -> TensorHeader:
    """Give a weight-normed tensor that is computed from its two halves as it is read.

    Args:
        magnitude: of the norms.
        direction: of the rest, in the shape of the whole.
        dim: the axis that has a norm for each of its positions; None: there is one.
    """
    dtype = working_dtype("float64" if "float64" in (magnitude.dtype, direction.dtype) else "float32")
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
        return math.prod(self.direction.shape) * _dtypes.itemsize(self.dtype)

    def read_into(self, target: memoryview, start: int) -> None:
        """Fill `target` with the bytes from `start` on.

        Raises:
            CheckpointFormatError: the file has changed since its header was read.
        """
        dtype = _dtypes.numpy_dtype(self.dtype)
        unit, stop = dtype.itemsize, start + len(target)
        for first in range(start // unit, -(-stop // unit), _PIECE):
            last = min(first + _PIECE, -(-stop // unit))
            values = read_elements(self.direction, first, last).astype(dtype)
            with np.errstate(all="ignore"):  # an overflow is the checkpoint's own
                values *= self._spread(first, last)
            low, high = max(start, unit * first), min(stop, unit * last)
            target[low - start : high - start] = values.view(np.uint8).data[low - unit * first : high - unit * first]

    def _spread(self, first: int, last: int) -> Array:
        """Give the factor of each of some elements."""
        _, size, inner = _extents(self.direction.shape, self.dim)
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
        norm = _norms(lambda first, last: read_elements(self.direction, first, last), shape, self.dim, dtype)
        with np.errstate(all="ignore"):
            same = (g == norm) | (np.isnan(g) & np.isnan(norm)) | (np.abs(g - norm) <= np.spacing(np.abs(norm)))
            return np.where(same, dtype.type(1), g / norm)


def norms(weight: Array, dim: int | None, dtype: np.dtype[Any]) -> Array:
    """Give the norms of a weight, with one element along every axis but `dim`; none at all where `dim` is None.

    Args:
        weight: of any float dtype.
        dim: the axis that has a norm for each of its positions; None: there is one.
        dtype: that in which the weight will be stored, and of which the norms are to be.

    Returns:
        In float64, if `dtype` is, else in float32.
    """
    flat = np.ascontiguousarray(weight).reshape(-1)

    def read(first: int, last: int) -> Array:
        return flat[first:last].astype(dtype, copy=False)

    found = _norms(read, weight.shape, dim, _dtypes.numpy_dtype(working_dtype(_dtypes.dtype_name(dtype))))
    return found.reshape([size if axis == dim else 1 for axis, size in enumerate(weight.shape) if dim is not None])


def with_directions(weight: Array, dim: int | None, dtype: np.dtype[Any]) -> Array:
    """Give what is stored as the direction of a weight: itself, but for zeros, which have none.

    Where all of a slice is zero, ones are stored in the place of it, with the signs of the zeros: with a norm of 0 they
    give the zeros back, in PyTorch too.

    Args:
        weight: of any float dtype.
        dim: the axis that has a norm for each of its positions; None: there is one.
        dtype: that in which it will be stored.
    """
    axes = tuple(axis for axis in range(weight.ndim) if axis != dim)
    with np.errstate(all="ignore"):
        zero = ~np.any(weight.astype(dtype, copy=False) != 0, axis=axes, keepdims=True)
    if not zero.any():
        return weight
    ones = np.where(np.signbit(weight), -1, 1).astype(weight.dtype)
    return np.where(zero, ones, weight)


def _norms(read: Callable[[int, int], Array], shape: tuple[int, ...], dim: int | None, dtype: np.dtype[Any]) -> Array:
    """Give ‖v‖ of each slice, rounded once, from the squares summed in float64.

    In pieces that depend on the shape alone, so that who saves and who loads come to the same.

    Args:
        read: gives some elements, counted in row-major order.
        shape: of v.
        dim: the axis of the slices.
        dtype: of the result.
    """
    extents = _extents(shape, dim)
    sums = np.zeros(extents[1])
    with np.errstate(all="ignore"):
        for start, stop, width, first, last in _pieces(*extents):
            values = read(first, last).astype(np.float64).reshape(-1, stop - start, width)
            sums[start:stop] += np.square(values).sum(axis=2).sum(axis=0)
        return np.sqrt(sums).astype(dtype)


def _extents(shape: tuple[int, ...], dim: int | None) -> tuple[int, int, int]:
    """Give the numbers of elements before the axis, along it, and after it."""
    if dim is None:
        return 1, 1, math.prod(shape)
    return math.prod(shape[:dim]), shape[dim], math.prod(shape[dim + 1 :])


def _pieces(outer: int, size: int, inner: int) -> Iterator[tuple[int, int, int, int, int]]:
    """Cut (outer, size, inner) elements into pieces that hold several slices' elements, or a part of one's.

    Gives, for each, start and stop along the axis, how many elements a slice has in a row there, and the first element
    of all and the end.
    """
    if outer * size * inner == 0:
        return
    if inner > _PIECE:
        for row in range(outer * size):
            for start in range(row * inner, (row + 1) * inner, _PIECE):
                stop = min(start + _PIECE, (row + 1) * inner)
                yield row % size, row % size + 1, stop - start, start, stop
    elif size * inner > _PIECE:
        for whole in range(0, outer * size, size):
            for start in range(0, size, _PIECE // inner):
                stop = min(start + _PIECE // inner, size)
                yield start, stop, inner, (whole + start) * inner, (whole + stop) * inner
    else:
        many = _PIECE // (size * inner)
        for start in range(0, outer, many):
            stop = min(start + many, outer)
            yield 0, size, inner, start * size * inner, stop * size * inner
