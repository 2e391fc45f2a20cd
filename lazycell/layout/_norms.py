"""The norms of weight-normed tensors, computed alike by who loads and who saves: so a weight comes back to the bit.

As PyTorch's `torch.nn.utils.weight_norm` has it: the norm of each slice along one axis, or of the whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import _dtypes
from ..system import Array

PIECE = 1 << 18
"""Elements that are computed at once."""


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

    found = slice_norms(read, weight.shape, dim, _dtypes.numpy_dtype(_dtypes.working_dtype(_dtypes.dtype_name(dtype))))
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


def slice_norms(
    read: Callable[[int, int], Array], shape: tuple[int, ...], dim: int | None, dtype: np.dtype[Any]
) -> Array:
    """Give ‖v‖ of each slice, rounded once, from the squares summed in float64.

    In pieces that depend on the shape alone, so that who saves and who loads come to the same.

    Args:
        read: gives some elements, counted in row-major order.
        shape: of v.
        dim: the axis of the slices.
        dtype: of the result.
    """
    whole = extents(shape, dim)
    sums = np.zeros(whole[1])
    with np.errstate(all="ignore"):
        for start, stop, width, first, last in _pieces(*whole):
            values = read(first, last).astype(np.float64).reshape(-1, stop - start, width)
            sums[start:stop] += np.square(values).sum(axis=2).sum(axis=0)
        return np.sqrt(sums).astype(dtype)


def extents(shape: tuple[int, ...], dim: int | None) -> tuple[int, int, int]:
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
    if inner > PIECE:
        for row in range(outer * size):
            for start in range(row * inner, (row + 1) * inner, PIECE):
                stop = min(start + PIECE, (row + 1) * inner)
                yield row % size, row % size + 1, stop - start, start, stop
    elif size * inner > PIECE:
        for whole in range(0, outer * size, size):
            for start in range(0, size, PIECE // inner):
                stop = min(start + PIECE // inner, size)
                yield start, stop, inner, (whole + start) * inner, (whole + stop) * inner
    else:
        many = PIECE // (size * inner)
        for start in range(0, outer, many):
            stop = min(start + many, outer)
            yield 0, size, inner, start * size * inner, stop * size * inner
