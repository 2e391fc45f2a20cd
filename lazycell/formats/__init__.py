"""What is in a checkpoint file, known from its header: one small protocol over all formats. Needs no MindSpore."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from . import gguf as gguf
    from ._boxed import BoxedRange as BoxedRange
    from ._computed import PIECE as PIECE
    from ._computed import Computed as Computed
    from ._computed import Values as Values
    from ._directory import choose as choose
    from ._directory import files_of as files_of
    from ._directory import indices_among as indices_among
    from ._directory import is_index as is_index
    from ._files import FileStamp as FileStamp
    from ._files import named as named
    from ._files import open_regular as open_regular
    from ._files import read_at as read_at
    from ._files import size_of as size_of
    from ._formats import Format as Format
    from ._formats import register_format as register_format
    from ._formats import registered_formats as registered_formats
    from ._header import ByteRange as ByteRange
    from ._header import CheckpointHeader as CheckpointHeader
    from ._header import MemoryRange as MemoryRange
    from ._header import Part as Part
    from ._header import TensorHeader as TensorHeader
    from ._hidden import HIDDEN as HIDDEN
    from ._hidden import INDEX_SUFFIX as INDEX_SUFFIX
    from ._hidden import RANKS as RANKS
    from ._hidden import RANKS_SUFFIX as RANKS_SUFFIX
    from ._hidden import hidden_files as hidden_files
    from ._hidden import is_file as is_file
    from ._hub_cache import snapshot_of as snapshot_of
    from ._hub_cache import snapshots_in as snapshots_in
    from ._open import is_gguf as is_gguf
    from ._open import open_checkpoint as open_checkpoint
    from ._other_contents import what_it_is as what_it_is
    from ._safetensors import read_safetensors as read_safetensors
    from ._sharded import files_named as files_named
    from ._strided import StridedRange as StridedRange
else:
    __getattr__ = face(__name__)
