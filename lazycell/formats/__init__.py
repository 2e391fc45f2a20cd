"""What is in a checkpoint file, known from its header: one small protocol over all formats. Needs no MindSpore."""

from ._formats import Format, register_format
from ._header import ByteRange, CheckpointHeader, MemoryRange, Part, TensorHeader
from ._open import open_checkpoint

__all__ = [
    "ByteRange",
    "CheckpointHeader",
    "Format",
    "MemoryRange",
    "Part",
    "TensorHeader",
    "open_checkpoint",
    "register_format",
]
