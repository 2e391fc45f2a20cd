"""Which dtypes may become which when a checkpoint is loaded, and the conversion itself, in chunks."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _dtypes

# Elements. Source and target of one chunk fit a core's cache, where conversion is two to three times as fast.
CHUNK = 1 << 18

Array = npt.NDArray[Any]


def castable(source: str, target: str) -> bool:
    """Whether a load may turn dtype `source` into `target`.

    A float becomes any other float (rounded to nearest even), an integer an integer that holds all its
    values. Nothing else: a float that was stored where an integer belongs is a mistake, not a precision.
    """
    if source == target or (source in _dtypes.FLOATING and target in _dtypes.FLOATING):
        return True
    return same_kind(source, target) and np.can_cast(_dtypes.numpy_dtype(source), _dtypes.numpy_dtype(target), "safe")


def same_kind(one: str, other: str) -> bool:
    """Whether both are floats, both integers, or both the same."""
    if one == other or (one in _dtypes.FLOATING and other in _dtypes.FLOATING):
        return True
    return _dtypes.numpy_dtype(one).kind in "iu" and _dtypes.numpy_dtype(other).kind in "iu"


def convert(array: Array, dtype_name: str) -> Array:
    """Give `array` in another dtype, with the values of `array.astype` (numpy's and ml_dtypes').

    No memory beyond the result is used. An array that has the dtype is returned as it is. Finite values that
    the target cannot hold become infinite, and numpy warns.
    """
    target = _dtypes.numpy_dtype(dtype_name)
    if array.dtype == target:
        return array
    result = np.empty(array.shape, target)
    source, flat = array.reshape(-1), result.reshape(-1)
    for start in range(0, flat.size, CHUNK):
        convert_into(source[start : start + CHUNK], flat[start : start + CHUNK])
    return result


def convert_into(source: Array, target: Array) -> None:
    """Convert one chunk."""
    with np.errstate(invalid="ignore"):  # a signalling NaN stays a NaN; that is no news
        np.copyto(target, source, casting="unsafe")
