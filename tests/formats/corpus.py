"""Checkpoints that are malformed, and what each is refused for; and legal ones that are seldom seen.

`BAD` and `GOOD` are data: `tests/formats/test_corpus.py` opens each, `tests/cell/test_corpus.py` offers the bad ones to
a net, and the fuzz targets start from both.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from .files import entry, field, record, safetensors_bytes, tensor_proto, varint, write_tensors
from .gguf.malformed import LEGAL, MALFORMED
from .torchfiles import Call, Global, archive, legacy, pickled, storage, tensor, zipped

HUB_INDEX = "model.safetensors.index.json"
NAME_MAP = "param_name_map.json"


@attrs.frozen
class Bad:
    """A checkpoint that is refused.

    Attributes:
        label: names the test.
        write: puts it into a folder and gives the path to open.
        cause: what the message says is wrong.
        tensor: which it names; None where the fault is none of a tensor's.
        file: which it names, of those in the folder; None: the one that is opened.
    """

    label: str
    write: Callable[[Path], Path]
    cause: str
    tensor: str | None = None
    file: str | None = None


@attrs.frozen
class Good:
    """A checkpoint that is accepted: what it holds, name by name, as dtype and shape."""

    label: str
    write: Callable[[Path], Path]
    tensors: Mapping[str, tuple[str, tuple[int, ...]]]


def put(name: str, content: bytes) -> Callable[[Path], Path]:
    """Write one file."""

    def write(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return write


# safetensors


def st(label: str, header: Any, data: bytes, cause: str, tensor: str | None = None) -> Bad:
    """A malformed safetensors file: its header, as an object or as text, and its data."""
    return Bad(f"safetensors: {label}", put("m.safetensors", safetensors_bytes(header, data)), cause, tensor)


def st_raw(label: str, content: bytes, cause: str) -> Bad:
    """The same, byte by byte."""
    return Bad(f"safetensors: {label}", put("m.safetensors", content), cause)


def one(**more: Any) -> dict[str, Any]:
    """A header of one tensor, `w`, of one float32, changed as told; a field that is None is left out."""
    fields = entry() | more
    return {"w": {name: value for name, value in fields.items() if value is not None}}


TWO = safetensors_bytes({"a": entry(), "b": entry("U8", [3], [4, 7])}, bytes(7))

WHITE = "begins with white space"
"""A rule that the format's own library does not keep: `{` comes first."""

SAFETENSORS = [
    st_raw("nothing", b"", "truncated: the file has 0 bytes"),
    st_raw("seven bytes", bytes(7), "truncated: the file has 7 bytes"),
    st_raw("a length and no header", bytes(8), "is not JSON"),
    st_raw("a header longer than the file", (1 << 20).to_bytes(8, "little") + b"{}", "needs 1048576 bytes, 2 follow"),
    st_raw(
        "a header of 4 GiB in 50 bytes", (1 << 32).to_bytes(8, "little") + bytes(42), "promise a header of 4294967296"
    ),
    st_raw("a header of 2^64 - 1 bytes", b"\xff" * 8 + b"{}", "promise a header of 18446744073709551615 bytes"),
    st_raw("a big-endian length", (2).to_bytes(8, "big") + b"{}", "promise a header of"),
    st_raw("a zip archive", b"PK\x03\x04" + bytes(60), "a zip archive"),
    st_raw("a pointer of Git LFS", b"version https://git-lfs.github.com/spec/v1\n", "run `git lfs pull`"),
    st_raw("a web page", b"<!DOCTYPE html><html></html>", "the download went wrong"),
    st("a header that is cut", b'{"w": {"dtype": "F3', bytes(4), "is not JSON"),
    st("a header with text behind it", b"{} {}", b"", "is not JSON"),
    st("a header that is a list", b"[1]", b"", "is not a JSON object"),
    st("a header that is null", b"null", b"", "is not a JSON object"),
    st("a header in Latin-1", b'{"\xe9": 1}', b"", "is not UTF-8: byte 2 is 0xe9"),
    st("a header in UTF-16", '{"a": 1}'.encode("utf-16"), b"", "is not UTF-8"),
    st("a header with a byte-order mark", b"\xef\xbb\xbf{}", b"", "is not JSON"),
    st("zeros", bytes(64), b"", "is not JSON"),
    *(st(f"{each!r} first", each + json.dumps(one()).encode(), bytes(4), WHITE) for each in (b" ", b"\n", b"\t  \r")),
    st("white space alone", b" \n", b"", "is not JSON"),
    st("lists in lists", b'{"w": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", b"", "nested too deep"),
    st("objects in objects", b'{"w": ' * 50_000 + b"1" + b"}" * 50_000, b"", "nested too deep"),
    st("a number of 10,000 digits", b'{"w": ' + b"9" * 10_000 + b"}", b"", "a number that is too long"),
    st("NaN", b'{"w": NaN}', b"", "NaN is no JSON value"),
    st(
        "a tensor twice",
        b'{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"w":{}}',
        b"",
        "gives the key 'w' twice",
    ),
    st("a field twice", b'{"w":{"dtype":"U8","dtype":"I8"}}', b"", "gives the key 'dtype' twice"),
    st("a name of half a letter", b'{"\\ud83d":' + json.dumps(entry()).encode() + b"}", bytes(4), "a lone surrogate"),
    st("metadata of half a letter", b'{"__metadata__":{"a":"\\udc00"}}', b"", "a lone surrogate"),
    st("metadata that is a list", {"__metadata__": []}, b"", "has to be an object of strings"),
    st(
        "metadata that is a number", {"__metadata__": {"step": 3}}, b"", "the value of 'step' has to be a string, not 3"
    ),
    st("metadata that is a tensor", {"__metadata__": entry()}, bytes(4), "the value of 'shape' has to be a string"),
    st("a tensor that is a list", {"w": [1]}, b"", "has to be an object with dtype", "w"),
    st("a tensor that is null", {"w": None}, b"", "has to be an object with dtype", "w"),
    st("no dtype", one(dtype=None), bytes(4), "has no dtype", "w"),
    st("no shape", one(shape=None), bytes(4), "has no shape", "w"),
    st("no offsets", one(data_offsets=None), bytes(4), "has no data_offsets", "w"),
    st("an unknown dtype", one(dtype="F31"), bytes(4), "'F31' is no dtype of the format", "w"),
    st("a dtype in lower case", one(dtype="f32"), bytes(4), "'f32' is no dtype of the format", "w"),
    st("a dtype that is a list", one(dtype=["F32"]), bytes(4), "['F32'] is no dtype of the format", "w"),
    st("a shape that is a number", one(shape=1), bytes(4), "its shape has to be a list", "w"),
    st("a shape that is an object", one(shape={}), bytes(4), "its shape has to be a list", "w"),
    st("a negative size", one(shape=[-1]), bytes(4), "its shape has to be a list of integers from 0 up", "w"),
    st("two negative sizes", one(shape=[-1, -1]), bytes(4), "its shape has to be a list of integers from 0 up", "w"),
    st("a size that is a float", one(shape=[1.0]), bytes(4), "its shape has to be a list of integers", "w"),
    st("a size that is true", one(shape=[True]), bytes(4), "its shape has to be a list of integers", "w"),
    st("a size that is text", one(shape=["1"]), bytes(4), "its shape has to be a list of integers", "w"),
    st("a product that wraps to 4 bytes", one(shape=[2**62 + 1, 4]), bytes(4), "larger than any memory", "w"),
    st("a product that wraps to nothing", one(shape=[2**32, 2**32]), bytes(4), "larger than any memory", "w"),
    st(
        "a product that passes 63 bits to 0",
        one(shape=[2**40, 2**40, 0], data_offsets=[0, 0]),
        b"",
        "larger than any",
        "w",
    ),
    st("a size beyond 64 bits", one(shape=[10**30]), bytes(4), "larger than any memory", "w"),
    st(
        "bits that fill no byte", one(dtype="F4", shape=[3], data_offsets=[0, 1]), b"\0", "do not fill whole bytes", "w"
    ),
    st("one offset", one(data_offsets=[0]), bytes(4), "have to be two integers", "w"),
    st("three offsets", one(data_offsets=[0, 4, 4]), bytes(4), "have to be two integers", "w"),
    st("offsets that are an object", one(data_offsets={"0": 4}), bytes(4), "have to be two integers", "w"),
    st("a negative offset", one(data_offsets=[-4, 0]), bytes(4), "have to be two integers from 0 up", "w"),
    st("an offset that is a float", one(data_offsets=[0.0, 4.0]), bytes(4), "have to be two integers", "w"),
    st("an offset that is false", one(data_offsets=[False, 4]), bytes(4), "have to be two integers", "w"),
    st("offsets that run backwards", one(data_offsets=[4, 0]), bytes(4), "run backwards", "w"),
    st("offsets beyond 64 bits", one(data_offsets=[2**64, 2**64 + 4]), bytes(4), "a hole", "w"),
    st(
        "more bytes than the shape needs",
        one(data_offsets=[0, 8]),
        bytes(8),
        "needs 4 bytes, its data_offsets span 8",
        "w",
    ),
    st("fewer bytes than the shape needs", one(shape=[1 << 30]), bytes(4), "needs 4294967296 bytes", "w"),
    st("an overlap", {"a": entry(), "w": entry(offsets=[2, 6])}, bytes(6), "an overlap: it begins at 2", "w"),
    st("the same bytes twice", {"a": entry(), "w": entry()}, bytes(4), "an overlap: it begins at 0", "w"),
    st(
        "an empty tensor inside another",
        {"a": entry(), "w": entry(shape=[0], offsets=[2, 2])},
        bytes(4),
        "an overlap",
        "w",
    ),
    st("a hole", {"a": entry(), "w": entry(offsets=[8, 12])}, bytes(12), "a hole: it begins at 8", "w"),
    st("a hole at the start", one(data_offsets=[4, 8]), bytes(8), "a hole: it begins at 4, the header ends at 0", "w"),
    st("bytes behind the last tensor", one(), bytes(5), "1 bytes follow the last tensor"),
    st("bytes and no tensor", {}, bytes(5), "5 bytes follow"),
    st("data that is cut", one(), bytes(3), "truncated: its tensors need 4 bytes of data, the file holds 3", "w"),
    st("no data", one(), b"", "truncated", "w"),
    *(st_raw(f"cut at byte {length}", TWO[:length], "" if length >= 8 else "truncated") for length in range(len(TWO))),
]

# MindSpore's .ckpt


def ck(label: str, content: bytes, cause: str, tensor: str | None = None) -> Bad:
    """A malformed `.ckpt`."""
    return Bad(f"ckpt: {label}", put("net.ckpt", content), cause, tensor)


def value(*fields: bytes) -> bytes:
    """A record of these fields, after its tag `w`."""
    return field(1, field(1, b"w") + b"".join(fields))


def claim(dims: tuple[int, ...], held: int = 4, tensor_type: str = "Float32") -> bytes:
    """A record whose dims are what they are, and which holds so many bytes."""
    return record("w", dims, tensor_type, bytes(held))


THREE = record("a", (3,), content=bytes(12)) + record("w", ()) + record("c", (1,), "Bool", b"\1")
BOUNDARIES = {len(record("a", (3,), content=bytes(12))), len(record("a", (3,), content=bytes(12)) + record("w", ()))}
"""Where a cut leaves whole records: nothing tells such a file from a whole one."""

LONG_VARINT = b"\xff" * 10 + b"\x01"

CKPT = [
    ck("nothing", b"", "the file is empty (0 bytes)"),
    ck("a pickle", b"\x80\x02}q\x00.", "a Python pickle"),
    ck("HDF5", b"\x89HDF\r\n\x1a\n" + bytes(30), "an HDF5 file"),
    ck("text", b"epoch 3, loss 0.1\n", "not a MindSpore checkpoint, or damaged"),
    ck("zeros", bytes(100), "byte 0 does not start a record"),
    ck("ones", b"\xff" * 100, "longer than 64 bits"),
    *(
        ck(
            f"encrypted with {mode}",
            mark + bytes(60),
            f"encrypted with {mode}: only `load_checkpoint` reads it, with the key",
        )
        for mode, mark in {
            "AES-GCM": b"\xd8\x5e\x3a\x7f",
            "AES-CBC": b"\xd9\x5e\x3a\x7f",
            "SM4-CBC": b"\xda\x5e\x3a\x7f",
        }.items()
    ),
    ck("4 GiB in 50 bytes", claim((1 << 30,), 16), "needs 4294967296 bytes, the file holds 16", "w"),
    ck("dims that need more", claim((2, 3)), "of dims [2, 3] needs 24 bytes, the file holds 4", "w"),
    ck("dims that need less", claim((1,), 8), "needs 4 bytes, the file holds 8", "w"),
    ck("dims of zero with content", claim((0, 4)), "needs 0 bytes, the file holds 4", "w"),
    ck("a negative dim", claim((2**64 - 1,)), "has a negative dim", "w"),
    ck("dims that wrap to 4 bytes", claim((2**62 + 1, 4)), "larger than any memory", "w"),
    ck("dims that wrap to nothing", claim((2**32, 2**32)), "larger than any memory", "w"),
    ck("a dim beyond 64 bits", value(field(2, b"\x08" + LONG_VARINT)), "longer than 64 bits", "w"),
    ck("a million dims", claim((1,) * 1_000_000, 8), "needs 4 bytes, the file holds 8", "w"),
    ck("an unknown type", claim((1,), tensor_type="Float31"), "does not read the tensor type 'Float31'", "w"),
    ck("an empty type", claim((1,), tensor_type=""), "does not read the tensor type ''", "w"),
    ck("no type", value(field(2, b"\x08\x01" + field(3, bytes(4)))), "has no tensor_type", "w"),
    ck("two types", value(field(2, field(2, b"Bool") * 2 + field(3, b"\0"))), "comes twice", "w"),
    ck("a type that is not UTF-8", value(field(2, field(2, b"\xff") + field(3, b""))), "a type at byte", "w"),
    ck("no content", value(field(2, b"\x08\x01" + field(2, b"Float32"))), "has no tensor_content", "w"),
    ck("content twice", value(field(2, field(2, b"Bool") + field(3, b"\0") * 2)), "comes twice", "w"),
    ck(
        "an unknown field of a tensor", value(field(2, tensor_proto((), "Bool", b"\0") + field(9, b""))), "field 9", "w"
    ),
    ck(
        "content that runs past its record",
        value(field(2, field(2, b"Bool") + b"\x1a\x05\0")),
        "runs past its record",
        "w",
    ),
    ck("a tensor that runs past its record", value(b"\x12\x7f" + bytes(4)) + record("b") * 40, "runs past", "w"),
    ck("no tag", field(1, field(2, tensor_proto((), "Bool", b"\0"))), "has no tag"),
    ck("two tags", value(field(1, b"v")), "comes twice in the record", "w"),
    ck("a tag that is not UTF-8", field(1, field(1, b"\xe9")), "is not UTF-8"),
    ck("a tag of 1 MB", field(1, field(1, b"w" * 1_000_000)), "a name at byte 8 has 1000000 bytes"),
    ck("no tensor", value(), "holds no tensor", "w"),
    ck("two tensors", value(field(2, b"") * 2), "comes twice in the record", "w"),
    ck("an empty record", b"\x0a\x00", "has no tag"),
    ck("a MapParameter", value(field(3, b"")), "it is a MapParameter", "w"),
    ck("an unknown field of a record", value(field(7, b"")), "starts field 7", "w"),
    ck("an unknown field of the file", record("w") + field(2, b""), "does not start a record"),
    *(
        ck(f"wire type {kind}", record("a") + value(bytes([1 << 3 | kind]) + bytes(8)), f"wire type {kind}", "w")
        for kind in (1, 3, 4, 5, 6, 7)
    ),
    ck("a tag that is a number", record("a") + field(1, b"\x08\x01"), "starts field 1"),
    ck(
        "a record of 2^63 bytes",
        b"\x0a" + varint(1 << 63) + field(1, b"w"),
        "its record at byte 0 has a length of",
        "w",
    ),
    ck("a length of eleven bytes", b"\x0a" + LONG_VARINT, "longer than 64 bits"),
    ck("zeros behind the last record", record("w") + bytes(20), "does not start a record"),
    ck("a tensor twice", record("w") * 2, "is stored twice", "w"),
    ck("a tensor twice, apart", record("w") + record("b") + record("w"), "is stored twice, with other tensors", "w"),
    ck(
        "parts of two types",
        record("w") + record("w", tensor_type="Int32"),
        "stored twice: Float32 [1], then Int32",
        "w",
    ),
    ck("parts of two shapes", record("w") + record("w", (2,)), "is stored twice: Float32 [1], then Float32 [2]", "w"),
    ck("parts that are too few", record("w", (4,)) * 3, "needs 16 bytes, the file holds 12", "w"),
    ck("a string that is no text", record("w", (0,), "str", b"abc"), "a string that is not UTF-32", "w"),
    ck("a string of half a letter", record("w", (0,), "str", b"\0\xd8\0\0"), "a string that is not UTF-32", "w"),
    ck("a string twice", record("w", (0,), "str") * 2, "is stored twice", "w"),
    ck("a string and a tensor", record("w", (0,), "str") + record("b") + record("w"), "is stored twice", "w"),
    ck("a checksum that is cut", record("w") + b"crc_num" + bytes(9), "does not start a record"),
    ck("a checksum between records", record("a") + b"crc_num" + bytes(10) + record("w"), "does not start a record"),
    *(ck(f"cut at byte {length}", THREE[:length], "") for length in range(1, len(THREE)) if length not in BOUNDARIES),
]

# PyTorch's files


def pt(label: str, content: bytes, cause: str) -> Bad:
    """A malformed file of torch.save."""
    return Bad(f"pytorch: {label}", put("net.pt", content), cause)


def saved(value: Any, data: bytes = bytes(4), **more: bytes) -> bytes:
    """A file of a value of stand-ins with one storage."""
    return archive({"data.pkl": pickled(value), "data/0": data, **more})


ONE = tensor(storage("float32", "0", 1), 0, (1,), (1,))
ZIPPED = zipped({"w": np.zeros(1, np.float32), "more": {"a": np.zeros((2, 3), np.float16).T}})
LEGACY = legacy({"w": np.zeros(1, np.float32), "more": {"a": np.zeros((2, 3), np.float16).T}})


def shared(width: int, depth: int) -> dict[str, Any]:
    """A tensor in a list many times, that in a list many times, and so on."""
    value: Any = [ONE] * width
    for _ in range(depth):
        value = [value] * width
    return {"w": value}


PYTORCH = [
    pt("nothing", b"", "is neither a zip archive nor a pickle"),
    pt("a pointer of Git LFS", b"version https://git-lfs.github.com/spec/v1\n", "run `git lfs pull`"),
    pt("another pickle", b"\x80\x02}q\x00.", "another program's pickle"),
    pt("a program in a pickle", saved({"w": Call(Global("os", "system"), ("true",))}), "asks for os.system"),
    pt("a module", saved(Call(Global("torch.nn", "Linear"), ())), "asks for torch.nn.Linear"),
    pt("a tensor alone", saved(ONE), "holds a tensor, where a dict"),
    pt("no tensor", saved({"epoch": 3}), "holds no tensor"),
    pt("tensors without end", saved(shared(100, 6)), "have no end"),
    pt("a name without end", saved({"x" * 100_000: [ONE] * 1000}), "have no end"),
    pt("a tensor of 2^62 bytes", saved({"w": tensor(storage("float32", "0", 1), 0, (1 << 60,), (0,))}), "more than"),
    pt("a tensor beyond its storage", saved({"w": tensor(storage("float32", "0", 1), 1, (1,), (1,))}), "beyond its"),
    pt("a storage that is cut", saved({"w": ONE}, bytes(3)), "has 3 bytes for the storage '0', which needs 4"),
    pt("a storage elsewhere", saved({"w": tensor(storage("float32", "../0", 1), 0, (1,), (1,))}), "without the entry"),
    pt("big-endian", saved({"w": ONE}, byteorder=b"big"), "big-endian"),
    pt("compressed", archive({"data.pkl": pickled({"w": ONE}), "data/0": bytes(4)}, compression=8), "compressed"),
    *(pt(f"an archive cut at {n}", ZIPPED[:n], "") for n in range(5, len(ZIPPED), 97)),
    *(pt(f"an old file cut at {n}", LEGACY[:n], "") for n in range(5, len(LEGACY), 41)),
]


# Both indices


def index(label: str, text: str | bytes, cause: str, tensor: str | None = None) -> list[Bad]:
    """An index that is malformed in itself, in both spellings; the shard `s.safetensors` holds `w`."""

    def writer(name: str) -> Callable[[Path], Path]:
        def write(folder: Path) -> Path:
            write_tensors(folder / "s.safetensors", {"w": (1,)})
            (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
            return folder / name

        return write

    return [Bad(f"{name}: {label}", writer(name), cause, tensor) for name in (HUB_INDEX, NAME_MAP)]


def mapped(label: str, shard: str, cause: str) -> list[Bad]:
    """An index that puts `w` into a file of this name."""
    return index(label, json.dumps({"weight_map": {"w": shard}}), cause, "w")


def shards(
    label: str, make: Callable[[Path], object], cause: str, tensor: str | None = "w", file: str | None = None
) -> list[Bad]:
    """An index that puts `w` into `s.safetensors` and `a` into `a.safetensors`; what `make` does to the folder is wrong."""

    def writer(name: str) -> Callable[[Path], Path]:
        def write(folder: Path) -> Path:
            (folder / name).write_text(json.dumps({"weight_map": {"a": "a.safetensors", "w": "s.safetensors"}}))
            write_tensors(folder / "a.safetensors", {"a": (1,)})
            make(folder)
            return folder / name

        return write

    return [Bad(f"{name}: {label}", writer(name), cause, tensor, file) for name in (HUB_INDEX, NAME_MAP)]


def bind(path: Path) -> None:
    """Make a socket."""
    with socket.socket(socket.AF_UNIX) as endpoint:
        previous = os.getcwd()
        os.chdir(path.parent)  # a socket's path is at most 107 bytes
        try:
            endpoint.bind(path.name)
        finally:
            os.chdir(previous)


S = "s.safetensors"
OUTSIDE = "is not inside the directory of the index"

INDEX_TEXT = json.dumps({"metadata": {"total_size": 4}, "weight_map": {"w": S}})

SHARDED = [
    *(
        case
        for length in range(len(INDEX_TEXT))
        for case in index(f"cut at byte {length}", INDEX_TEXT[:length], "JSON")
    ),
    *index("nothing", "", "is not JSON"),
    *index("a list", "[]", "is not a JSON object"),
    *index("cut", '{"weight_map": {"w": "s.sa', "is not JSON"),
    *index("Latin-1", b'{"weight_map": {"\xe9": "s.safetensors"}}', "is not UTF-8"),
    *index("lists in lists", "[" * 100_000, "nested too deep"),
    *index("a tensor twice", '{"weight_map": {"w": "s.safetensors", "w": "s.safetensors"}}', "the key 'w' twice"),
    *index("an empty map", '{"weight_map": {}}', "weight_map is empty"),
    *index("a map that is a list", '{"weight_map": ["s.safetensors"]}', "has no weight_map"),
    *index("a map that is null", '{"weight_map": null}', "has no weight_map"),
    *index("a file that is a number", '{"weight_map": {"w": 1}}', "its file has to be a name, not 1", "w"),
    *index("a file that is a list", '{"weight_map": {"w": ["s.safetensors"]}}', "its file has to be a name", "w"),
    *index("a name of half a letter", '{"weight_map": {"w": "\\udc80.safetensors"}}', "a lone surrogate"),
    *mapped("a file above", f"../{S}", OUTSIDE),
    *mapped("a file above a folder below", f"a/../../{S}", OUTSIDE),
    *mapped("an absolute path", f"/etc/{S}", OUTSIDE),
    *mapped("two slashes", f"//etc/{S}", OUTSIDE),
    *mapped("a path of Windows", f"..\\{S}", OUTSIDE),
    *mapped("a drive", f"C:{S}", OUTSIDE),
    *mapped("a share", f"\\\\host\\share\\{S}", OUTSIDE),
    *mapped("a NUL", f"\0{S}", OUTSIDE),
    *mapped("no name", "", OUTSIDE),
    *mapped("a dot", ".", OUTSIDE),
    *mapped("a pickle that is not there", "pytorch_model.bin", "the shard 'pytorch_model.bin' is missing"),
    *mapped("the index itself", HUB_INDEX, "is neither a .safetensors file nor a .bin of PyTorch"),
    *mapped("a name of 5000 letters", "x" * 5000 + S, "cannot be opened"),
    *mapped("a file in a file", f"{S}/{S}", "cannot be opened"),
    *mapped("a shard that is not there", "t.safetensors", "the shard 't.safetensors' is missing"),
    *shards("no shard", lambda folder: None, "the shard 's.safetensors' is missing"),
    *shards("a link that leads nowhere", lambda folder: (folder / S).symlink_to("../blobs/1"), "is missing"),
    *shards("a link to itself", lambda folder: (folder / S).symlink_to(S), "cannot be opened"),
    *shards("a shard that is a directory", lambda folder: (folder / S).mkdir(), "is a directory", None, S),
    *shards("a shard that is a FIFO", lambda folder: os.mkfifo(folder / S), "is a FIFO", None, S),
    *shards(
        "a shard that is a link to a device",
        lambda folder: (folder / S).symlink_to("/dev/zero"),
        "is a device",
        None,
        S,
    ),
    *shards("a shard that is a socket", lambda folder: bind(folder / S), "is a socket", None, S),
    *shards("an empty shard", lambda folder: (folder / S).touch(), "truncated", None, S),
    *shards(
        "a malformed shard",
        lambda folder: (folder / S).write_bytes(safetensors_bytes(one(shape=[2]), bytes(4))),
        "needs 8 bytes",
        "w",
        S,
    ),
    *shards("a shard that lacks its tensor", lambda folder: write_tensors(folder / S, {}), "is not in 's.safetensors'"),
    *shards(
        "a tensor in two shards",
        lambda folder: write_tensors(folder / S, {"w": (1,), "a": (1,)}),
        "puts it into 'a.safetensors'",
        "a",
        S,
    ),
]

# Whatever is no regular file, under each suffix

KINDS: Mapping[str, tuple[Callable[[Path], object], str]] = {
    "a FIFO": (os.mkfifo, "is a FIFO"),
    "a socket": (bind, "is a socket"),
    "a link to a device": (lambda path: path.symlink_to("/dev/zero"), "is a device"),
}


def irregular(name: str, label: str) -> Bad:
    """Something of another kind under a checkpoint's name."""
    make, cause = KINDS[label]

    def write(folder: Path) -> Path:
        make(folder / name)
        return folder / name

    return Bad(f"{name}: {label}", write, cause)


IRREGULAR = [
    irregular(name, kind)
    for name in ("m.safetensors", "net.ckpt", "net.pt", HUB_INDEX, NAME_MAP, "blob")
    for kind in KINDS
]

# Directories


def folder_of(label: str, names: list[str], cause: str) -> Bad:
    """A directory of empty files."""

    def write(folder: Path) -> Path:
        directory = folder / "repository"
        directory.mkdir()
        for name in names:
            (directory / name).touch()
        return directory

    return Bad(f"directory: {label}", write, cause)


DIRECTORIES = [
    folder_of("empty", [], "the directory is empty"),
    folder_of("a config alone", ["config.json"], "a config.json and no weights"),
    folder_of("an adapter", ["adapter_config.json", "adapter_model.bin"], "an adapter of PEFT"),
    folder_of("of DeepSpeed", ["zero_to_fp32.py", "latest"], "a checkpoint of DeepSpeed"),
    folder_of("of several GGUF", ["m.Q4_K_M.gguf", "m.Q8_0.gguf"], "holds m.Q4_K_M.gguf, m.Q8_0.gguf; give the path"),
    folder_of("of TensorFlow", ["config.json", "tf_model.h5"], "weights of TensorFlow"),
    folder_of(
        "a set that is not complete", ["m-00001-of-00002.safetensors"], "m-00002-of-00002.safetensors is missing"
    ),
    folder_of("what trainers leave", ["optimizer.pt", "rng_state_0.pth"], "holds no .safetensors"),
]

GGUF = [Bad(f"gguf: {label}", put("m.gguf", content), *cause) for label, content, *cause in MALFORMED]

BAD = [*SAFETENSORS, *CKPT, *PYTORCH, *SHARDED, *GGUF, *IRREGULAR, *DIRECTORIES]

# Legal, and seldom seen


def linked(folder: Path) -> Path:
    """The hub's cache: the names are links to blobs in another folder."""
    blobs, snapshot = folder / "blobs", folder / "snapshots" / "1"
    blobs.mkdir()
    snapshot.mkdir(parents=True)
    write_tensors(blobs / "1", {"w": (1,)})
    (blobs / "2").write_text(json.dumps({"metadata": {}, "weight_map": {"w": "s.safetensors"}}))
    (snapshot / S).symlink_to("../../blobs/1")
    (snapshot / HUB_INDEX).symlink_to("../../blobs/2")
    return snapshot


def below(folder: Path) -> Path:
    """Shards in a folder below that of the index."""
    (folder / "weights").mkdir()
    write_tensors(folder / "weights" / S, {"w": (1,)})
    return put(HUB_INDEX, json.dumps({"weight_map": {"w": f"weights/{S}"}}).encode())(folder)


F32 = ("float32", (1,))


def good_st(label: str, header: Any, data: bytes, **tensors: tuple[str, tuple[int, ...]]) -> Good:
    """A legal safetensors file."""
    return Good(f"safetensors: {label}", put("m.safetensors", safetensors_bytes(header, data)), tensors)


def good_ck(label: str, content: bytes, **tensors: tuple[str, tuple[int, ...]]) -> Good:
    """A legal `.ckpt`."""
    return Good(f"ckpt: {label}", put("net.ckpt", content), tensors)


def good_pt(label: str, content: bytes, **tensors: tuple[str, tuple[int, ...]]) -> Good:
    """A legal file of torch.save."""
    return Good(f"pytorch: {label}", put("net.bin", content), tensors)


def parts(form: str, write: Callable[[Path, str], object]) -> Callable[[Path], Path]:
    """A set of two files without an index."""

    def writes(folder: Path) -> Path:
        for number, name in enumerate("wa", 1):
            write(folder / form.format(number), name)
        return folder

    return writes


def index_is_older(folder: Path) -> Path:
    """An index that names less than its shard holds."""
    write_tensors(folder / S, {"w": (1,), "v": (1,)})
    return put(HUB_INDEX, json.dumps({"weight_map": {"w": S}}).encode())(folder)


def bin_shards(folder: Path) -> Path:
    """PyTorch's shards, and their index."""
    (folder / "a.bin").write_bytes(zipped({"w": np.zeros(1, np.float32)}))
    return put("pytorch_model.bin.index.json", b'{"weight_map": {"w": "a.bin"}}')(folder)


GOOD = [
    *(Good(f"gguf: {label}", put("m.gguf", content), tensors) for label, content, tensors in LEGAL),
    Good("a GGUF file without a suffix", put("blob", LEGAL[0][1]), LEGAL[0][2]),
    good_pt("an archive", zipped({"w": np.zeros(1, np.float32), "epoch": 3}), w=F32),
    good_pt("an old file", legacy({"w": np.zeros(1, np.float32)}), w=F32),
    good_pt("without a byte order", zipped({"w": np.zeros(1, np.float32)}, order=None), w=F32),
    good_pt("a tensor twice", saved({"w": ONE, "a": ONE}), w=F32, a=F32),
    good_pt("a list", saved({"w": ONE, "more": [ONE, (ONE,)]}), **{"w": F32, "more.0": F32, "more.1.0": F32}),
    Good("an archive without a suffix", put("blob", zipped({"w": np.zeros(1, np.float32)})), {"w": F32}),
    Good("shards of PyTorch", bin_shards, {"w": F32}),
    Good("an index that names less than there is", index_is_older, {"w": F32, "v": F32}),
    Good(
        "a set without an index",
        parts("m-{:05}-of-00002.safetensors", lambda path, name: write_tensors(path, {name: (1,)})),
        {"w": F32, "a": F32},
    ),
    Good(
        "a set of PyTorch without an index",
        parts("m-{:05}-of-00002.bin", lambda path, name: path.write_bytes(zipped({name: np.zeros(1, np.float32)}))),
        {"w": F32, "a": F32},
    ),
    good_st("no tensors", {}, b""),
    good_st("metadata alone", {"__metadata__": {"format": "pt"}}, b""),
    good_st("metadata that is null", {"__metadata__": None, "w": entry()}, bytes(4), w=F32),
    good_st("padding", json.dumps(one()).encode() + b" \n\t\r" * 9, bytes(4), w=F32),
    good_st("an unsorted header", {"w": entry(offsets=[4, 8]), "a": entry()}, bytes(8), w=F32, a=F32),
    good_st("metadata of a tensor's name", {"__metadata__": {"w": "x"}, "w": entry()}, bytes(4), w=F32),
    good_st(
        "misaligned data",
        {"a": entry("U8", [1], [0, 1]), "w": entry(offsets=[1, 5])},
        bytes(5),
        a=("uint8", (1,)),
        w=F32,
    ),
    good_st(
        "empty tensors anywhere",
        {"a": entry(shape=[0], offsets=[4, 4]), "w": entry(), "b": entry(shape=[3, 0], offsets=[0, 0])},
        bytes(4),
        a=("float32", (0,)),
        w=F32,
        b=("float32", (3, 0)),
    ),
    good_st("a scalar", one(shape=[]), bytes(4), w=("float32", ())),
    good_st("forty dimensions", one(shape=[1] * 40), bytes(4), w=("float32", (1,) * 40)),
    good_st("a field more", one(quantization="none"), bytes(4), w=F32),
    good_st("an empty name", {"": entry()}, bytes(4), **{"": F32}),
    good_st("any letters", {"größe/😀\n": entry()}, bytes(4), **{"größe/😀\n": F32}),
    good_st("letters as escapes", b'{"\\ud83d\\ude00":' + json.dumps(entry()).encode() + b"}", bytes(4), **{"😀": F32}),
    good_st("a dtype that MindSpore lacks", one(dtype="F8_E8M0", shape=[4]), bytes(4), w=("F8_E8M0", (4,))),
    good_ck("a scalar, and an older one", record("w", ()) + record("b", (0,)), w=("float32", ()), b=("float32", ())),
    good_ck(
        "an empty tensor",
        record("w", (0,), content=b"") + record("b", (2, 0), content=b""),
        w=("float32", (0,)),
        b=("float32", (2, 0)),
    ),
    good_ck("strings", record("w") + record("note", (0,), "str", "é".encode("utf-32-le")), w=F32),
    good_ck("a string of zeros", record("note", (0,), "str") + record("w"), w=F32),
    good_ck("parts", record("w", (3,)) * 3 + record("b"), w=("float32", (3,)), b=F32),
    good_ck("an empty part", record("w", content=b"") + record("w"), w=F32),
    good_ck(
        "packed dims",
        value(field(2, field(1, b"\x02\x03") + field(2, b"Float32") + field(3, bytes(24)))),
        w=("float32", (2, 3)),
    ),
    good_ck(
        "another order of fields",
        field(1, field(2, field(3, bytes(4)) + field(2, b"Float32")) + field(1, b"w")),
        w=("float32", ()),
    ),
    good_ck(
        "lengths in more bytes than needed", b"\x0a" + bytes([0x80 | len(record("w")) - 2, 0]) + record("w")[2:], w=F32
    ),
    good_ck("an empty tag", record(""), **{"": F32}),
    good_ck("a checksum", record("w") + b"crc_num" + bytes(10), w=F32),
    good_ck(
        "content that ends like a checksum", record("w", (17,), "UInt8", b"crc_num" + bytes(10)), w=("uint8", (17,))
    ),
    good_ck("a type that numpy lacks", record("w", (2,), "Int4", bytes(1)), w=("Int4", (2,))),
    Good("links of the hub's cache", linked, {"w": F32}),
    Good("shards in a folder below", below, {"w": F32}),
    Good("a name without a suffix", put("blob", safetensors_bytes(one(), bytes(4))), {"w": F32}),
    Good("a .ckpt without a suffix", put("blob", record("w")), {"w": F32}),
]
