"""Scan a MindSpore `.ckpt`: names, types, dims and where the bytes are, without reading the tensors.

The file is one protobuf message (MindSpore's `checkpoint.proto`), written record by record::

    Checkpoint  { repeated Value value = 1; }
    Value       { required string tag = 1; oneof { TensorProto tensor = 2; MapTensorProto maptensor = 3; } }
    TensorProto { repeated int64 dims = 1; required string tensor_type = 2; required bytes tensor_content = 3;
    }

What MindSpore 2.10 (`mindspore/train/serialization.py`) does beyond that, measured on its own files: a scalar
has no dims (older files: dims `[0]`); a tensor over 512 MB is cut into consecutive values of one tag, each
with the dims of the whole; a string of `append_dict` has the type `str`, dims `[0]` and UTF-32 as content;
`crc_check=True` appends `crc_num` and ten bytes, big-endian. There is no footer: a file cut between two
records cannot be told from a whole one.
"""

from __future__ import annotations

from pathlib import Path

import attrs

from .. import _dtypes
from .._errors import CheckpointFormatError
from . import _files, _sniff
from ._header import ByteRange, CheckpointHeader, TensorHeader, checked_nbytes
from ._wire import LENGTH_DELIMITED, Window, WireError

_CRC_MARK = b"crc_num"
_CRC_TRAILER = len(_CRC_MARK) + 10

_STRING = "str"
_MAX_NAME = 1 << 16
_MAX_STRING = 100_000_000


@attrs.frozen
class _Part:
    """One record: a tensor or a part of one."""

    tag: str
    dims: tuple[int, ...]
    tensor_type: str
    place: ByteRange


def read_ckpt(path: Path) -> CheckpointHeader:
    """Scan a MindSpore checkpoint. Time and memory follow the number of tensors, not their size.

    Raises:
        CheckpointFormatError: the file is encrypted, truncated, damaged, or contradicts itself; the message
            names the file, the tensor and the cause.
        FileNotFoundError: there is no such file.
    """
    with _files.open_regular(path) as file:
        window = Window(file)
        start = window.take(0, min(window.size, _sniff.SNIFFED_BYTES))
        if not start:
            raise CheckpointFormatError(f"{path}: the file is empty (0 bytes): it was never written to the end")
        if _sniff.is_encrypted(start):
            raise CheckpointFormatError(
                f"{path}: the checkpoint is encrypted; lazycell cannot decrypt it. Load it with "
                "mindspore.load_checkpoint(path, dec_key=…) and save it again without `enc_key`"
            )
        return _scan(window, path, start)


def _scan(window: Window, path: Path, start: bytes) -> CheckpointHeader:
    groups: dict[str, list[_Part]] = {}
    metadata: dict[str, str] = {}
    position, previous = 0, None
    while position < window.size:
        if window.size - position == _CRC_TRAILER and window.take(position, 7) == _CRC_MARK:
            metadata[_CRC_MARK.decode()] = str(int.from_bytes(window.take(position + 7, 10), "big"))
            break
        part, position = _record(window, position, path, start)
        if part.tag != previous and part.tag in groups:
            raise _refuse(path, part.tag, "is stored twice, with other tensors between")
        groups.setdefault(part.tag, []).append(part)
        previous = part.tag
    tensors: dict[str, TensorHeader] = {}
    for tag, parts in groups.items():
        if parts[0].tensor_type == _STRING:
            metadata[tag] = _string(window, tag, parts, path)
        else:
            tensors[tag] = _tensor(tag, parts, path)
    return CheckpointHeader(path, "ckpt", tensors, metadata)


def _record(window: Window, position: int, path: Path, start: bytes) -> tuple[_Part, int]:
    """Read the record at `position`; give it and the position of the next."""
    name = None
    try:
        number, wire_type, begin, end = window.field(position, window.size)
        if number != 1 or wire_type != LENGTH_DELIMITED:
            hint = _sniff.hint(start) if position == 0 else ""
            raise WireError(f"byte {position} does not start a record{hint}")
        # Past the end of the file too, the name is worth knowing for the message.
        tag, tensor = _value(window, begin, min(end, window.size))
        name = tag
        if end > window.size:
            raise WireError(f"truncated: its record needs {end - window.size} bytes more than the file has")
        if tag is None:
            raise WireError(f"the record at byte {position} has no tag")
        if tensor is None:
            raise WireError("its record holds no tensor")
        dims, tensor_type, content = _tensor_proto(window, *tensor)
        return _Part(tag, dims, tensor_type, ByteRange(path, *content)), end
    except WireError as error:
        what = "not a MindSpore checkpoint, or damaged" if name is None else f"tensor {name!r}"
        raise CheckpointFormatError(f"{path}: {what}: {error}") from None


def _value(window: Window, position: int, end: int) -> tuple[str | None, tuple[int, int] | None]:
    """Read a Value: its tag, and where its TensorProto is (beyond `end` when the file is cut)."""
    tag: str | None = None
    tensor: tuple[int, int] | None = None
    while position < end:
        try:
            number, wire_type, start, stop = window.field(position, end)
        except WireError:
            if tag is not None and end == window.size:
                return tag, None  # the file is cut here: the caller says so, with the name
            raise
        if number == 3 and wire_type == LENGTH_DELIMITED:
            raise WireError(f"{tag!r} is a MapParameter, which lazycell does not read")
        if number not in (1, 2) or wire_type != LENGTH_DELIMITED:
            raise WireError(f"byte {position} starts field {number}, which a record does not have")
        if stop > end and end < window.size:
            raise WireError(f"field {number} at byte {position} runs past its record")
        if (tag if number == 1 else tensor) is not None:
            raise WireError(f"field {number} comes twice in the record, at byte {position}")
        if number == 1:
            tag = _text(window, start, stop, "name")
        else:
            tensor = start, stop
        position = stop
    return tag, tensor


def _tensor_proto(window: Window, position: int, end: int) -> tuple[tuple[int, ...], str, tuple[int, int]]:
    """Read a TensorProto: dims, type, and where the content is."""
    dims: list[int] = []
    tensor_type: str | None = None
    content: tuple[int, int] | None = None
    while position < end:
        number, wire_type, start, stop = window.field(position, end)
        if stop > end:
            raise WireError(f"field {number} at byte {position} runs past its record")
        if number == 1:
            while start < stop:  # one number, or several packed ones, which parsers of protobuf have to accept
                size, start = window.varint(start, stop)
                dims.append(size)
        elif number == 2 and wire_type == LENGTH_DELIMITED and tensor_type is None:
            tensor_type = _text(window, start, stop, "type")
        elif number == 3 and wire_type == LENGTH_DELIMITED and content is None:
            content = start, stop
        else:
            raise WireError(f"field {number} at byte {position} is unknown, or comes twice")
        position = stop
    if tensor_type is None:
        raise WireError("its record has no tensor_type")
    if content is None:
        raise WireError("its record has no tensor_content")
    return tuple(dims), tensor_type, content


def _tensor(tag: str, parts: list[_Part], path: Path) -> TensorHeader:
    """Join the parts of a tensor and check what they say against what they hold."""
    first = parts[0]
    for part in parts:
        if part.tensor_type != first.tensor_type or part.dims != first.dims:
            raise _refuse(
                path,
                tag,
                f"is stored twice: {first.tensor_type} {_dims(first.dims)}, then {part.tensor_type} {_dims(part.dims)}",
            )
    try:
        dtype = _dtypes.dtype_name(first.tensor_type)
    except TypeError:
        raise _refuse(path, tag, f"lazycell does not read the tensor type {first.tensor_type!r}") from None
    size = _dtypes.itemsize(dtype)
    held = sum(part.place.stop - part.place.start for part in parts)
    # Zero-dimensional: no dims today, [0] in older files. An empty tensor has dims [0] too, and no content.
    shape = () if first.dims == (0,) and held == size else first.dims
    if any(length >= 1 << 63 for length in shape):
        raise _refuse(path, tag, "has a negative dim")
    needed = checked_nbytes(shape, size)
    if needed is None:
        raise _refuse(path, tag, f"its dims {_dims(shape)} are larger than any memory")
    if len(parts) > 1 and held == needed * len(parts):
        raise _refuse(path, tag, "is stored twice")
    if held != needed:
        raise _refuse(
            path,
            tag,
            f"{first.tensor_type} of dims {_dims(shape)} needs {needed} bytes, the file holds {held}",
        )
    return TensorHeader(tag, dtype, shape, tuple(part.place for part in parts))


def _string(window: Window, tag: str, parts: list[_Part], path: Path) -> str:
    """Read a string: UTF-32, padded with zeros, as numpy stores `str`."""
    if len(parts) > 1:
        raise _refuse(path, tag, "is stored twice")
    place = parts[0].place
    length = place.stop - place.start
    if length > _MAX_STRING:
        raise _refuse(path, tag, f"is a string of {length} bytes; at most {_MAX_STRING} are read")
    try:
        return window.take(place.start, length).decode("utf-32-le").rstrip("\0")
    except (UnicodeDecodeError, WireError):
        raise _refuse(path, tag, "is a string that is not UTF-32") from None


def _text(window: Window, start: int, stop: int, what: str) -> str:
    if stop - start > _MAX_NAME:
        raise WireError(f"a {what} at byte {start} has {stop - start} bytes; at most {_MAX_NAME} are read")
    try:
        return window.take(start, stop - start).decode("utf-8")
    except UnicodeDecodeError:
        raise WireError(f"a {what} at byte {start} is not UTF-8") from None


def _dims(dims: tuple[int, ...]) -> str:
    return "[" + ", ".join(map(str, dims)) + "]"


def _refuse(path: Path, tag: str, cause: str) -> CheckpointFormatError:
    return CheckpointFormatError(f"{path}: tensor {tag!r}: {cause}")
