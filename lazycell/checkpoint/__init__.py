"""Checkpoints without MindSpore: what is in a file, how it fits a manifest, its bytes as arrays."""

from ._cast import castable, convert
from ._ckpt import read_ckpt
from ._directory import find_checkpoint
from ._fit import make_plan
from ._formats import Format, register_format
from ._header import ByteRange, CheckpointHeader, MemoryRange, Part, TensorHeader
from ._open import open_checkpoint
from ._plan import LoadPlan, LoadStep, Piece
from ._problems import Cause, Problem
from ._read import Reader, read_tensor
from ._report import Cast, LoadReport, Rearranged, Renamed
from ._safetensors import read_safetensors
from ._sharded import read_index
from ._stage import stage
from ._ties import check_ties

__all__ = [
    "ByteRange",
    "Cast",
    "Cause",
    "CheckpointHeader",
    "Format",
    "LoadPlan",
    "LoadReport",
    "LoadStep",
    "MemoryRange",
    "Part",
    "Piece",
    "Problem",
    "Reader",
    "Rearranged",
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
    "register_format",
    "stage",
]
