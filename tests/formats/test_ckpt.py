"""Tests of `lazycell.formats._ckpt`."""

from __future__ import annotations

import binascii
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell import parameters
from lazycell._errors import CheckpointFormatError
from lazycell.formats import _ckpt, open_checkpoint
from lazycell.formats._ckpt import read_ckpt
from lazycell.reading._read import read_tensor

from .files import field, record, tensor_proto, varint

TYPES = {"Float32": "float32", "Float16": "float16", "Int64": "int64", "Bool": "bool", "UInt8": "uint8"}


def message(path: Path, content: bytes, **arguments: Any) -> str:
    """Give the message with which a file is refused, without the file's name."""
    path.write_bytes(content)
    with pytest.raises(CheckpointFormatError) as caught:
        read_ckpt(path, **arguments)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value)[len(f"{path}: ") :]


def test_reads_what_mindspore_wrote(tmp_path: Path) -> None:
    """Every kind of value MindSpore saves is found as MindSpore itself reads it back."""
    import mindspore as ms

    path = tmp_path / "net.ckpt"
    tensors = {
        "a.weight": ms.Tensor(np.arange(6, dtype=np.float32).reshape(2, 3)),
        "half": ms.Tensor(np.arange(4, dtype=np.float32)).astype(ms.bfloat16),
        "scalar": ms.Tensor(3.5, ms.float32),
        "flag": ms.Tensor(np.array([True, False])),
        "small": ms.Tensor(np.array([[1], [-2]], np.int8)),
    }
    saved = [{"name": name, "data": tensor} for name, tensor in tensors.items()]
    ms.save_checkpoint(saved, str(path), append_dict={"epoch": 3, "note": "größe"}, crc_check=True)
    header = read_ckpt(path)
    expected = ms.load_checkpoint(str(path))
    assert list(header.tensors) == [name for name in expected if name != "note"]
    assert header.metadata["note"] == expected["note"] == "größe"
    assert header.metadata["crc_num"] == str(binascii.crc32(path.read_bytes()[:-17]))
    for name, tensor in header.tensors.items():
        parameter = expected[name]
        assert (tensor.dtype, tensor.shape) == (str(parameter.dtype).lower(), parameter.shape)
        array = read_tensor(tensor)
        if name == "half":
            array = array.astype(np.float32)
            parameter = parameter.astype(ms.float32)
        np.testing.assert_array_equal(array, parameter.asnumpy())


MODES = ["AES-GCM", "AES-CBC", "SM4-CBC"]
KEY = b"0123456789abcdef"


def write_encrypted(path: Path, mode: str) -> None:
    """Let MindSpore encrypt one tensor."""
    import mindspore as ms

    ms.save_checkpoint([{"name": "w", "data": ms.Tensor([1.0, 2.0])}], str(path), enc_key=KEY, enc_mode=mode)


@pytest.mark.parametrize("mode", MODES)
def test_encrypted_by_mindspore(tmp_path: Path, mode: str) -> None:
    """Each of MindSpore's ciphers is recognized, and the way out is told."""
    path = tmp_path / "net.ckpt"
    write_encrypted(path, mode)
    with pytest.raises(CheckpointFormatError) as caught:
        read_ckpt(path)
    argument = "" if mode == "AES-GCM" else f', dec_mode="{mode}"'
    assert str(caught.value) == (
        f"{path}: the checkpoint is encrypted with {mode}: only `load_checkpoint` reads it, with the key "
        f"it was saved with, dec_key=…{argument}"
    )


@pytest.mark.parametrize("mode", MODES)
def test_decrypted_content_is_scanned_in_memory(tmp_path: Path, mode: str) -> None:
    """What MindSpore itself decrypts is found, and nothing refers to the file."""
    from lazycell.parameters import decryption

    path = tmp_path / "net.ckpt"
    write_encrypted(path, mode)
    tensor = read_ckpt(path, decrypt=decryption(KEY, mode)).tensors["w"]
    path.unlink()
    content = bytearray(tensor.nbytes)
    tensor.ranges[0].read_into(memoryview(content), 0)
    assert (tensor.dtype, tensor.shape, bytes(content)) == ("float32", (2,), np.float32([1, 2]).tobytes())


def test_content_that_is_no_checkpoint_after_decryption(tmp_path: Path) -> None:
    """A wrong key may give bytes all the same: the message thinks of it."""
    path = tmp_path / "net.ckpt"
    write_encrypted(path, "AES-CBC")
    with pytest.raises(CheckpointFormatError) as caught:
        read_ckpt(path, decrypt=lambda path: b"GGUF and so on")
    assert str(caught.value) == (
        f"{path}: not a MindSpore checkpoint, or damaged: byte 0 does not start a record (it looks like "
        "a GGUF file of llama.cpp: that is read under a name ending in .gguf) (after it was decrypted: is the key the right one?)"
    )


def test_key_for_a_file_that_is_not_encrypted(tmp_path: Path) -> None:
    """Who gives a key expects a file that nobody else could write: a plain one is not taken for it."""
    assert message(tmp_path / "net.ckpt", record("a"), decrypt=lambda path: record("a")) == (
        "the checkpoint is not encrypted: load it without `dec_key`"
    )


@pytest.mark.parametrize("tensor_type", ["Int4", "HiFloat8"])
def test_types_that_numpy_lacks_are_marked(tmp_path: Path, tensor_type: str) -> None:
    """MindSpore saves them: the file is read, and the tensor says that it cannot be."""
    path = tmp_path / "net.ckpt"
    path.write_bytes(record("q", (3,), tensor_type, bytes(3)) + record("a"))
    tensors = read_ckpt(path).tensors
    assert (tensors["q"].dtype, tensors["q"].shape, tensors["q"].nbytes) == (tensor_type, (3,), 3)
    assert (tensors["q"].is_readable, tensors["a"].is_readable) == (False, True)


def test_strings_and_numbers_of_append_dict(tmp_path: Path) -> None:
    """As MindSpore reads them back: strings, the empty one too, and scalars."""
    import mindspore as ms

    path = tmp_path / "net.ckpt"
    extra = {"epoch": 3, "rate": 0.5, "last": True, "none": "", "note": "größe"}
    ms.save_checkpoint([{"name": "w", "data": ms.Tensor([1.0])}], str(path), append_dict=extra)
    header, expected = read_ckpt(path), ms.load_checkpoint(str(path))
    assert header.metadata == {key: value for key, value in expected.items() if isinstance(value, str)}
    assert header.metadata == {"none": "", "note": "größe"}
    for name in ("epoch", "rate", "last"):
        assert header.tensors[name].shape == expected[name].shape == ()
        assert read_tensor(header.tensors[name]) == expected[name].asnumpy()


def test_parts_of_a_tensor_are_joined(tmp_path: Path) -> None:
    """Consecutive values of one tag, as MindSpore writes tensors over 512 MB, are ranges of one tensor."""
    data = np.arange(6, dtype=np.float32)
    path = tmp_path / "net.ckpt"
    cut = [data.tobytes()[:10], data.tobytes()[10:20], data.tobytes()[20:]]
    path.write_bytes(b"".join(record("w", (2, 3), content=piece) for piece in cut) + record("b"))
    header = read_ckpt(path)
    assert list(header.tensors) == ["w", "b"]
    assert len(header.tensors["w"].ranges) == 3
    np.testing.assert_array_equal(read_tensor(header.tensors["w"]), data.reshape(2, 3))


def test_large_tensor_is_split_by_mindspore_the_same_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MindSpore's own splitting, with its limit lowered from 512 MB, is read back whole."""
    import mindspore as ms
    from mindspore.train import serialization

    monkeypatch.setattr(serialization, "SLICE_SIZE", 1)  # kB
    data = np.random.default_rng(0).normal(size=(30, 33)).astype(np.float32)
    path = tmp_path / "net.ckpt"
    ms.save_checkpoint([{"name": "w", "data": ms.Tensor(data)}], str(path))
    tensor = read_ckpt(path).tensors["w"]
    assert len(tensor.ranges) == 4
    np.testing.assert_array_equal(read_tensor(tensor), data)


def test_scalars_and_empty_tensors(tmp_path: Path) -> None:
    """No dims is a scalar; dims [0] is one too, as older files have it, unless there is no content."""
    path = tmp_path / "net.ckpt"
    path.write_bytes(record("new", ()) + record("old", (0,)) + record("none", (0,), content=b""))
    assert {name: t.shape for name, t in read_ckpt(path).tensors.items()} == {
        "new": (),
        "old": (),
        "none": (0,),
    }


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "the file is empty (0 bytes): it was never written to the end"),
        (
            b"PK\x03\x04" + bytes(40),
            "not a MindSpore checkpoint, or damaged: byte 0 does not start a record (it looks like a zip "
            "archive, as torch.save writes: that is read under a name ending in .pt)",
        ),
        (
            record("a") + b"\x12\x00",
            "not a MindSpore checkpoint, or damaged: byte 24 does not start a record",
        ),
        (
            record("a") + record("b")[:-1],
            "tensor 'b': truncated: its record needs 1 bytes more than the file has",
        ),
        (record("a", (2, 3)), "tensor 'a': Float32 of dims [2, 3] needs 24 bytes, the file holds 4"),
        (record("a", (2**62, 4)), "tensor 'a': its dims [4611686018427387904, 4] are larger than any memory"),
        (record("a", (2**64 - 1, 3)), "tensor 'a': has a negative dim, -1, in [-1, 3]"),
        (record("a", (3, 2**63)), "tensor 'a': has a negative dim, -9223372036854775808, in [3, -9223372036854775808]"),
        (record("a") + record("b") + record("a"), "tensor 'a': is stored twice, with other tensors between"),
        (record("a") + record("a"), "tensor 'a': is stored twice"),
        (record("a") + record("a", (2,)), "tensor 'a': is stored twice: Float32 [1], then Float32 [2]"),
        (record("a", (1,), "Float31"), "tensor 'a': lazycell does not read the tensor type 'Float31'"),
        (
            field(1, field(2, tensor_proto((1,), "Float32", bytes(4)))),
            "not a MindSpore checkpoint, or damaged: the record at byte 0 has no tag",
        ),
        (field(1, field(1, b"a")), "tensor 'a': its record holds no tensor"),
        (
            field(1, field(1, b"a") + field(2, b"\x08\x01" + field(3, bytes(4)))),
            "tensor 'a': its record has no tensor_type",
        ),
        (
            field(1, field(1, b"a") + field(2, field(2, b"Float32"))),
            "tensor 'a': its record has no tensor_content",
        ),
        (
            field(1, field(1, b"a") + field(3, b"")),
            "tensor 'a': it is a MapParameter, which lazycell does not read",
        ),
        (
            field(1, field(1, b"a") + field(1, b"b")),
            "tensor 'a': field 1 comes twice in the record, at byte 5",
        ),
        (
            field(1, field(1, b"\xff")),
            "not a MindSpore checkpoint, or damaged: a name at byte 4 is not UTF-8",
        ),
        (
            field(1, field(1, b"a" * 70_000)),
            "not a MindSpore checkpoint, or damaged: a name at byte 8 has 70000 bytes; at most 65536 are read",
        ),
        (record("s", (0,), "str", b"abc"), "tensor 's': is a string that is not UTF-32"),
    ],
)
def test_refusals(tmp_path: Path, content: bytes, expected: str) -> None:
    """What cannot be a sound checkpoint is refused, with the tensor and the cause."""
    assert message(tmp_path / "net.ckpt", content) == expected


def test_the_data_is_not_read(tmp_path: Path) -> None:
    """A tensor of 256 GB (a sparse file) costs nothing: its content is passed over."""
    count = 1 << 38
    proto_start = b"\x08" + varint(count) + field(2, b"UInt8") + b"\x1a" + varint(count)
    value_start = field(1, b"w") + b"\x12" + varint(len(proto_start) + count) + proto_start
    start = b"\x0a" + varint(len(value_start) + count) + value_start
    path = tmp_path / "net.ckpt"
    with path.open("wb") as file:
        file.write(start)
        file.seek(len(start) + count)
        file.write(record("b"))
    header = read_ckpt(path)
    assert header.tensors["w"].nbytes == count
    assert header.tensors["b"].shape == (1,)


def test_what_is_kept_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, dims and strings may not fill the memory, however many there are; the tensors' data do not count."""
    monkeypatch.setattr(_ckpt, "_MAX_HEADER", 1000)
    path = tmp_path / "net.ckpt"
    path.write_bytes(record("a", (50_000,), "UInt8", bytes(50_000)) + record("s", (0,), "str", bytes(400)))
    assert read_ckpt(path).metadata == {"s": ""}
    cause = "what precedes it has over 1000 bytes besides the tensors' data"
    assert message(path, record("a") + record("s", (0,), "str", bytes(1000)) + record("b")) == f"tensor 's': {cause}"
    assert message(path, record("a" * 900) + record("b" * 100)) == f"tensor '{'b' * 100}': {cause}"
    assert message(path, record("a", (1,) * 500) + record("b")) == f"tensor 'a': {cause}"


def test_bfloat16_is_exact(tmp_path: Path) -> None:
    """All 65,536 patterns, as MindSpore writes them in either format; with NumPy 2 it writes no safetensors of them."""
    import mindspore as ms
    import ml_dtypes

    from lazycell.parameters._framework import NUMPY_HAS_NO_BFLOAT16

    bits = np.arange(1 << 16, dtype=np.uint16)
    tensor = parameters.tensor_of(bits.view(ml_dtypes.bfloat16))
    for format in ("ckpt",) if NUMPY_HAS_NO_BFLOAT16 else ("ckpt", "safetensors"):
        path = tmp_path / f"net.{format}"
        ms.save_checkpoint([{"name": "w", "data": tensor}], str(path), format=format)
        np.testing.assert_array_equal(read_tensor(open_checkpoint(path).tensors["w"]).view(np.uint16), bits)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])),
        st.tuples(st.sampled_from(sorted(TYPES)), st.lists(st.integers(1, 40), max_size=3), st.integers(1, 3)),
        min_size=1,
        max_size=8,
    )
)
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, specs: dict[str, tuple[str, list[int], int]]) -> None:
    """Whatever tensors are encoded, in one part or several, are found with their bytes."""
    path = tmp_path_factory.mktemp("round") / "net.ckpt"
    content, arrays = b"", {}
    for name, (tensor_type, shape, parts) in specs.items():
        array = np.arange(int(np.prod(shape, dtype=int))).astype(TYPES[tensor_type]).reshape(shape)
        arrays[name], raw = array, array.tobytes()
        step = -(-len(raw) // parts)
        for start in range(0, len(raw), step):
            content += record(name, tuple(shape), tensor_type, raw[start : start + step])
    path.write_bytes(content)
    tensors = read_ckpt(path).tensors
    assert list(tensors) == list(specs)
    for name, array in arrays.items():
        read = read_tensor(tensors[name])
        assert read.dtype == array.dtype
        np.testing.assert_array_equal(read, array)


_LENGTHS = {
    "tag": lambda length: field(1, b"\x0a" + varint(length) + b"w"),
    "tensor": lambda length: field(1, field(1, b"w") + b"\x12" + varint(length)),
    "dims": lambda length: field(1, field(1, b"w") + field(2, b"\x0a" + varint(length))),
    "tensor_type": lambda length: field(1, field(1, b"w") + field(2, b"\x08\x01\x12" + varint(length))),
    "tensor_content": lambda length: field(
        1, field(1, b"w") + field(2, b"\x08\x01" + field(2, b"Float32") + b"\x1a" + varint(length))
    ),
}


@pytest.mark.parametrize("name", _LENGTHS)
@pytest.mark.parametrize("length", [1 << 40, 1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
def test_a_length_that_no_file_has_is_told_with_its_field(tmp_path: Path, name: str, length: int) -> None:
    path = tmp_path / "net.ckpt"
    path.write_bytes(_LENGTHS[name](length))
    with pytest.raises(CheckpointFormatError) as caught:
        read_ckpt(path)
    assert f"its field {name} at byte " in str(caught.value)
    assert f" runs past its record: it has a length of {length}, and " in str(caught.value)


@pytest.mark.parametrize("length", [1 << 63, (1 << 64) - 1])
def test_a_record_of_2_63_bytes_was_not_cut(tmp_path: Path, length: int) -> None:
    path = tmp_path / "net.ckpt"
    path.write_bytes(record("a") + b"\x0a" + varint(length) + field(1, b"w"))
    with pytest.raises(CheckpointFormatError) as caught:
        read_ckpt(path)
    told = f"{path}: tensor 'w': its record at byte {len(record('a'))} has a length of {length}, which is 2^63 or more"
    assert str(caught.value) == told
