"""Read the records of a MindSpore `.ckpt`, one after the other, passing over the tensors' data.

The file is one protobuf message (MindSpore's `checkpoint.proto`), written record by record::

    Checkpoint  { repeated Value value = 1; }
    Value       { required string tag = 1; oneof { TensorProto tensor = 2; MapTensorProto maptensor = 3; } }
    TensorProto { repeated int64 dims = 1; required string tensor_type = 2; required bytes tensor_content = 3;
    }

`crc_check=True` appends `crc_num` and the CRC-32 of all bytes before it in ten, big-endian. There is no footer: a file
cut between two records cannot be told from a whole one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .._errors import CheckpointFormatError
from . import _sniff
from ._wire import LENGTH_DELIMITED, Window, WireError

Record = tuple[str, tuple[int, ...], str, int, int]
"""Tag, dims, tensor_type, start and stop of the content."""

_CRC_MARK = b"crc_num"
_CRC_TRAILER = len(_CRC_MARK) + 10

# Of a record: field 1, length-delimited.
_RECORD_KEY = 0x0A
_MAX_NAME = 1 << 16

_VALUE_FIELDS = {1: "tag", 2: "tensor"}
_TENSOR_FIELDS = {1: "dims", 2: "tensor_type", 3: "tensor_content"}


def records(window: Window, path: Path) -> Iterator[Record | int]:
    """Give record after record, and the checksum if the file ends with one.

    Args:
        window: the file's bytes.
        path: of the file, for messages.

    Raises:
        CheckpointFormatError: a record is cut, or malformed; the message names the tensor if that is known.
    """
    position = 0
    while position < window.size:
        data, offset = window.around(position)
        base = position - offset
        while (usual := _usual_record(data, offset)) is not None and base + usual[5] <= window.size:
            tag, dims, tensor_type, start, stop, offset = usual
            yield tag, dims, tensor_type, base + start, base + stop
            if offset >= len(data):
                break
        position = base + offset
        if position >= window.size:
            return
        if window.size - position == _CRC_TRAILER and window.take(position, 7) == _CRC_MARK:
            yield int.from_bytes(window.take(position + 7, 10), "big")
            return
        if offset < len(data):
            record, position = _record(window, position, path)
            yield record


def _usual_record(data: bytes, at: int) -> tuple[str, tuple[int, ...], str, int, int, int] | None:
    """Read the record at offset `at` if its fields come in MindSpore's order, in the fewest bytes, and are in `data`.

    Give tag, dims, tensor_type, start and stop of the content, and the offset after the record; None if anything is
    unusual or wrong, which `_record` then reads, or names.
    """
    try:
        if data[at] != _RECORD_KEY:
            return None
        length, at = _number(data, at + 1)
        end = at + length
        if data[at] != 0x0A:
            return None
        length, at = _number(data, at + 1)
        stop = at + length
        if length > _MAX_NAME or data[stop] != 0x12:
            return None
        tag = data[at:stop].decode()
        length, at = _number(data, stop + 1)
        if at + length != end:
            return None
        dims = []
        while data[at] == 0x08:
            size, at = _number(data, at + 1)
            dims.append(size)
        if data[at] != 0x12:
            return None
        length, at = _number(data, at + 1)
        stop = at + length
        if length > _MAX_NAME or data[stop] != 0x1A:
            return None
        tensor_type = data[at:stop].decode()
        length, at = _number(data, stop + 1)
        if at + length != end:
            return None
    except (IndexError, UnicodeDecodeError):
        return None
    return tag, tuple(dims), tensor_type, at, end, end


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Read a varint of up to five bytes; a longer one is unusual."""
    value = data[at]
    if value < 0x80:
        return value, at + 1
    value &= 0x7F
    for shift in (7, 14, 21, 28):
        at += 1
        byte = data[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at + 1
    raise IndexError


class _TensorError(WireError):
    """What is wrong with a record whose tag is known."""

    def __init__(self, tag: str, cause: str) -> None:
        super().__init__(cause)
        self.tag = tag


def _record(window: Window, position: int, path: Path) -> tuple[Record, int]:
    """Read the record at `position`, whatever the order of its fields; give it and the position of the next."""
    name = None
    try:
        key, _ = window.varint(position, window.size)
        if key != _RECORD_KEY:
            hint = _sniff.hint(window.take(0, min(window.size, _sniff.SNIFFED_BYTES))) if position == 0 else ""
            raise WireError(f"byte {position} does not start a record{hint}")
        _, _, begin, end = window.field(position, window.size)
        # Past the end of the file too, the name is worth knowing for the message.
        tag, tensor = _value(window, begin, min(end, window.size), is_cut=end > window.size)
        name = tag
        if end > window.size:
            if end - begin >= 1 << 63:  # no file was cut there
                raise WireError(f"its record at byte {position} has a length of {end - begin}, which is 2^63 or more")
            raise WireError(f"truncated: its record needs {end - window.size} bytes more than the file has")
        if tag is None:
            raise WireError(f"the record at byte {position} has no tag")
        if tensor is None:
            raise WireError("its record holds no tensor")
        dims, tensor_type, content = _tensor_proto(window, *tensor)
        return (tag, dims, tensor_type, *content), end
    except WireError as error:
        name = error.tag if isinstance(error, _TensorError) else name
        what = "not a MindSpore checkpoint, or damaged" if name is None else f"tensor {name!r}"
        raise CheckpointFormatError(f"{path}: {what}: {error}") from None


def _value(window: Window, position: int, end: int, *, is_cut: bool) -> tuple[str | None, tuple[int, int] | None]:
    """Read a Value: its tag, and where its TensorProto is (beyond `end` when the file is cut there)."""
    tag: str | None = None
    tensor: tuple[int, int] | None = None
    try:
        while position < end:
            try:
                number, wire_type, start, stop = window.field(position, end)
            except WireError:
                if tag is not None and is_cut:
                    return tag, None  # the caller says so, with the name
                raise
            if number == 3 and wire_type == LENGTH_DELIMITED:
                raise WireError("it is a MapParameter, which lazycell does not read")
            if number not in (1, 2) or wire_type != LENGTH_DELIMITED:
                raise WireError(f"byte {position} starts field {number}, which a record does not have")
            if stop > end and not is_cut:
                raise _past(_VALUE_FIELDS[number], position, stop - start, end - start)
            if (tag if number == 1 else tensor) is not None:
                raise WireError(f"field {number} comes twice in the record, at byte {position}")
            if number == 1:
                tag = _text(window, start, stop, "name")
            else:
                tensor = start, stop
            position = stop
    except WireError as error:
        if tag is None:
            raise
        raise _TensorError(tag, str(error)) from None
    return tag, tensor


def _tensor_proto(window: Window, position: int, end: int) -> tuple[tuple[int, ...], str, tuple[int, int]]:
    """Read a TensorProto: dims, type, and where the content is."""
    dims: list[int] = []
    tensor_type: str | None = None
    content: tuple[int, int] | None = None
    while position < end:
        number, wire_type, start, stop = window.field(position, end)
        if stop > end:
            raise _past(_TENSOR_FIELDS.get(number, str(number)), position, stop - start, end - start)
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


def _past(field: str, position: int, length: int, left: int) -> WireError:
    return WireError(
        f"its field {field} at byte {position} runs past its record: it has a length of {length}, and {left} bytes of "
        "the record are left"
    )


def _text(window: Window, start: int, stop: int, what: str) -> str:
    if stop - start > _MAX_NAME:
        raise WireError(f"a {what} at byte {start} has {stop - start} bytes; at most {_MAX_NAME} are read")
    try:
        return window.take(start, stop - start).decode("utf-8")
    except UnicodeDecodeError:
        raise WireError(f"a {what} at byte {start} is not UTF-8") from None
