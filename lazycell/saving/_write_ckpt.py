"""Write a MindSpore `.ckpt`, record by record, as `_ckpt` describes the format.

The trailer that MindSpore writes with `crc_check=True` is always written: the CRC-32 of everything before it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from .._errors import CheckpointError
from ._output import Content, Output

_PART = 512 << 20
"""Bytes of a tensor in one record, as in MindSpore's own files."""

_LONGEST_NAME = 1024
"""Bytes of a tensor's name that MindSpore's loader takes."""

_BLOCK = 64 << 20
"""Bytes that MindSpore encrypts at a time."""

Encrypt = Callable[[bytes], bytes]

# MindSpore's names of the types that its loader knows.
_TYPES = {
    "bool": "Bool",
    "uint8": "UInt8",
    "int8": "Int8",
    "uint16": "UInt16",
    "int16": "Int16",
    "uint32": "UInt32",
    "int32": "Int32",
    "uint64": "UInt64",
    "int64": "Int64",
    "float16": "Float16",
    "bfloat16": "BFloat16",
    "float32": "Float32",
    "float64": "Float64",
}


def check_ckpt(contents: Sequence[Content]) -> None:
    """Refuse what MindSpore could not load again, before anything is written.

    Raises:
        CheckpointError: a dtype or a name.
    """
    for content in contents:
        if content.dtype not in _TYPES:
            raise CheckpointError(
                f"tensor {content.name!r}: MindSpore reads no {content.dtype} from a .ckpt; save it as .safetensors"
            )
        try:
            length = len(content.name.encode())
        except UnicodeEncodeError:
            raise CheckpointError(f"tensor {content.name!r}: its name is not Unicode text: rename it") from None
        if length > _LONGEST_NAME:
            raise CheckpointError(
                f"tensor {f'{content.name:.80}…'!r}: MindSpore reads no name of more than {_LONGEST_NAME} bytes from a "
                f".ckpt, and this one has {length}; save it as .safetensors, or rename it"
            )


def write_ckpt(
    output: Output, contents: Sequence[Content], strings: Mapping[str, str], encrypt: Encrypt | None = None
) -> None:
    """Write tensors in the order given, and strings after them.

    Args:
        output: the empty file.
        contents: the tensors, for which `check_ckpt` has been called.
        strings: further entries, as `append_dict` of `mindspore.save_checkpoint` makes them.
        encrypt: turns a block of the file into what is stored; there is no trailer then, as in MindSpore's files.
    """
    records = itertools.chain(
        itertools.chain.from_iterable(map(_tensor, contents)), (_string(name, text) for name, text in strings.items())
    )
    if encrypt is not None:
        for block in _blocks(records):
            output.write(encrypt(block))
        output.flush()
        return
    crc = 0
    for record in records:
        crc = output.write(record, crc)
    output.write(b"crc_num" + crc.to_bytes(10, "big"))
    output.flush()


def _tensor(content: Content) -> Iterator[bytes | memoryview]:
    """Give the records of a tensor: the start of each, then its bytes."""
    left = content.nbytes
    room = min(left, _PART)
    yield _start(content.name, content.shape, _TYPES[content.dtype], room)
    for piece in content.pieces():
        while len(piece):
            if not room:
                room = min(left, _PART)
                yield _start(content.name, content.shape, _TYPES[content.dtype], room)
            fitting, piece = piece[:room], piece[room:]
            yield fitting
            room -= len(fitting)
            left -= len(fitting)


def _string(name: str, text: str) -> bytes:
    raw = (text or "\0").encode("utf-32-le")  # as numpy, which stores no string without a letter
    return _start(name, (0,), "str", len(raw)) + raw


def _start(name: str, dims: Sequence[int], tensor_type: str, nbytes: int) -> bytes:
    """Give a record up to its content, which has `nbytes`."""
    proto = b"".join(b"\x08" + _varint(size) for size in dims)
    proto += _field(2, tensor_type.encode()) + b"\x1a" + _varint(nbytes)
    value = _field(1, name.encode()) + b"\x12" + _varint(len(proto) + nbytes) + proto
    return b"\x0a" + _varint(len(value) + nbytes) + value


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _blocks(pieces: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """Cut a stream into blocks of `_BLOCK` bytes; the last may be shorter."""
    buffer = bytearray()
    for piece in pieces:
        buffer += piece
        while len(buffer) >= _BLOCK:
            yield bytes(buffer[:_BLOCK])
            del buffer[:_BLOCK]
    if buffer:
        yield bytes(buffer)
