"""Read a few elements of a stored tensor, for what is computed from them."""

from __future__ import annotations

import functools

import numpy as np

from .. import _dtypes
from .._errors import CheckpointFormatError
from ..formats import BoxedRange, ByteRange, Part, StridedRange, TensorHeader
from ..system import Array

_ROWS = 1 << 21
"""Bytes of rows that are gone through at once: as many may have to be read for some columns of them."""


def read_elements(tensor: TensorHeader, first: int, last: int) -> Array:
    """Read some elements of a tensor that has few bytes an element, those that MindSpore has no dtype for as bytes."""
    dtype = _dtypes.numpy_dtype(tensor.dtype if tensor.is_readable else "uint8")
    array = np.empty((last - first) * dtype.itemsize, np.uint8)
    target, start = array.data, first * dtype.itemsize
    for part in tensor.ranges:
        count = max(0, min(part.nbytes - start, len(target)))
        if count:
            part.read_into(target[:count], start)
            target = target[count:]
        start = max(start + count - part.nbytes, 0)
    if len(target):
        raise CheckpointFormatError(f"tensor {tensor.name!r}: its parts hold fewer bytes than {tensor.shape} takes")
    return array.view(dtype)


def read_floats(tensor: TensorHeader, first: int, out: Array) -> None:
    """Read some elements of a tensor as float32.

    Args:
        tensor: of a dtype that float32 holds.
        first: of the elements.
        out: of float32, one axis, contiguous: as many as are wanted.
    """
    if not tensor.dtype.startswith("float8"):
        np.copyto(out, read_elements(tensor, first, first + out.size), casting="unsafe")
        return
    # ml_dtypes converts with a call for each element, which takes three times as long.
    codes = read_elements(tensor, first, first + out.size).view(np.uint8)
    np.take(_of_codes(tensor.dtype), codes, out=out, mode="clip")


@functools.cache
def _of_codes(dtype: str) -> Array:
    """Give what each code of an 8-bit float is in float32."""
    return np.arange(256, dtype=np.uint8).view(_dtypes.numpy_dtype(dtype)).astype(np.float32)


Range = tuple[int, int]
"""Start and stop along an axis."""


def read_box(tensor: TensorHeader, rows: Range, columns: Range) -> Array:
    """Read some rows and columns of a matrix that has no empty axis, and of what lies beside them as little as pays."""
    width, itemsize = tensor.shape[1], tensor.itemsize
    start, stop = rows
    if columns == (0, width):
        return read_elements(tensor, start * width, stop * width).reshape(-1, width)
    array: Array = np.empty((stop - start, columns[1] - columns[0]), _dtypes.numpy_dtype(tensor.dtype))
    step = max(1, _ROWS // (width * itemsize))
    for first in range(start, stop, step):
        last = min(first + step, stop)
        target = array[first - start : last - start]
        alone = _alone(tensor, (first, last), columns)
        if alone is None:
            target[...] = read_elements(tensor, first * width, last * width).reshape(-1, width)[:, slice(*columns)]
        else:
            alone.read_into(_dtypes.bytes_of(target), 0)
    return array


def _alone(tensor: TensorHeader, rows: Range, columns: Range) -> Part | None:
    """Give some rows and columns of a matrix as a part of their own; None where its parts are read in rows alone."""
    part, *others = tensor.ranges
    if others:
        return None
    if isinstance(part, ByteRange):
        part = StridedRange(part.path, part.start, tensor.shape, (tensor.shape[1], 1), tensor.itemsize, part.stamp)
    return part.taken(tensor.shape, (rows, columns), (0, 1)) if isinstance(part, StridedRange | BoxedRange) else None
