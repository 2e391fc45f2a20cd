"""Checkpoint files made by hand, byte by byte, for the tests of this folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def safetensors_bytes(header: Mapping[str, Any] | bytes, data: bytes = b"") -> bytes:
    """Put a header, as an object or as raw text, before data."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(raw).to_bytes(8, "little") + raw + data


def entry(dtype: Any = "F32", shape: Any = (1,), offsets: Any = (0, 4)) -> dict[str, Any]:
    """Describe one tensor as a safetensors header does."""
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def write_tensors(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> Path:
    """Write float32 zeros as safetensors."""
    header, end = {}, 0
    for name, shape in shapes.items():
        count = 4
        for size in shape:
            count *= size
        header[name] = entry("F32", list(shape), [end, end + count])
        end += count
    path.write_bytes(safetensors_bytes(header, bytes(end)))
    return path


def varint(number: int) -> bytes:
    """Encode an unsigned integer as protobuf does."""
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number: int, content: bytes) -> bytes:
    """Encode a length-delimited field."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def tensor_proto(dims: tuple[int, ...], tensor_type: str, content: bytes) -> bytes:
    """Encode MindSpore's TensorProto."""
    return b"".join(b"\x08" + varint(size) for size in dims) + field(2, tensor_type.encode()) + field(3, content)


def record(tag: str, dims: tuple[int, ...] = (1,), tensor_type: str = "Float32", content: bytes = bytes(4)) -> bytes:
    """Encode one record of a `.ckpt`."""
    return field(1, field(1, tag.encode()) + field(2, tensor_proto(dims, tensor_type, content)))
