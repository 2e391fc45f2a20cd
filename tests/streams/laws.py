"""Laws that many tests go through."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lazycell._dtypes import numpy_dtype
from lazycell.streams import Constant, Elementwise, Job, Law, Normal, TruncatedNormal, Uniform, fill

ELEMENTWISE: list[Elementwise] = [
    Constant(3),
    Uniform(-1.0, 1.0),
    Uniform(0.5, 2.0),
    Normal(0.0, 1.0),
    Normal(-3.0, 0.02),
    TruncatedNormal(0.0, 1.0, -2.0, 2.0),
    TruncatedNormal(0.0, 0.01, -2.0, 2.0),
    TruncatedNormal(0.0, 1.0, 5.0, 6.0),
    TruncatedNormal(1.0, 2.0, -math.inf, 0.0),
]

RANDOM = [law for law in ELEMENTWISE if law.is_random]

DTYPES = ["float16", "bfloat16", "float32", "float64"]


def tensor(law: Law, key: int, shape: tuple[int, ...], dtype: str) -> Any:
    """Give a whole tensor."""
    out = np.empty(shape, numpy_dtype(dtype))
    fill([Job(law, key, out, dtype)], threads=1)
    return out
