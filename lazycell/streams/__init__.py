"""Initial values: what they are is decided by seed, name, law and position alone. Needs no MindSpore."""

from .._stream_version import STREAM_VERSION
from ._fans import fan, fans, gain
from ._fill import DTYPES, Job, fill, is_elementwise, values
from ._laws import Constant, Dirac, Elementwise, Identity, Law, Normal, Orthogonal, Sparse, TruncatedNormal, Uniform
from ._words import stream_key

__all__ = [
    "DTYPES",
    "STREAM_VERSION",
    "Constant",
    "Dirac",
    "Elementwise",
    "Identity",
    "Job",
    "Law",
    "Normal",
    "Orthogonal",
    "Sparse",
    "TruncatedNormal",
    "Uniform",
    "fan",
    "fans",
    "fill",
    "gain",
    "is_elementwise",
    "stream_key",
    "values",
]
