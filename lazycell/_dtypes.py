"""Names of dtypes: one canonical, lower-case string each, the same for MindSpore, numpy and checkpoint files."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

# Canonical name -> numpy dtype. numpy has no bfloat16 and no float8: ml_dtypes supplies them.
_NUMPY: dict[str, np.dtype[Any]] = {
    "bool": np.dtype(np.bool_),
    "uint8": np.dtype(np.uint8),
    "int8": np.dtype(np.int8),
    "uint16": np.dtype(np.uint16),
    "int16": np.dtype(np.int16),
    "uint32": np.dtype(np.uint32),
    "int32": np.dtype(np.int32),
    "uint64": np.dtype(np.uint64),
    "int64": np.dtype(np.int64),
    "float8_e4m3fn": np.dtype(ml_dtypes.float8_e4m3fn),
    "float8_e5m2": np.dtype(ml_dtypes.float8_e5m2),
    "float16": np.dtype(np.float16),
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "float32": np.dtype(np.float32),
    "float64": np.dtype(np.float64),
    "complex64": np.dtype(np.complex64),
    "complex128": np.dtype(np.complex128),
}

# What MindSpore prints where it differs from the canonical name: str(mindspore.bool_) is "Bool" and so on.
_ALIASES = {"bool_": "bool", "float8e4m3fn": "float8_e4m3fn", "float8e5m2": "float8_e5m2"}

FLOATING = frozenset({"float16", "bfloat16", "float32", "float64", "float8_e4m3fn", "float8_e5m2"})


def dtype_name(dtype: object) -> str:
    """Give the canonical name of `dtype`: a MindSpore dtype, a numpy dtype or type, or a name in any case.

    Raises:
        TypeError: `dtype` is none of these.
    """
    if isinstance(dtype, str):
        text = dtype
    elif isinstance(dtype, (np.dtype, type)):
        try:
            text = np.dtype(dtype).name
        except TypeError:
            text = str(dtype)
    else:
        text = str(dtype)  # a MindSpore dtype prints as Float32, BFloat16, Int64, ...
    name = text.lower().removeprefix("torch.")
    name = _ALIASES.get(name, name)
    if name not in _NUMPY:
        raise TypeError(f"{dtype!r} is not a dtype that lazycell knows; it knows {', '.join(_NUMPY)}")
    return name


def is_known(name: str) -> bool:
    """Whether `name` is a canonical name."""
    return name in _NUMPY


def numpy_dtype(name: str) -> np.dtype[Any]:
    """Give the numpy dtype (ml_dtypes' for bfloat16 and float8) of a canonical name."""
    return _NUMPY[name]


def itemsize(name: str) -> int:
    """Give the bytes of one element of a canonical name."""
    return _NUMPY[name].itemsize
