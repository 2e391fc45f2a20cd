"""Convert arrays from one dtype to another, in chunks, and tell what was lost."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _dtypes
from ..system import Array

# Elements. Source and target of one chunk fit a core's cache, where conversion is two to three times as fast.
CHUNK = 1 << 18


def convert_into(source: Array, target: Array) -> int:
    """Convert one chunk, of any strides; other threads run meanwhile.

    Returns:
        How many values were finite and are not any more: too large for the target.
    """
    if source.dtype == target.dtype:
        # As integers: numpy copies ml_dtypes' types one call an element where they do not lie side by side.
        bits = _BITS.get(source.dtype.itemsize)
        if bits is not None:
            source, target = source.view(bits), target.view(bits)
        np.copyto(target, source)
        return 0
    # numpy would warn without a name; a signalling NaN stays a NaN, which is no news.
    with np.errstate(all="ignore"):
        np.copyto(target, source, casting="unsafe")
    return count_lost(source, target) if _has_special(source.dtype, target) else 0


def count_lost(source: Array, target: Array) -> int:
    """Give how many values are finite in `source` and not in `target`, which was made from it."""
    with np.errstate(all="ignore"):
        return int(np.count_nonzero(np.isfinite(source) & ~np.isfinite(target)))


def overflow_text(lost: int, dtype_name: str) -> str:
    """Say that finite values became something else, for a warning."""
    largest = float(_finfo(_dtypes.numpy_dtype(dtype_name)).max)
    became = "NaN" if dtype_name == "float8_e4m3fn" else "infinite"
    return f"{lost} value{'s' if lost > 1 else ''} too large for {dtype_name} (at most {largest:g}) became {became}"


def _finfo(dtype: np.dtype[Any]) -> Any:
    import ml_dtypes  # a tenth of a process's first load, which mostly converts nothing

    finfo: Callable[[object], Any] = ml_dtypes.finfo  # has no types
    return finfo(dtype)


_BITS: dict[int, type[np.unsignedinteger[Any]]] = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}
_SIGNED: dict[int, type[np.signedinteger[Any]]] = {1: np.int8, 2: np.int16, 4: np.int32}


def _has_special(source: np.dtype[Any], target: Array) -> bool:
    """Whether `target` has values that are not finite, where the conversion may have made them.

    As integers those are the largest of either sign: two maxima, which are as fast as memory, tell.
    """
    first = _first_special(source, target.dtype)
    if first is None or not target.size:
        return False
    size = target.dtype.itemsize
    sign = 1 << (8 * size - 1)
    return bool(target.view(_SIGNED[size]).max() >= first or target.view(_BITS[size]).max() >= first + sign)


@functools.cache
def _first_special(source: np.dtype[Any], target: np.dtype[Any]) -> int | None:
    """Give the smallest bits of `target` that are no finite number; None if it holds every finite `source`."""
    names = [_dtypes.dtype_name(dtype) for dtype in (source, target)]
    if not _dtypes.FLOATING.issuperset(names) or _finfo(source).max <= _finfo(target).max:
        return None
    largest = np.array(_finfo(target).max, target)
    return int(largest.view(_BITS[target.itemsize])) + 1
