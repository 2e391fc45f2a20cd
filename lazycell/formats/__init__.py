"""What is in a checkpoint file, known from its header: one small protocol over all formats. Needs no MindSpore."""

from ._ckpt import read_ckpt
from ._directory import find_checkpoint
from ._formats import Format, register_format
from ._header import ByteRange, CheckpointHeader, MemoryRange, Part, TensorHeader
from ._open import open_checkpoint
from ._safetensors import read_safetensors
from ._sharded import read_index

__all__ = [
    "ByteRange",
    "CheckpointHeader",
    "Format",
    "MemoryRange",
    "Part",
    "TensorHeader",
    "find_checkpoint",
    "open_checkpoint",
    "read_ckpt",
    "read_index",
    "read_safetensors",
    "register_format",
]
