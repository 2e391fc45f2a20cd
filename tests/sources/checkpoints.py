"""Small quantized checkpoints, in memory and in files, and what is read of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from hypothesis import strategies as st

from lazycell._dtypes import dtype_name
from lazycell.formats import CheckpointHeader, open_checkpoint
from lazycell.reading._read import Reader
from lazycell.sources._dequantized import dequantized, view_of
from lazycell.sources._quantized import quantized_tensors
from lazycell.system._allocate import Array

from ..formats.files import entry, safetensors_bytes

GOLDEN = Path(__file__).parents[1] / "golden" / "sources" / "quant"

NAMES = {
    "bfloat16": "BF16",
    "float16": "F16",
    "float32": "F32",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
    "int32": "I32",
    "int64": "I64",
    "int8": "I8",
    "uint8": "U8",
}
"""Dtypes as safetensors calls them."""


def file_of(path: Path, tensors: Mapping[str, tuple[str, tuple[int, ...], bytes]]) -> Path:
    """Write a file of raw tensors: dtype, shape, bytes."""
    header, blob = {}, b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = entry(dtype, list(shape), [len(blob), len(blob) + len(content)])
        blob += content
    path.write_bytes(safetensors_bytes(header, blob))
    return path


def checkpoint(arrays: Mapping[str, Array], path: Path | None = None) -> CheckpointHeader:
    """Give a checkpoint: in a file of a directory, or in memory."""
    if path is None:
        return open_checkpoint(dict(arrays))
    raw = {name: (NAMES[dtype_name(each.dtype)], each.shape, each.tobytes()) for name, each in arrays.items()}
    return open_checkpoint(file_of(path / "x.safetensors", raw))


def floats(header: CheckpointHeader, config: Mapping[str, Any], name: str = "l.weight") -> Array:
    """Read one weight as floats: all of it, and of nothing else."""
    found = dequantized(header, quantization=config)
    assert list(found.tensors) == [name]
    tensor = found.tensors[name]
    assert tensor.dtype == "float32"
    assert tensor.origin
    assert sum(part.nbytes for part in tensor.byte_ranges) <= header.nbytes
    with Reader() as reader:
        return reader.read(tensor)


def check(header: CheckpointHeader, config: Mapping[str, Any], expected: Array, data: st.DataObject) -> None:
    """Hold a weight against what it should be: bit for bit, whole, and from any byte to any."""
    name = next(iter(dequantized(header, quantization=config).tensors))
    assert floats(header, config, name).tobytes() == expected.astype(np.float32).tobytes()
    (tensor,) = dequantized(header, quantization=config).tensors.values()
    assert tensor.shape == expected.shape
    raw = expected.astype(np.float32).tobytes()
    start = data.draw(st.integers(0, len(raw)))
    stop = data.draw(st.integers(start, len(raw)))
    target = bytearray(stop - start)
    with Reader() as reader:
        reader.read_into(tensor, memoryview(target), start)
    assert bytes(target) == raw[start:stop]


def why(header: CheckpointHeader, config: Mapping[str, Any]) -> str:
    """Say why the one quantized weight is left as it is."""
    assert dequantized(header, quantization=config) is header
    (weight,) = quantized_tensors(header.tensors)
    found = view_of(weight, header, config)
    assert isinstance(found, str)
    return found


def other(header: CheckpointHeader, name: str, **changes: Any) -> CheckpointHeader:
    """Give a checkpoint in which one tensor is another, or not there (`shape=None`)."""
    tensors = dict(header.tensors)
    if changes.get("shape", ()) is None:
        del tensors[name]
    else:
        tensors[name] = attrs.evolve(tensors[name], **changes)
    return attrs.evolve(header, tensors=tensors)


def packed(numbers: Array, bits: int, axis: int) -> Array:
    """Put numbers into words of 32 bits along an axis, the lowest bits first, one by one."""
    each = 32 // bits
    moved = np.moveaxis(numbers, axis, -1)
    words = np.zeros((*moved.shape[:-1], -(-moved.shape[-1] // each)), np.uint32)
    for index in np.ndindex(*moved.shape):
        place = (*index[:-1], index[-1] // each)
        words[place] |= np.uint32(int(moved[index]) << (bits * (index[-1] % each)))
    return np.ascontiguousarray(np.moveaxis(words, -1, axis)).view(np.int32)


def write_config(path: Path, quantization: Mapping[str, Any]) -> None:
    (path / "config.json").write_text(json.dumps({"quantization_config": quantization}))
