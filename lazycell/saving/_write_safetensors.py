"""Write a `.safetensors` file: byte for byte as the format's reference implementation lays it out.

Largest elements first, then by name, the header padded with spaces to a multiple of eight bytes: so every tensor is
aligned to its element size, and the offsets rise in the header's own order, without which MindSpore refuses a file.

Each tensor's CRC-32 (that of zlib: https://www.rfc-editor.org/rfc/rfc1952#section-8), eight hexadecimal digits over its
bytes in the file, is in the metadata, under `lazycell.crc32`: a JSON object from names to checksums. It is a guard
against damage, of which it misses one in four thousand million; what somebody changes on purpose no checksum in the
same file could show, so a slower one would add nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import attrs

from .._errors import CheckpointError
from .._frozen import frozen
from ..system import MAX_BYTES
from ._output import Content, Output
from ._refused import FileRefused, argument

CRC32 = "lazycell.crc32"

# In the order of the reference implementation, which writes the last ones first.
_NAMES = {
    "bool": "BOOL",
    "uint8": "U8",
    "int8": "I8",
    "float8_e5m2": "F8_E5M2",
    "float8_e4m3fn": "F8_E4M3",
    "int16": "I16",
    "uint16": "U16",
    "float16": "F16",
    "bfloat16": "BF16",
    "int32": "I32",
    "uint32": "U32",
    "float32": "F32",
    "complex64": "C64",
    "float64": "F64",
    "int64": "I64",
    "uint64": "U64",
}
_RANK = {dtype: rank for rank, dtype in enumerate(_NAMES)}


@frozen
class SafetensorsFile:
    """What a file will be, before anything is written.

    Attributes:
        contents: the tensors, in the order of the file.
        start: the header and its length, in which all checksums are zero.
        sums_at: where in it the checksums are; None: they have no place there.
    """

    contents: tuple[Content, ...]
    start: bytes = attrs.field(repr=False)
    sums_at: int | None


def plan_safetensors(contents: Sequence[Content], metadata: Mapping[str, str]) -> SafetensorsFile:
    """Lay out a file.

    Args:
        contents: the tensors, in any order.
        metadata: strings for the header. A key that is a tensor's name too is left out: MindSpore takes it for that
            tensor's dtype, and fails.

    Raises:
        CheckpointError: the format cannot hold a dtype, a name, or so many tensors in one file.
    """
    for content in contents:
        _check(content)
    ordered = tuple(sorted(contents, key=lambda content: (-_RANK[content.dtype], content.name.encode())))
    names = {content.name for content in ordered}
    metadata = {key: text for key, text in metadata.items() if key not in names and key != CRC32}
    sums = sums_text(dict.fromkeys(names, 0), ordered)
    strings = [f"{_encode(key)}:{_encode(text)}" for key, text in metadata.items()]
    start = f'{{"__metadata__":{{{",".join(strings)}'
    sums_at = None
    if CRC32 not in names:
        start += f"{',' if strings else ''}{_encode(CRC32)}:"
        sums_at = 8 + len(start.encode())
        start += sums
    raw = ",".join([start + "}", *_entries(ordered)]).encode() + b"}"
    if len(raw) > MAX_BYTES:
        raise FileRefused(
            f"the names and shapes of {len(contents)} tensors take {len(raw)} bytes, and safetensors allows "
            f"{MAX_BYTES} in one file: save it in several, ",
            argument("max_shard_size", "5GB"),
        )
    raw += b" " * (-len(raw) % 8)
    return SafetensorsFile(ordered, len(raw).to_bytes(8, "little") + raw, sums_at)


def write_safetensors(output: Output, file: SafetensorsFile) -> None:
    """Write tensors, whose checksums the header gets when they are known: all data is touched once."""
    output.write(file.start)
    checksums = {}
    for content in file.contents:
        crc = 0
        for piece in content.pieces():
            crc = output.write(piece, crc)
        checksums[content.name] = crc
    output.flush()
    if file.sums_at is not None:
        output.overwrite(file.sums_at, sums_text(checksums, file.contents).encode())


def _check(content: Content) -> None:
    if content.dtype not in _NAMES:
        raise CheckpointError(
            f"tensor {content.name!r}: safetensors has no dtype for {content.dtype}; convert it before saving"
        )
    if content.name == "__metadata__":
        raise CheckpointError("a tensor cannot be called '__metadata__' in a safetensors file: rename it")
    try:
        content.name.encode()
    except UnicodeEncodeError:
        raise CheckpointError(f"tensor {content.name!r}: its name is not Unicode text: rename it") from None


def sums_text(checksums: Mapping[str, int], ordered: Sequence[Content]) -> str:
    """Give the checksums as they are in the header: as a JSON string that holds an object, as long for any sums."""
    return _encode(_encode({content.name: f"{checksums[content.name]:08x}" for content in ordered}))


def _entries(ordered: Sequence[Content]) -> Iterator[str]:
    end = 0
    for content in ordered:
        start, end = end, end + content.nbytes
        shape = ",".join(map(str, content.shape))
        yield (
            f'{_encode(content.name)}:{{"dtype":"{_NAMES[content.dtype]}","shape":[{shape}],'
            f'"data_offsets":[{start},{end}]}}'
        )


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
