"""Write the checkpoints that are loaded: any size, in the memory of one tensor."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import ml_dtypes
import numpy as np

from ._work import Work
from .running._task import Task

DTYPES = {"float32": np.dtype(np.float32), "bfloat16": np.dtype(ml_dtypes.bfloat16)}

_SAFETENSORS = {"float32": "F32", "bfloat16": "BF16"}
_CKPT = {"float32": "Float32", "bfloat16": "BFloat16"}


def write(path: Path, work: Work, dtype: str) -> None:
    """Write a checkpoint of a net's tensors, as its suffix says: `.safetensors`, or MindSpore's `.ckpt`.

    All of it is on the disk afterwards, so that no writing goes on while something is measured.

    Args:
        path: where; a file there is replaced.
        work: gives the names and shapes.
        dtype: of all tensors.
    """
    with open(path, "wb") as file:
        {".safetensors": _write_safetensors, ".ckpt": _write_ckpt}[path.suffix](file, work, dtype)
        file.flush()
        os.fsync(file.fileno())


def nbytes(work: Work | Task, dtype: str) -> int:
    """Give the bytes of all tensors."""
    return work.n_values * DTYPES[dtype].itemsize


def warm(path: Path) -> None:
    """Read a file once, so that the page cache holds it."""
    buffer = memoryview(bytearray(1 << 22))
    with open(path, "rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def _write_safetensors(file: BinaryIO, work: Work, dtype: str) -> None:
    """Eight bytes of length, a JSON header padded with spaces to a multiple of eight, the data."""
    header: dict[str, Any] = {}
    position = 0
    for name, shape in work.shapes():
        end = position + math.prod(shape) * DTYPES[dtype].itemsize
        header[name] = {"dtype": _SAFETENSORS[dtype], "shape": shape, "data_offsets": [position, end]}
        position = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little") + text)
    for _, content in _contents(work, dtype):
        file.write(content)


def _write_ckpt(file: BinaryIO, work: Work, dtype: str) -> None:
    """One protobuf message, a record for each tensor: the name, then dims, type and content."""
    shapes = dict(work.shapes())
    for name, content in _contents(work, dtype):
        dims = b"".join(b"\x08" + _varint(length) for length in shapes[name])
        start = dims + _field(2, _CKPT[dtype].encode()) + b"\x1a" + _varint(content.nbytes)
        tensor = b"\x12" + _varint(len(start) + content.nbytes) + start
        tag = _field(1, name.encode())
        file.write(b"\x0a" + _varint(len(tag) + len(tensor) + content.nbytes) + tag + tensor)
        file.write(content)


def _contents(work: Work, dtype: str) -> Iterator[tuple[str, memoryview]]:
    """Give each tensor's bytes: normal values, the same ones shifted by an element from tensor to tensor."""
    shapes = list(work.shapes())
    most = max(math.prod(shape) for _, shape in shapes)
    values = np.random.default_rng(0).standard_normal(most + len(shapes), np.float32).astype(DTYPES[dtype])
    for shift, (name, shape) in enumerate(shapes):
        yield name, values[shift : shift + math.prod(shape)].view(np.uint8).data


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; all but the last have the eighth bit set."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
