"""Scan a MindSpore `.ckpt`: names, types, dims and where the bytes are, without reading the tensors.

What MindSpore 2.10 (`mindspore/train/serialization.py`) writes into the records of `_ckpt_records.py`, measured on its
own files: a scalar has no dims (older files: dims `[0]`); a tensor over 512 MB is cut into consecutive records of one
tag, each with the dims of the whole; a string of `append_dict` has the type `str`, dims `[0]` and UTF-32 as content;
`enc_key` encrypts the whole file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .. import _dtypes
from .._collector import collector_paused
from .._errors import CheckpointFormatError
from .._frozen import frozen
from . import _files, _sniff
from ._ckpt_records import Record, records
from ._files import FileStamp
from ._header import ByteRange, CheckpointHeader, MemoryRange, Part, TensorHeader, checked_nbytes
from ._wire import Window, WireError

_STRING = "str"
# MindSpore's names of `qint4x2` (two elements a byte) and `hifloat8`, which numpy has no arrays of.
_UNREADABLE = frozenset({"Int4", "HiFloat8"})
# Bytes of all that has to be kept: names, dims, strings. The same bound that safetensors sets for its header.
_MAX_HEADER = 100_000_000

# How `tensor_to_ms_type` in `mindspore/train/serialization.py` spells dtypes; complex and float8 as `str(dtype)` does.
_DTYPES = {
    "Bool": "bool",
    "UInt8": "uint8",
    "Int8": "int8",
    "UInt16": "uint16",
    "Int16": "int16",
    "UInt32": "uint32",
    "Int32": "int32",
    "UInt64": "uint64",
    "Int64": "int64",
    "Float8E4M3FN": "float8_e4m3fn",
    "Float8E5M2": "float8_e5m2",
    "Float16": "float16",
    "BFloat16": "bfloat16",
    "Float32": "float32",
    "Float64": "float64",
    "Complex64": "complex64",
    "Complex128": "complex128",
}


def read_ckpt(path: Path, *, decrypt: Callable[[Path], bytes] | None = None) -> CheckpointHeader:
    """Scan a MindSpore checkpoint. Time and memory follow the number of tensors, not their size.

    Args:
        path: the file.
        decrypt: gives the content of an encrypted file, which then stays in memory: the parts of its tensors are
            `MemoryRange`s.

    Raises:
        CheckpointFormatError: the file is encrypted and `decrypt` is not given, or the reverse; it is truncated,
            damaged, or contradicts itself. The message names the file, the tensor and the cause.
        FileNotFoundError: there is no such file.
    """
    with _files.open_regular(path) as file:
        stamp = FileStamp.of(file.fileno())
        start = _files.read_at(file, 0, _sniff.SNIFFED_BYTES)
        if not start:
            raise CheckpointFormatError(f"{path}: the file is empty (0 bytes): it was never written to the end")
        mode = _sniff.encryption(start)
        if decrypt is not None:
            if mode is None:
                raise CheckpointFormatError(f"{path}: the checkpoint is not encrypted: load it without `dec_key`")
            content = bytes(decrypt(path))
            view = memoryview(content)
            source = _Source(path, Window.of_bytes(content), lambda start, stop: MemoryRange(view[start:stop]))
            try:
                return _scan(source)
            except CheckpointFormatError as error:
                raise CheckpointFormatError(f"{error} (after it was decrypted: is the key the right one?)") from None
        if mode is not None:
            other = "" if mode == "AES-GCM" else f', dec_mode="{mode}"'
            raise CheckpointFormatError(
                f"{path}: the checkpoint is encrypted with {mode}: only `load_checkpoint` reads it, with the key it "
                f"was saved with, dec_key=…{other}"
            )
        return _scan(_Source(path, Window.of_file(file), lambda start, stop: ByteRange(path, start, stop, stamp)))


@frozen
class _Source:
    """What is scanned: its name in messages, its bytes, and how to point at some of them."""

    path: Path
    window: Window
    part: Callable[[int, int], Part]


def _scan(source: _Source) -> CheckpointHeader:
    tensors: dict[str, TensorHeader] = {}
    metadata: dict[str, str] = {}
    group: list[Record] = []

    def close_group() -> None:
        tag, _, tensor_type, *_ = group[0]
        if tag in tensors or tag in metadata:
            raise _refuse(source.path, tag, "is stored twice, with other tensors between")
        if tensor_type == _STRING:
            metadata[tag] = _string(source, group)
        else:
            tensors[tag] = _tensor(source, group)

    crc = None
    data = 0
    with collector_paused():
        for item in records(source.window, source.path):
            if isinstance(item, int):
                crc = item
                continue
            tag, _, tensor_type, start, stop = item
            if group and tag != group[0][0]:
                close_group()
                group.clear()
            group.append(item)
            if tensor_type != _STRING:
                data += stop - start
            if stop - data > _MAX_HEADER:
                raise _refuse(
                    source.path, tag, f"what precedes it has over {_MAX_HEADER} bytes besides the tensors' data"
                )
        if group:
            close_group()
    if crc is not None:
        metadata["crc_num"] = str(crc)
    return CheckpointHeader(source.path, "ckpt", tensors, metadata)


def _tensor(source: _Source, records: list[Record]) -> TensorHeader:
    """Join the parts of a tensor and check what they say against what they hold."""
    tag, dims, tensor_type, start, stop = records[0]
    held = stop - start
    for _, other_dims, other_type, start, stop in records[1:]:
        held += stop - start
        if other_type != tensor_type or other_dims != dims:
            raise _refuse(
                source.path,
                tag,
                f"is stored twice: {tensor_type} {_dims(dims)}, then {other_type} {_dims(other_dims)}",
            )
    parts = tuple(source.part(start, stop) for *_, start, stop in records)
    if any(size >= 1 << 63 for size in dims):
        signed = tuple(size if size < 1 << 63 else size - (1 << 64) for size in dims)  # int64, as protobuf has it
        raise _refuse(source.path, tag, f"has a negative dim, {min(signed)}, in {_dims(signed)}")
    if tensor_type in _UNREADABLE:
        return TensorHeader(tag, tensor_type, dims, parts)
    dtype = _DTYPES.get(tensor_type)
    if dtype is None:
        raise _refuse(source.path, tag, f"lazycell does not read the tensor type {tensor_type[:200]!r}")
    size = _dtypes.ITEMSIZES[dtype]
    # Zero-dimensional: no dims today, [0] in older files. An empty tensor has dims [0] too, and no content.
    shape = () if dims == (0,) and held == size else dims
    needed = checked_nbytes(shape, size)
    if needed is None:
        raise _refuse(source.path, tag, f"its dims {_dims(shape)} are larger than any memory")
    if len(records) > 1 and held == needed * len(records):
        raise _refuse(source.path, tag, "is stored twice")
    if held != needed:
        raise _refuse(
            source.path,
            tag,
            f"{tensor_type} of dims {_dims(shape)} needs {needed} bytes, the file holds {held}",
        )
    return TensorHeader(tag, dtype, shape, parts)


def _string(source: _Source, records: list[Record]) -> str:
    """Read a string: UTF-32, padded with zeros, as numpy stores `str`."""
    tag, _, _, start, stop = records[0]
    if len(records) > 1:
        raise _refuse(source.path, tag, "is stored twice")
    try:
        return source.window.take(start, stop - start).decode("utf-32-le").rstrip("\0")
    except (UnicodeDecodeError, WireError):
        raise _refuse(source.path, tag, "is a string that is not UTF-32") from None


def _dims(dims: tuple[int, ...]) -> str:
    text = "[" + ", ".join(map(str, dims[:40])) + "]"
    return text if len(dims) <= 40 else text[:-1] + ", ...]"


def _refuse(path: Path, tag: str, cause: str) -> CheckpointFormatError:
    return CheckpointFormatError(f"{path}: tensor {tag!r}: {cause}")
