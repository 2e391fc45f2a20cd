"""Checkpoints without MindSpore: what is in a file, how it fits a manifest, its bytes as arrays."""

from ._cast import castable, convert
from ._ckpt import read_ckpt
from ._header import ByteRange, CheckpointHeader, MemoryRange, Part, TensorHeader
from ._open import open_checkpoint
from ._plan import LoadPlan, LoadStep, Piece, make_plan
from ._problems import Problem
from ._read import Reader, read_tensor
from ._report import Cast, LoadReport, Renamed
from ._safetensors import read_safetensors
from ._sharded import find_checkpoint, read_index
from ._ties import check_ties

__all__ = [
    "ByteRange",
    "Cast",
    "CheckpointHeader",
    "LoadPlan",
    "LoadReport",
    "LoadStep",
    "MemoryRange",
    "Part",
    "Piece",
    "Problem",
    "Reader",
    "Renamed",
    "TensorHeader",
    "castable",
    "check_ties",
    "convert",
    "find_checkpoint",
    "make_plan",
    "open_checkpoint",
    "read_ckpt",
    "read_index",
    "read_safetensors",
    "read_tensor",
]
