"""From bytes in files to arrays in memory: maps, parallel reads, conversion. Needs no MindSpore."""

from ._cast import castable
from ._read import Reader, read_tensor

__all__ = [
    "Reader",
    "castable",
    "read_tensor",
]
