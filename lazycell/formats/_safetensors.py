"""Read the header of a `.safetensors` file, and nothing else of it.

Format (https://huggingface.co/docs/safetensors, section "Format"): eight bytes, little-endian: the length
n of the header; n bytes of JSON, `{"name": {"dtype": …, "shape": […], "data_offsets": [begin, end]}, …}`,
where `"__metadata__": {…}` may hold strings; the data, which the tensors cover without holes or overlaps.
Offsets count from the end of the header.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import _dtypes
from .._collector import collector_paused
from .._errors import CheckpointFormatError
from ..system import MAX_BYTES, JSONProblem, read_object
from . import _files, _sniff
from ._files import FileStamp
from ._header import ByteRange, CheckpointHeader, TensorHeader

_METADATA = "__metadata__"

_DTYPES = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "U16": "uint16",
    "I16": "int16",
    "U32": "uint32",
    "I32": "int32",
    "U64": "uint64",
    "I64": "int64",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "F16": "float16",
    "BF16": "bfloat16",
    "F32": "float32",
    "F64": "float64",
    "C64": "complex64",
}

# In the format, but no MindSpore tensor can hold them; bits of an element.
_UNSUPPORTED = {"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8}

_BITS = {name: 8 * _dtypes.ITEMSIZES[canonical] for name, canonical in _DTYPES.items()} | _UNSUPPORTED

_NAMES = _DTYPES | {name: name for name in _UNSUPPORTED}

# Of a stranger's text in a message, at most so many characters.
_SHOWN = 200


def read_safetensors(path: Path) -> CheckpointHeader:
    """Read the header of a safetensors file.

    A tensor of a dtype that MindSpore has no tensors of stays under the format's name for it (`F8_E8M0`):
    `TensorHeader.is_readable` tells.

    Raises:
        CheckpointFormatError: the file breaks a rule of the format; the message names the file, the tensor and the
            cause.
        FileNotFoundError: there is no such file.
    """
    with _files.open_regular(path) as file:
        stamp = FileStamp.of(file.fileno())
        size = stamp.size
        start = _files.read_at(file, 0, _sniff.SNIFFED_BYTES)
        if len(start) < 8:
            raise CheckpointFormatError(f"{path}: truncated: the file has {size} bytes, a safetensors file at least 10")
        length = int.from_bytes(start[:8], "little")
        if length > MAX_BYTES:
            raise CheckpointFormatError(
                f"{path}: not a safetensors file: its first eight bytes promise a header of {length} bytes, "
                f"the format allows {MAX_BYTES}{_hint(start)}"
            )
        if 8 + length > size:
            raise CheckpointFormatError(
                f"{path}: truncated: its header needs {length} bytes, {size - 8} follow its length{_hint(start)}"
            )
        raw = _files.read_at(file, 8, length)
    if len(raw) < length:
        raise CheckpointFormatError(f"{path}: truncated while its header was read")
    tensors, metadata = parse_header(raw, data_start=8 + length, file_size=size, path=path, stamp=stamp)
    return CheckpointHeader(path, "safetensors", tensors, metadata)


def _hint(start: bytes) -> str:
    # What is something else says so best by itself.
    return "" if _sniff.looks_like(start) == "safetensors" else _sniff.hint(start)


def parse_header(
    raw: bytes, *, data_start: int, file_size: int, path: Path, stamp: FileStamp | None = None
) -> tuple[dict[str, TensorHeader], dict[str, str]]:
    """Check the JSON text of a header; give the tensors in the order of their names there, and the metadata.

    Pure: `path` only goes into messages and byte ranges, `stamp` into these.
    """
    with collector_paused():
        return _parse(raw, data_start, file_size, path, stamp)


def _parse(
    raw: bytes, data_start: int, file_size: int, path: Path, stamp: FileStamp | None
) -> tuple[dict[str, TensorHeader], dict[str, str]]:
    # A function of its own, so that the JSON has gone when the collector wakes up and looks at all that is new.
    try:
        header = read_object(raw)
    except JSONProblem as problem:
        raise CheckpointFormatError(f"{path}: the header {problem}") from None
    if not raw.startswith(b"{"):  # its own library takes that, the format does not
        raise CheckpointFormatError(f'{path}: the header begins with white space, where the format has "{{"')
    metadata = _metadata(header.pop(_METADATA, None), path)
    quantized = _quantized(metadata)
    tensors: dict[str, TensorHeader] = {}
    position, in_order = data_start, True
    for name, entry in header.items():
        try:
            dtype, shape, begin, end = _entry(entry)
        except _Malformed as cause:
            raise CheckpointFormatError(f"{path}: tensor {_show(name)}: {cause}") from None
        if name in quantized:
            dtype = metadata[name]
        begin += data_start
        in_order = in_order and begin == position
        position = end + data_start
        tensors[name] = TensorHeader(name, dtype, shape, (ByteRange(path, begin, position, stamp),))
    if not in_order or position != file_size:
        _check_coverage(
            [(*entry["data_offsets"], name) for name, entry in header.items()], file_size - data_start, path
        )
    return tensors, metadata


class _Malformed(ValueError):
    """What is wrong with one tensor's entry."""


def _metadata(value: object, path: Path) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CheckpointFormatError(f"{path}: {_METADATA} has to be an object of strings, not {_show(value)}")
    for key, text in value.items():
        if not isinstance(text, str):
            raise CheckpointFormatError(
                f"{path}: {_METADATA}: the value of {_show(key)} has to be a string, not {_show(text)}"
            )
    return value


def _quantized(metadata: Mapping[str, str]) -> frozenset[str]:
    """Give the names of tensors that MindSpore stores as bytes, and says in the metadata what they are.

    `safetensors_to_mstype` in `mindspore/train/serialization.py`: `Int4` is its dtype `qint4x2`.
    """
    if metadata.get("format") != "ms":
        return frozenset()
    return frozenset(name for name, dtype in metadata.items() if dtype == "Int4")


def _entry(entry: Any) -> tuple[str, tuple[int, ...], int, int]:
    """Check one tensor's entry by itself; give its dtype, shape and offsets."""
    if not isinstance(entry, dict):
        raise _Malformed(f"has to be an object with dtype, shape and data_offsets, not {_show(entry)}")
    try:
        dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    except KeyError as error:
        raise _Malformed(f"has no {error.args[0]}") from None
    bits = _BITS.get(dtype) if isinstance(dtype, str) else None
    if bits is None:
        raise _Malformed(f"{_show(dtype)} is no dtype of the format; those are {', '.join(_BITS)}")
    if type(shape) is not list:
        raise _Malformed(f"its shape has to be a list of integers from 0 up, not {_show(shape)}")
    for size in shape:
        if type(size) is not int or size < 0:  # True and False are ints to isinstance
            raise _Malformed(f"its shape has to be a list of integers from 0 up, not {_show(shape)}")
        bits *= size
        if bits >= 1 << 63:
            raise _Malformed(f"its shape {_show(shape)} is larger than any memory")
    if type(offsets) is not list or len(offsets) != 2:
        raise _Malformed(f"its data_offsets have to be two integers from 0 up, not {_show(offsets)}")
    begin, end = offsets
    if type(begin) is not int or type(end) is not int or begin < 0 or end < 0:
        raise _Malformed(f"its data_offsets have to be two integers from 0 up, not {_show(offsets)}")
    if begin > end:
        raise _Malformed(f"its data_offsets [{begin}, {end}] run backwards")
    if bits != 8 * (end - begin):
        if bits % 8:
            raise _Malformed(f"{dtype} of shape {_show(shape)} is {bits} bits, which do not fill whole bytes")
        raise _Malformed(
            f"{dtype} of shape {_show(shape)} needs {bits // 8} bytes, its data_offsets span {end - begin}"
        )
    return _NAMES[dtype], tuple(shape), begin, end


def _check_coverage(places: list[tuple[int, int, str]], data_size: int, path: Path) -> None:
    """Check that the tensors follow each other, from the end of the header to the end of the file.

    Args:
        places: of each tensor where it begins and ends in the data, and its name.
        data_size: bytes of the file behind the header.
        path: of the file, for messages.
    """
    position = 0
    previous = None
    for begin, end, name in sorted(places):
        if begin != position:
            what, after = "a hole", "the header" if previous is None else f"tensor {_show(previous)}"
            if begin < position:
                what = "an overlap"
            raise CheckpointFormatError(
                f"{path}: tensor {_show(name)}: {what}: it begins at {begin}, {after} ends at {position}"
            )
        position, previous = end, name
    if position > data_size:
        raise CheckpointFormatError(
            f"{path}: truncated: its tensors need {position} bytes of data, "
            f"the file holds {data_size}; the last one is {_show(previous)}"
        )
    if position < data_size:
        raise CheckpointFormatError(
            f"{path}: {data_size - position} bytes follow the last tensor; the format allows none"
        )


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
