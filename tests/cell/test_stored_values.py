"""What a net has after a load is what the file says, bit for bit: each format and dtype, mapped and read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from mindspore import Parameter

import lazycell
from lazycell import LazyCell, param

from ..formats.files import entry, field, record, safetensors_bytes, tensor_proto
from ..formats.torchfiles import legacy, zipped

BITS = bytes.fromhex("0001 807f 4048 3fc0")
"""Eight bytes that no two places of which are alike, and that are finite numbers in every dtype."""

CODES = {
    "BOOL": ("bool", "Bool", bytes([0, 1, 1, 0, 0, 0, 1, 1])),
    "U8": ("uint8", "UInt8", BITS),
    "I8": ("int8", "Int8", BITS),
    "U16": ("uint16", "UInt16", BITS),
    "I16": ("int16", "Int16", BITS),
    "U32": ("uint32", "UInt32", BITS),
    "I32": ("int32", "Int32", BITS),
    "U64": ("uint64", "UInt64", BITS),
    "I64": ("int64", "Int64", BITS),
    "F16": ("float16", "Float16", BITS),
    "BF16": ("bfloat16", "BFloat16", BITS),
    "F32": ("float32", "Float32", BITS),
    "F64": ("float64", "Float64", BITS),
    "C64": ("complex64", "Complex64", BITS),
}
"""safetensors' name of a dtype: MindSpore's, and `.ckpt`'s, and a tensor's bytes."""

ONE = np.frombuffer(bytes.fromhex("0000803f"), np.float32)
TWO = np.frombuffer(bytes.fromhex("00000040"), np.float32)

Write = Callable[[Path], Path]


def net_of(shapes: Mapping[str, tuple[int, ...]], dtype: str = "float32") -> LazyCell:
    """Make a net of parameters without values."""

    class Net(LazyCell):
        w: Parameter = param("zeros", shapes["w"], dtype)

    class Two(Net):
        v: Parameter = param("zeros", shapes.get("v", (1,)), dtype)

    return (Two if "v" in shapes else Net)()


def bits(net: LazyCell, name: str = "w") -> bytes:
    """Give a parameter's bytes; numpy itself has no bfloat16."""
    header = lazycell.open_checkpoint(net.parameters_dict())
    return lazycell.read_tensor(header.tensors[name]).tobytes()


def put(name: str, content: bytes) -> Write:
    """Write one file."""

    def write(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return write


@pytest.mark.parametrize("form", ["safetensors", "misaligned", "ckpt"])
@pytest.mark.parametrize("code", CODES)
def test_every_dtype(tmp_path: Path, code: str, form: str) -> None:
    """Two formats, and a tensor that begins at an odd byte, which no map can show as it is."""
    dtype, type_name, content = CODES[code]
    size = np.dtype({"bool": "?", "bfloat16": "u2"}.get(dtype, dtype)).itemsize
    shape = (len(content) // size,)
    if form == "ckpt":
        path = put("net.ckpt", record("w", shape, type_name, content))(tmp_path)
    elif form == "safetensors":
        path = put("m.safetensors", safetensors_bytes({"w": entry(code, shape, [0, 8])}, content))(tmp_path)
    else:
        header = {"a": entry("U8", [1], [0, 1]), "w": entry(code, shape, [1, 9])}
        path = put("m.safetensors", safetensors_bytes(header, b"\0" + content))(tmp_path)
    for mmap in (True, False):
        net = net_of({"w": shape}, dtype)
        net.load_checkpoint(path, mmap=mmap, unexpected=["a"])
        assert bits(net) == content


def shards(index: str, reach: str = "{}") -> Write:
    """Two shards, and an index that names them."""

    def write(folder: Path) -> Path:
        for name, value in (("w", ONE), ("v", TWO)):
            place = folder / reach.format(f"{name}.safetensors")
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(safetensors_bytes({name: entry()}, value.tobytes()))
        names = {name: reach.format(f"{name}.safetensors") for name in "wv"}
        (folder / index).write_text(json.dumps({"metadata": {}, "weight_map": names}))
        return folder / index

    return write


BOTH = ONE.tobytes() + TWO.tobytes()
VALUES: Mapping[str, Write] = {
    "names in the order of their bytes": put(
        "m.safetensors", safetensors_bytes({"w": entry(), "v": entry(offsets=[4, 8])}, BOTH)
    ),
    "names in another order": put("m.safetensors", safetensors_bytes({"v": entry(offsets=[4, 8]), "w": entry()}, BOTH)),
    "metadata of a tensor's name": put(
        "m.safetensors",
        safetensors_bytes({"__metadata__": {"w": "v"}, "w": entry(), "v": entry(offsets=[4, 8])}, BOTH),
    ),
    "an empty tensor between": put(
        "m.safetensors",
        safetensors_bytes({"w": entry(), "e": entry(shape=[0], offsets=[4, 4]), "v": entry(offsets=[4, 8])}, BOTH),
    ),
    "a header with white space behind it": put(
        "m.safetensors",
        safetensors_bytes(json.dumps({"w": entry(), "v": entry(offsets=[4, 8])}).encode() + b"   ", BOTH),
    ),
    "a ckpt": put("net.ckpt", record("w", content=ONE.tobytes()) + record("v", content=TWO.tobytes())),
    "a ckpt whose fields are in another order": put(
        "net.ckpt",
        b"".join(
            field(1, field(2, tensor_proto((1,), "Float32", each.tobytes())) + field(1, name))
            for name, each in ((b"w", ONE), (b"v", TWO))
        ),
    ),
    "a ckpt with a checksum behind it": put(
        "net.ckpt", record("w", content=ONE.tobytes()) + record("v", content=TWO.tobytes()) + b"crc_num" + bytes(10)
    ),
    "shards": shards("model.safetensors.index.json"),
    "shards of MindSpore": shards("param_name_map.json"),
    "shards in a folder below": shards("model.safetensors.index.json", "below/{}"),
    "an archive of torch": put("net.bin", zipped({"w": ONE, "v": TWO})),
    "an old file of torch": put("net.bin", legacy({"w": ONE, "v": TWO})),
}


@pytest.mark.parametrize("label", VALUES)
def test_each_value_is_where_it_belongs(tmp_path: Path, label: str) -> None:
    """Two parameters alike, whatever the file does to their order."""
    path = VALUES[label](tmp_path)
    for mmap in (True, False):
        net = net_of({"w": (1,), "v": (1,)})
        net.load_checkpoint(path, mmap=mmap, unexpected=["e"] if "between" in label else "error")
        assert (bits(net, "w"), bits(net, "v")) == (ONE.tobytes(), TWO.tobytes())


def test_a_tensor_in_parts(tmp_path: Path) -> None:
    """MindSpore cuts what is larger than 512 MB into records of one name: they are put together in their order."""
    parts = [record("w", (3,), content=each.tobytes()) for each in (ONE, TWO, ONE)]
    path = put("net.ckpt", b"".join(parts))(tmp_path)
    for mmap in (True, False):
        net = net_of({"w": (3,)})
        net.load_checkpoint(path, mmap=mmap)
        assert bits(net) == BOTH + ONE.tobytes()


@pytest.mark.parametrize(
    ("mmap", "content", "renamed"),
    [(True, b"new", True), (False, b"new", True), (False, b"", False), (False, b"\xff" * 96, False)],
    ids=["replaced-mmap", "replaced", "cut", "overwritten"],
)
def test_the_file_changes_after_a_load(tmp_path: Path, mmap: bool, content: bytes, renamed: bool) -> None:
    """What replaces the file harms no net; what changes it in place harms none that was loaded with `mmap=False`."""
    path = put("m.safetensors", safetensors_bytes({"w": entry()}, ONE.tobytes()))(tmp_path)
    net = net_of({"w": (1,)})
    net.load_checkpoint(path, mmap=mmap)
    target = tmp_path / "other" if renamed else path
    target.write_bytes(content)
    target.replace(path)
    assert path.read_bytes() == content
    assert bits(net) == ONE.tobytes()
