"""Hypothesis strategies of what a checkpoint can hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from lazycell import _dtypes
from lazycell.system._allocate import Array

# Those that both formats, and MindSpore's readers of both, know.
COMMON = (
    *("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"),
    *("float16", "bfloat16", "float32", "float64"),
)

# In safetensors, no tensor can have that name.
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).filter(lambda name: name != "__metadata__")
"""Any Unicode text; what MindSpore would not take for a parameter's name is for the tests of MindSpore to leave out."""


@st.composite
def arrays(draw: st.DrawFn, dtypes: tuple[str, ...], least: int = 0) -> Array:
    """Draw an array of random bits (of a bool: 0 or 1); its shape may be `()`, or have a size of 0."""
    dtype = _dtypes.numpy_dtype(draw(st.sampled_from(dtypes)))
    shape = tuple(draw(st.lists(st.integers(least, 5), max_size=3)))
    count = int(np.prod(shape, dtype=int))
    raw = draw(st.binary(min_size=count * dtype.itemsize, max_size=count * dtype.itemsize))
    if dtype == np.bool_:
        raw = bytes(byte & 1 for byte in raw)
    return np.frombuffer(raw, dtype).reshape(shape)


def checkpoints(dtypes: tuple[str, ...], least: int = 0, **more: Any) -> st.SearchStrategy[dict[str, Array]]:
    """Draw tensors by name."""
    return st.dictionaries(names, arrays(dtypes, least), max_size=6, **more)
