"""What computes the blocks of each type."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...system import Array
from ._k_blocks import iq4_xs, q2_k, q3_k, q4_k, q5_k, q6_k
from ._simple_blocks import iq4_nl, mxfp4, q4_0, q4_1, q5_0, q5_1, q8_0

DECODERS: Mapping[str, Callable[[Array, Array], None]] = {
    "Q4_0": q4_0,
    "Q4_1": q4_1,
    "Q5_0": q5_0,
    "Q5_1": q5_1,
    "Q8_0": q8_0,
    "Q2_K": q2_k,
    "Q3_K": q3_k,
    "Q4_K": q4_k,
    "Q5_K": q5_k,
    "Q6_K": q6_k,
    "IQ4_NL": iq4_nl,
    "IQ4_XS": iq4_xs,
    "MXFP4": mxfp4,
}
"""By type: fills rows of floats from blocks, as rows of bytes."""
