"""Writing safetensors: what three readers make of it, and its checksums."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from hypothesis import example, given, settings

from lazycell import CheckpointError
from lazycell.formats import ByteRange, open_checkpoint
from lazycell.saving import _write_safetensors
from lazycell.saving._write_safetensors import CRC32, plan_safetensors
from lazycell.system._allocate import Array

from ..loading.strategies import COMMON, checkpoints
from .saved import contents, load_arrays, same_arrays, save_arrays

pytestmark = pytest.mark.usefixtures("no_flush")

DTYPES = (*COMMON, "float8_e4m3fn", "float8_e5m2", "complex64")

# MindSpore's reader makes arrays, and with NumPy 2 none of bfloat16.
READ_BY_MINDSPORE = tuple(name for name in COMMON if name != "bfloat16" or np.__version__ < "2")


def header_of(path: Path) -> dict[str, dict[str, object]]:
    """Read the header as JSON, in the file's order."""
    raw = path.read_bytes()
    return json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])


@settings(max_examples=80, deadline=None)
@given(checkpoints(DTYPES))
@example({"a.0": np.float32(3).reshape(()), "empty": np.zeros((0, 4), np.int8), 'ä"\\\n': np.ones(3, np.float64)})
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, arrays: dict[str, Array]) -> None:
    """Our reader gives back every name, dtype, shape and bit, each tensor aligned to its element size."""
    path = tmp_path_factory.mktemp("round") / "net.safetensors"
    save_arrays(path, arrays)
    assert same_arrays(load_arrays(path), arrays)
    for tensor in open_checkpoint(path).tensors.values():
        (place,) = tensor.ranges
        assert isinstance(place, ByteRange)
        assert place.start % tensor.itemsize == 0


@settings(max_examples=80, deadline=None)
@given(checkpoints(DTYPES, min_size=1))
def test_the_bytes_are_those_of_the_reference_implementation(
    tmp_path_factory: pytest.TempPathFactory, arrays: dict[str, Array]
) -> None:
    """Given the same metadata, Hugging Face's library writes the same file."""
    path = tmp_path_factory.mktemp("same") / "net.safetensors"
    # A single string of metadata: the library orders several at random.
    save_arrays(path, arrays, metadata={})
    metadata = header_of(path)["__metadata__"]
    assert set(metadata) <= {CRC32}
    assert path.read_bytes() == safetensors.numpy.save(arrays, metadata)


@settings(max_examples=40, deadline=None)
@given(checkpoints(COMMON))
@example({"format": np.zeros((), bool)})  # no metadata of that name then: see below
def test_hugging_face_reads_it(tmp_path_factory: pytest.TempPathFactory, arrays: dict[str, Array]) -> None:
    """Names, shapes and values, as `safe_open` gives them."""
    path = tmp_path_factory.mktemp("face") / "net.safetensors"
    save_arrays(path, arrays)
    with safetensors.safe_open(path, "numpy") as file:
        assert set(file.keys()) == set(arrays)
        assert "format" in arrays or file.metadata()["format"] == "pt"
        for name, array in arrays.items():
            assert tuple(file.get_slice(name).get_shape()) == array.shape
    read = dict(safetensors.deserialize(path.read_bytes()))
    assert {name: bytes(tensor["data"]) for name, tensor in read.items()} == {
        name: array.tobytes() for name, array in arrays.items()
    }


@settings(max_examples=40, deadline=None)
@given(checkpoints(READ_BY_MINDSPORE, min_size=1))  # it loads no file without tensors, whoever wrote it
@example({"format": np.ones(2, np.float32), "lazycell.model": np.ones(3, np.int32), CRC32: np.ones(1, np.int8)})
def test_mindspore_reads_it(ms: Any, tmp_path_factory: pytest.TempPathFactory, arrays: dict[str, Array]) -> None:
    """Its own reader, which refuses an unsorted header and stumbles over a tensor that is called as a metadata key."""
    path = tmp_path_factory.mktemp("spore") / "net.safetensors"
    save_arrays(path, arrays, metadata={"format": "pt", "lazycell.model": "Net"})
    read = ms.load_checkpoint(str(path), format="safetensors")
    assert set(read) == set(arrays)
    for name, array in arrays.items():
        values = read[name].asnumpy()
        assert (values.shape, values.tobytes()) == (array.shape, array.tobytes())


def test_checksums_are_those_of_the_bytes(tmp_path: Path) -> None:
    """Anybody can check them with zlib."""
    arrays = {"b": np.arange(5, dtype=np.float32), "a": np.arange(3, dtype=np.int8), "e": np.zeros(0, np.int8)}
    path = tmp_path / "net.safetensors"
    save_arrays(path, arrays, metadata={"format": "pt", "note": "mine"})
    metadata = header_of(path)["__metadata__"]
    assert json.loads(str(metadata.pop(CRC32))) == {
        name: f"{zlib.crc32(array.tobytes()):08x}" for name, array in arrays.items()
    }
    assert metadata == {"format": "pt", "note": "mine"}


def test_a_large_tensor_is_summed_whole(tmp_path: Path) -> None:
    """Beyond the size of a piece, and of any buffer, and not a multiple of either."""
    array = np.random.default_rng(0).integers(0, 255, (9 << 20) + 17, dtype=np.uint8)
    path = tmp_path / "net.safetensors"
    save_arrays(path, {"a": array, "b": array[:100]})
    assert same_arrays(load_arrays(path), {"a": array, "b": array[:100]})
    sums = json.loads(str(header_of(path)["__metadata__"][CRC32]))
    assert sums["a"] == f"{zlib.crc32(array):08x}"


def test_order() -> None:
    """Large elements first, then the names' UTF-8."""
    arrays = {
        "c": np.ones(1, np.float32),
        "b": np.ones(1, np.int8),
        "\U0001f600": np.ones(1, np.float32),
        "\uffff": np.ones(1, np.float32),
        "z": np.ones(1, np.float64),
    }
    assert [content.name for content in plan_safetensors(contents(arrays), {}).contents] == [
        "z",
        "c",
        "\uffff",
        "\U0001f600",
        "b",
    ]


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"a": np.ones(1, np.complex128)}, "tensor 'a': safetensors has no dtype for complex128"),
        ({"__metadata__": np.ones(1)}, "a tensor cannot be called '__metadata__' in a safetensors file"),
        ({"a\ud800": np.ones(1)}, "tensor 'a\\ud800': its name is not Unicode text"),
    ],
)
def test_refusals(tmp_path: Path, arrays: dict[str, Array], expected: str) -> None:
    """What the format cannot hold is refused by name before a file is made."""
    with pytest.raises(CheckpointError) as caught:
        save_arrays(tmp_path / "net.safetensors", arrays)
    assert str(caught.value).startswith(expected)
    assert not list(tmp_path.iterdir())


def test_a_header_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The format has a bound, which readers hold: several files are the way out."""
    monkeypatch.setattr(_write_safetensors, "MAX_BYTES", 200)
    arrays = {f"w.{position}": np.ones(1) for position in range(3)}
    with pytest.raises(
        CheckpointError, match=r"the names and shapes of 3 tensors take \d+ bytes, and safetensors allows 200"
    ):
        plan_safetensors(contents(arrays), {})
    plan_safetensors(contents(arrays)[:1], {})
