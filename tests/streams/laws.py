"""Laws that many tests go through."""

from __future__ import annotations

import math

from lazycell.streams import Constant, Normal, TruncatedNormal, Uniform
from lazycell.streams._laws import Elementwise

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
