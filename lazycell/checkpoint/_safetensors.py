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

from .. import _dtypes, _json
from .._errors import CheckpointFormatError
from . import _files, _sniff
from ._header import ByteRange, CheckpointHeader, TensorHeader, checked_nbytes

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

# In the format, but no MindSpore tensor can hold them.
_UNSUPPORTED = frozenset({"F4", "F6_E2M3", "F6_E3M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"})

_SIZES = {name: _dtypes.itemsize(canonical) for name, canonical in _DTYPES.items()}


def read_safetensors(path: Path) -> CheckpointHeader:
    """Read the header of a safetensors file.

    Raises:
        CheckpointFormatError: the file breaks a rule of the format, or holds a dtype that lazycell cannot
            read; the message names the file, the tensor and the cause.
        FileNotFoundError: there is no such file.
    """
    with _files.open_regular(path) as file:
        size = _files.size_of(file)
        start = _files.read_at(file, 0, _sniff.SNIFFED_BYTES)
        if len(start) < 8:
            raise CheckpointFormatError(f"{path}: truncated: the file has {size} bytes, a safetensors file at least 10")
        length = int.from_bytes(start[:8], "little")
        if length > _json.MAX_BYTES:
            hint = "" if _sniff.looks_like(start) == "safetensors" else _sniff.hint(start)
            raise CheckpointFormatError(
                f"{path}: not a safetensors file: its first eight bytes promise a header of {length} bytes, "
                f"the format allows {_json.MAX_BYTES}{hint}"
            )
        if 8 + length > size:
            raise CheckpointFormatError(
                f"{path}: truncated: its header needs {length} bytes, {size - 8} follow its length"
            )
        raw = _files.read_at(file, 8, length)
    if len(raw) < length:
        raise CheckpointFormatError(f"{path}: truncated while its header was read")
    tensors, metadata = parse_header(raw, data_start=8 + length, file_size=size, path=path)
    return CheckpointHeader(path, "safetensors", tensors, metadata)


def parse_header(
    raw: bytes, *, data_start: int, file_size: int, path: Path
) -> tuple[dict[str, TensorHeader], dict[str, str]]:
    """Check the JSON text of a header; give the tensors in the order of their names there, and the metadata.

    Pure: `path` only goes into messages and byte ranges.
    """
    try:
        header = _json.read_object(raw)
    except _json.JSONProblem as problem:
        raise CheckpointFormatError(f"{path}: the header {problem}") from None
    metadata = _metadata(header.pop(_METADATA, None), path)
    tensors = {name: _tensor(name, entry, data_start, path) for name, entry in header.items()}
    _check_coverage(tensors, data_start, file_size, path)
    return tensors, metadata


def _metadata(value: object, path: Path) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CheckpointFormatError(f"{path}: {_METADATA} has to be an object of strings, not {_show(value)}")
    for key, text in value.items():
        if not isinstance(text, str):
            raise CheckpointFormatError(
                f"{path}: {_METADATA}: the value of {key!r} has to be a string, not {_show(text)}"
            )
    return value


def _tensor(name: str, entry: object, data_start: int, path: Path) -> TensorHeader:
    def refuse(cause: str) -> CheckpointFormatError:
        return CheckpointFormatError(f"{path}: tensor {name!r}: {cause}")

    if not name.isascii() and any("\ud800" <= letter <= "\udfff" for letter in name):
        raise refuse("its name is not Unicode text (a lone surrogate)")
    if not isinstance(entry, dict):
        raise refuse(f"has to be an object with dtype, shape and data_offsets, not {_show(entry)}")
    for key in ("dtype", "shape", "data_offsets"):
        if key not in entry:
            raise refuse(f"has no {key}")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        if isinstance(dtype, str) and dtype in _UNSUPPORTED:
            raise refuse(f"its dtype {dtype} is one that MindSpore has no tensors of")
        raise refuse(f"{_show(dtype)} is no dtype of the format; those are {', '.join(_DTYPES)}")
    if not isinstance(shape, list) or not _are_sizes(shape):
        raise refuse(f"its shape has to be a list of integers from 0 up, not {_show(shape)}")
    if not isinstance(offsets, list) or len(offsets) != 2 or not _are_sizes(offsets):
        raise refuse(f"its data_offsets have to be two integers from 0 up, not {_show(offsets)}")
    begin, end = offsets
    if begin > end:
        raise refuse(f"its data_offsets [{begin}, {end}] run backwards")
    needed = checked_nbytes(shape, _SIZES[dtype])
    if needed is None:
        raise refuse(f"its shape {_show(shape)} is larger than any memory")
    if needed != end - begin:
        raise refuse(f"{dtype} of shape {shape} needs {needed} bytes, its data_offsets span {end - begin}")
    place = ByteRange(path, data_start + begin, data_start + end)
    return TensorHeader(name, _DTYPES[dtype], tuple(shape), (place,))


def _check_coverage(tensors: Mapping[str, TensorHeader], data_start: int, file_size: int, path: Path) -> None:
    """Check that the tensors follow each other, from the end of the header to the end of the file."""
    position = data_start
    previous = None
    for tensor in sorted(tensors.values(), key=lambda tensor: (tensor.ranges[0].start, tensor.ranges[0].stop)):
        place = tensor.ranges[0]
        if place.start != position:
            what, after = "a hole", "the header" if previous is None else f"tensor {previous!r}"
            if place.start < position:
                what = "an overlap"
            raise CheckpointFormatError(
                f"{path}: tensor {tensor.name!r}: {what}: it begins at {place.start - data_start}, "
                f"{after} ends at {position - data_start}"
            )
        position = place.stop
        previous = tensor.name
    if position > file_size:
        raise CheckpointFormatError(
            f"{path}: truncated: its tensors need {position - data_start} bytes of data, "
            f"the file holds {file_size - data_start}; the last one is {previous!r}"
        )
    if position < file_size:
        raise CheckpointFormatError(
            f"{path}: {file_size - position} bytes follow the last tensor; the format allows none"
        )


def _are_sizes(values: list[Any]) -> bool:
    # `type(x) is int`: True and False are ints to isinstance.
    return all(type(value) is int and value >= 0 for value in values)


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
