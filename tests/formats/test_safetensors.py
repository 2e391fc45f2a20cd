"""Tests of `lazycell.formats._safetensors`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import safetensors
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell._errors import CheckpointFormatError
from lazycell.formats._safetensors import _BITS, _DTYPES, _UNSUPPORTED, parse_header, read_safetensors
from lazycell.reading._read import read_tensor

from .files import entry, safetensors_bytes


def refusal(path: Path, header: Any, data: bytes = b"") -> str:
    """Give the message with which a file is refused, without the file's name."""
    path.write_bytes(safetensors_bytes(header, data))
    with pytest.raises(CheckpointFormatError) as caught:
        read_safetensors(path)
    prefix, message = str(caught.value)[: len(f"{path}: ")], str(caught.value)[len(f"{path}: ") :]
    assert prefix == f"{path}: "
    return message


def test_reads_what_the_library_wrote(tmp_path: Path) -> None:
    """Names, dtypes, shapes, metadata and bytes are those that safetensors saved."""
    path = tmp_path / "m.safetensors"
    arrays = {
        "b.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
        "a.ids": np.arange(5, dtype=np.int64),
        "scalar": np.array(2.5, np.float64),
        "empty": np.zeros((0, 4), np.float16),
        "flag": np.array([True, False]),
        "half": np.arange(3).astype(ml_dtypes.bfloat16),
    }
    safetensors.numpy.save_file(arrays, path, metadata={"format": "np", "scalar": "also a tensor's name"})
    header = read_safetensors(path)
    assert header.format == "safetensors"
    assert header.path == path
    assert header.metadata == {"format": "np", "scalar": "also a tensor's name"}
    assert header.tensors.keys() == arrays.keys()
    for name, array in arrays.items():
        read = read_tensor(header.tensors[name])
        assert read.dtype == array.dtype
        assert read.shape == array.shape
        assert read.tobytes() == array.tobytes()


def test_every_dtype_of_the_format_is_known(tmp_path: Path) -> None:
    """The library's own list of dtypes, from its error message, is that of those read or refused by name."""
    path = tmp_path / "m.safetensors"
    path.write_bytes(safetensors_bytes({"a": entry("X")}, bytes(4)))
    with pytest.raises(Exception, match="expected one of") as caught, safetensors.safe_open(path, "np"):
        pass
    listed = str(caught.value).partition("expected one of")[2].partition(" at line")[0]
    names = {name.strip("` ") for name in listed.split(",")}
    assert names == _DTYPES.keys() | _UNSUPPORTED.keys()


@pytest.mark.parametrize("name", sorted(_DTYPES))
def test_each_dtype_maps_to_its_size(name: str) -> None:
    """A tensor of each dtype is read with the right element size."""
    size = {"C64": 8, "BOOL": 1}.get(name) or int("".join(filter(str.isdigit, name.split("_")[0].lstrip("BF")))) // 8
    raw = safetensors_bytes({"a": entry(name, [2], [0, 2 * size])})[8:]
    tensors, _ = parse_header(raw, data_start=0, file_size=2 * size, path=Path("f"))
    assert tensors["a"].itemsize == size


@pytest.mark.parametrize("name", sorted(_UNSUPPORTED))
def test_dtypes_that_mindspore_lacks_are_marked(tmp_path: Path, name: str) -> None:
    """A legal file with such a tensor is read; the tensor says that it cannot be, under the format's name."""
    size = {"F4": 2, "F6_E2M3": 3, "F6_E3M2": 3}.get(name, 4)
    path = tmp_path / "m.safetensors"
    path.write_bytes(
        safetensors_bytes({"w": entry(name, [4], [0, size]), "b": entry(offsets=[size, size + 4])}, bytes(size + 4))
    )
    with safetensors.safe_open(path, "np") as file:
        assert set(file.keys()) == {"w", "b"}
    tensors = read_safetensors(path).tensors
    assert (tensors["w"].dtype, tensors["w"].shape, tensors["w"].nbytes) == (name, (4,), size)
    assert (tensors["w"].is_readable, tensors["b"].is_readable) == (False, True)
    with pytest.raises(CheckpointFormatError, match=f"tensor 'w': lazycell does not read its dtype {name}"):
        tensors["w"].itemsize
    message = refusal(path, {"w": entry(name, [4], [0, size + 1])}, bytes(size + 1))
    assert message == f"tensor 'w': {name} of shape [4] needs {size} bytes, its data_offsets span {size + 1}"


def test_elements_have_to_fill_bytes(tmp_path: Path) -> None:
    """Three elements of four bits are a byte and a half."""
    message = refusal(tmp_path / "m.safetensors", {"w": entry("F4", [3], [0, 2])}, bytes(2))
    assert message == "tensor 'w': F4 of shape [3] is 12 bits, which do not fill whole bytes"


def test_four_bit_tensors_of_mindspore_are_marked(tmp_path: Path) -> None:
    """MindSpore stores its `qint4x2` as bytes, and the dtype in the metadata; elsewhere the word means nothing."""
    path = tmp_path / "m.safetensors"
    tensors = {"w": entry("I8", [4], [0, 4]), "Int4": entry("I8", [1], [4, 5])}
    for program, expected in (("ms", "Int4"), ("pt", "int8")):
        path.write_bytes(safetensors_bytes({"__metadata__": {"format": program, "w": "Int4"}, **tensors}, bytes(5)))
        header = read_safetensors(path)
        assert [tensor.dtype for tensor in header.tensors.values()] == [expected, "int8"]


@pytest.mark.parametrize(
    ("header", "data"),
    [
        ({}, b""),
        ({"__metadata__": {}}, b""),
        (b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}   \n', bytes(4)),
        ({"z": entry(offsets=[4, 8]), "a": entry(offsets=[0, 4])}, bytes(8)),
        ({"a": entry("U8", [1], [0, 1]), "b": entry("F32", [1], [1, 5])}, bytes(5)),
        ({"a": entry("F32", [0], [4, 4]), "b": entry(), "c": entry("F32", [2, 0], [0, 0])}, bytes(4)),
        ({"__metadata__": {"a": "x"}, "a": entry()}, bytes(4)),
        ({"__metadata__": None, "a": entry() | {"more": 1}}, bytes(4)),
    ],
    ids=[
        "no tensors",
        "no metadata",
        "padded",
        "unsorted",
        "misaligned",
        "zero-size",
        "metadata=name",
        "extra",
    ],
)
def test_legal_but_unusual_files_are_read(tmp_path: Path, header: Any, data: bytes) -> None:
    """What the library accepts is accepted."""
    path = tmp_path / "m.safetensors"
    path.write_bytes(safetensors_bytes(header, data))
    with safetensors.safe_open(path, "np") as file:
        assert set(file.keys()) == set(read_safetensors(path).tensors)


@pytest.mark.parametrize(
    ("header", "data", "message"),
    [
        (
            {"a": entry("X")},
            bytes(4),
            f"tensor 'a': 'X' is no dtype of the format; those are {', '.join(_BITS)}",
        ),
        (
            {"a": entry(7)},
            bytes(4),
            f"tensor 'a': 7 is no dtype of the format; those are {', '.join(_BITS)}",
        ),
        ({"a": 1}, b"", "tensor 'a': has to be an object with dtype, shape and data_offsets, not 1"),
        ({"a": {"dtype": "F32", "shape": [1]}}, b"", "tensor 'a': has no data_offsets"),
        (
            {"a": entry(shape=[1.0])},
            bytes(4),
            "tensor 'a': its shape has to be a list of integers from 0 up, not [1.0]",
        ),
        (
            {"a": entry(shape=[True])},
            bytes(4),
            "tensor 'a': its shape has to be a list of integers from 0 up, not [True]",
        ),
        (
            {"a": entry(shape=[-1])},
            bytes(4),
            "tensor 'a': its shape has to be a list of integers from 0 up, not [-1]",
        ),
        (
            {"a": entry(shape=3)},
            bytes(4),
            "tensor 'a': its shape has to be a list of integers from 0 up, not 3",
        ),
        (
            {"a": entry(offsets=[0, 4, 8])},
            bytes(4),
            "tensor 'a': its data_offsets have to be two integers from 0 up, not [0, 4, 8]",
        ),
        ({"a": entry(offsets=[4, 0])}, bytes(4), "tensor 'a': its data_offsets [4, 0] run backwards"),
        (
            {"a": entry(shape=[2**32, 2**32])},
            bytes(4),
            "tensor 'a': its shape [4294967296, 4294967296] is larger than any memory",
        ),
        (
            {"a": entry(shape=[2])},
            bytes(4),
            "tensor 'a': F32 of shape [2] needs 8 bytes, its data_offsets span 4",
        ),
        (
            {"a": entry(), "b": entry(offsets=[8, 12])},
            bytes(12),
            "tensor 'b': a hole: it begins at 8, tensor 'a' ends at 4",
        ),
        (
            {"b": entry(offsets=[8, 12])},
            bytes(12),
            "tensor 'b': a hole: it begins at 8, the header ends at 0",
        ),
        (
            {"a": entry(), "b": entry("F32", [1], [2, 6])},
            bytes(6),
            "tensor 'b': an overlap: it begins at 2, tensor 'a' ends at 4",
        ),
        (
            {"a": entry(), "b": entry(offsets=[4, 8])},
            bytes(6),
            "truncated: its tensors need 8 bytes of data, the file holds 6; the last one is 'b'",
        ),
        ({"a": entry()}, bytes(6), "2 bytes follow the last tensor; the format allows none"),
        ({"__metadata__": {"a": 1}}, b"", "__metadata__: the value of 'a' has to be a string, not 1"),
        ({"__metadata__": [1]}, b"", "__metadata__ has to be an object of strings, not [1]"),
        (
            b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{}}',
            bytes(4),
            "the header gives the key 'a' twice",
        ),
        (
            b"{",
            b"",
            "the header is not JSON: Expecting property name enclosed in double quotes at character 1",
        ),
        (b"", b"more than two bytes", "the header is not JSON: Expecting value at character 0"),
        (
            b'{"\\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
            bytes(4),
            "the header holds '\\ud800', which is not Unicode text (a lone surrogate)",
        ),
    ],
)
def test_refusals(tmp_path: Path, header: Any, data: bytes, message: str) -> None:
    """Each rule of the format that a file breaks is named, with file and tensor."""
    assert refusal(tmp_path / "m.safetensors", header, data) == message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "truncated: the file has 0 bytes, a safetensors file at least 10"),
        (b"1234567", "truncated: the file has 7 bytes, a safetensors file at least 10"),
        ((50).to_bytes(8, "little") + b"{}", "truncated: its header needs 50 bytes, 2 follow its length"),
        (
            b"PK\x03\x04 and so on",
            "not a safetensors file: its first eight bytes promise a header of 7236828441365138256 bytes, "
            "the format allows 100000000 (it looks like a zip archive, as torch.save writes: that is read "
            "under a name ending in .pt)",
        ),
        (
            (100_000_001).to_bytes(8, "little") + b"{}",
            "not a safetensors file: its first eight bytes promise a header of 100000001 bytes, "
            "the format allows 100000000",
        ),
    ],
)
def test_files_that_are_cut_or_something_else(tmp_path: Path, content: bytes, message: str) -> None:
    """A file that cannot hold its header says so before anything is allocated."""
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointFormatError) as caught:
        read_safetensors(path)
    assert str(caught.value) == f"{path}: {message}"


def test_truncation_at_every_byte_is_refused(tmp_path: Path) -> None:
    """No prefix of a file passes for a whole one."""
    whole = safetensors_bytes({"a": entry(), "b": entry("U8", [3], [4, 7])}, bytes(7))
    path = tmp_path / "m.safetensors"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointFormatError):
            read_safetensors(path)


def test_the_data_is_not_read(tmp_path: Path) -> None:
    """A terabyte of data (a sparse file) costs nothing: only the header is read."""
    path = tmp_path / "m.safetensors"
    raw = safetensors_bytes({"a": entry("U8", [1 << 40], [0, 1 << 40])})
    path.write_bytes(raw)
    with path.open("r+b") as file:
        file.truncate(len(raw) + (1 << 40))
    assert read_safetensors(path).nbytes == 1 << 40


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda name: name != "__metadata__"),
        st.tuples(
            st.sampled_from(["float32", "float16", "int8", "int64", "bool", "uint16"]),
            st.lists(st.integers(0, 4), max_size=3),
        ),
        max_size=6,
    )
)
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, specs: dict[str, tuple[str, list[int]]]) -> None:
    """Whatever the library saves is found again, name by name."""
    path = tmp_path_factory.mktemp("round") / "m.safetensors"
    arrays = {
        name: np.arange(int(np.prod(shape, dtype=int))).astype(dtype).reshape(shape)
        for name, (dtype, shape) in specs.items()
    }
    safetensors.numpy.save_file(arrays, path)
    tensors = read_safetensors(path).tensors
    assert {name: (t.dtype, list(t.shape)) for name, t in tensors.items()} == specs
    for name, array in arrays.items():
        np.testing.assert_array_equal(read_tensor(tensors[name]), array)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), st.integers(0, 100))
def test_any_header_gives_tensors_or_the_one_error(raw: bytes, size: int) -> None:
    """Random bytes never raise anything else."""
    message = "f: "
    try:
        parse_header(raw, data_start=0, file_size=size, path=Path("f"))
    except CheckpointFormatError as error:
        message = str(error)
    assert message.startswith("f: ")
