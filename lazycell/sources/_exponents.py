"""Scales that are powers of two, stored as the exponent in a byte: E8M0."""

from __future__ import annotations

import numpy as np

from ..system import Array

EXPONENTS = frozenset({"F8_E8M0", "uint8"})
"""Dtypes in which exponents are stored, biased by 127; 255 is NaN."""


def powers(exponents: Array) -> Array:
    """Give the powers of two in float32: 0 to 254 are those from -127 to 127.

    Args:
        exponents: of uint8.
    """
    values = np.ldexp(np.float32(1), exponents.astype(np.int32) - 127)
    return np.where(exponents == 255, np.float32(np.nan), values)
