"""Initial values: what they are is decided by seed, name, law and position alone. Needs no MindSpore."""

from ._fans import fan, fans, gain
from ._fill import DTYPES, Job, fill, values
from ._laws import Constant, Dirac, Identity, Law, Normal, Orthogonal, Sparse, TruncatedNormal, Uniform
from ._version import STREAM_VERSION
from ._words import stream_key

__all__ = [
    "DTYPES",
    "STREAM_VERSION",
    "Constant",
    "Dirac",
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
    "stream_key",
    "values",
]
