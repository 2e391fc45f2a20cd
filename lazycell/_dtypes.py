"""Names of dtypes: one canonical, lower-case string each, the same for MindSpore, numpy and checkpoint files."""

from __future__ import annotations

import difflib
import functools
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np

ITEMSIZES: Final = {
    "bool": 1,
    "uint8": 1,
    "int8": 1,
    "uint16": 2,
    "int16": 2,
    "uint32": 4,
    "int32": 4,
    "uint64": 8,
    "int64": 8,
    "float8_e4m3fn": 1,
    "float8_e5m2": 1,
    "float16": 2,
    "bfloat16": 2,
    "float32": 4,
    "float64": 8,
    "complex64": 8,
    "complex128": 16,
}
"""Bytes of one element, by canonical name: what is no key of it, lazycell does not know."""

NAMES = tuple(ITEMSIZES)
"""All canonical names."""

# What MindSpore prints where it differs from the canonical name: str(mindspore.bool_) is "Bool" and so on.
_ALIASES = {"bool_": "bool", "float8e4m3fn": "float8_e4m3fn", "float8e5m2": "float8_e5m2"}

_SHORT = {
    **{"fp16": "float16", "f16": "float16", "half": "float16", "bf16": "bfloat16"},
    **{"fp32": "float32", "f32": "float32", "single": "float32", "float": "float32", "fp64": "float64"},
    **{"f64": "float64", "double": "float64", "int": "int32", "long": "int64", "fp8": "float8_e4m3fn"},
}
"""What others call them: not accepted, but understood."""

FLOATING = frozenset({"float16", "bfloat16", "float32", "float64", "float8_e4m3fn", "float8_e5m2"})
OF_WEIGHTS = frozenset(
    {"float16", "bfloat16", "float32", "float64", "complex64", "complex128", "bool", "int64", "uint64"}
)
"""Dtypes whose values are what they say. All others, and those that lazycell does not read, may be codes of weights."""

INTEGERS = frozenset(name for name in ITEMSIZES if name.startswith(("int", "uint")))


def working_dtype(name: str) -> str:
    """Give the dtype in which norms and products of a float dtype are computed: float32 at least."""
    return "float64" if name == "float64" else "float32"


def dtype_name(dtype: object) -> str:
    """Give the canonical name of `dtype`: a MindSpore dtype, a numpy dtype or type, or a name in any case.

    Raises:
        TypeError: `dtype` is none of these.
    """
    text = dtype if isinstance(dtype, str) else _text(dtype)
    name = text.lower().removeprefix("torch.")
    name = _ALIASES.get(name, name)
    if name not in ITEMSIZES:
        near = _SHORT.get(name) or next(iter(difflib.get_close_matches(name[:100], ITEMSIZES, n=1)), None)
        meant = f' (did you mean "{near}"?)' if near else ""
        raise TypeError(f"{dtype!r} is not a dtype that lazycell knows{meant}; it knows {', '.join(ITEMSIZES)}")
    return name


@functools.cache
def numpy_dtype(name: str) -> np.dtype[Any]:
    """Give the numpy dtype (ml_dtypes' for bfloat16 and float8) of a canonical name.

    Raises:
        KeyError: the name is none.
    """
    if name not in ITEMSIZES:
        raise KeyError(name)
    # Both are imported here, because together they take longer than all that reads headers and plans.
    import numpy as np  # whoever only plans has no arrays

    if name == "bfloat16" or name.startswith("float8"):  # numpy has neither
        import ml_dtypes  # few need it

        return np.dtype(getattr(ml_dtypes, name))
    return np.dtype(name)


def bytes_of(array: np.ndarray[Any, Any]) -> memoryview:
    """Give the bytes of a contiguous array of any dtype."""
    # Through uint8: numpy gives no buffer of ml_dtypes' types.
    return array.reshape(-1).view("uint8").data


def _text(dtype: object) -> str:
    """Print what is no text: a MindSpore dtype prints as Float32, BFloat16, Int64, ..."""
    import numpy as np  # whoever only plans has no arrays

    if isinstance(dtype, (np.dtype, type)):
        try:
            return np.dtype(dtype).name
        except TypeError:
            pass
    return str(dtype)
