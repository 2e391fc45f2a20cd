"""Tests of `lazycell.formats.gguf._tensor`: blocks as floats, in any piece; files that change."""

from __future__ import annotations

import operator
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell._errors import CheckpointFormatError
from lazycell.formats import ByteRange, TensorHeader, open_checkpoint
from lazycell.formats._computed import Computed
from lazycell.formats.gguf._decoders import DECODERS
from lazycell.formats.gguf._types import named
from lazycell.reading import Reader
from lazycell.reading._read import read_tensor

from ..ggufs import Tensor, gguf_bytes


def stored(path: Path, type: str, shape: tuple[int, ...] = (3, 512)) -> TensorHeader:
    """Write a file of one tensor of random blocks with small scales; give the tensor."""
    kind = named(type)
    count = int(np.prod(shape)) // kind.elements * kind.nbytes
    content = np.random.default_rng(len(type)).integers(0, 0x38, count, np.uint8).tobytes()
    path.write_bytes(gguf_bytes({"before": Tensor(), "w": Tensor(shape, type, content)}))
    return open_checkpoint(path).tensors["w"]


@pytest.mark.parametrize("type", ["Q4_0", "Q5_K"])
def test_any_bytes_of_a_tensor(tmp_path: Path, type: str) -> None:
    """From any byte to any other, blocks cut anywhere: the same as of the whole."""
    tensor = stored(tmp_path / "m.gguf", type)
    whole = read_tensor(tensor).tobytes()
    assert len(whole) == tensor.nbytes == 3 * 512 * 4

    @settings(max_examples=60, deadline=None, database=None)
    @given(st.integers(0, len(whole)), st.integers(0, 3000))
    def check(start: int, length: int) -> None:
        stop = min(start + length, len(whole))
        target = bytearray(stop - start)
        with Reader() as reader:
            reader.read_into(tensor, memoryview(target), start)
        assert target == whole[start:stop]

    check()


@pytest.mark.parametrize("type", DECODERS)
def test_a_large_tensor(tmp_path: Path, type: str) -> None:
    """Of more elements than are computed at once: each block has its own numbers."""
    tensor = stored(tmp_path / "m.gguf", type, (600, 512))
    kind = named(type)
    (place,) = tensor.byte_ranges
    content = (tmp_path / "m.gguf").read_bytes()[place.start : place.stop]
    blocks = np.frombuffer(content, np.uint8).reshape(-1, kind.nbytes)
    array = read_tensor(tensor).reshape(-1, kind.elements)
    assert len(blocks) == len(array)
    for row in (0, len(blocks) // 2, len(blocks) - 1):
        alone = np.empty((1, kind.elements), np.float32)
        DECODERS[type](blocks[row : row + 1], alone)
        assert array[row].tobytes() == alone.tobytes()


@pytest.mark.parametrize("type", ["Q4_K", "IQ4_NL"])
def test_several_threads(tmp_path: Path, type: str) -> None:
    """They may read one tensor at once: nothing is kept between calls."""
    tensor = stored(tmp_path / "m.gguf", type, (300, 512))
    whole = read_tensor(tensor).tobytes()
    starts = [*range(0, len(whole) - 70_000, 30_001)]

    def read(start: int) -> bytes:
        target = bytearray(70_000)
        reader.read_into(tensor, memoryview(target), start)
        return bytes(target)

    with Reader() as reader, ThreadPoolExecutor(4) as threads:
        assert all(map(operator.eq, threads.map(read, starts), (whole[start:][:70_000] for start in starts)))


def test_what_is_computed_and_what_lies_there(tmp_path: Path) -> None:
    """Blocks are float32 with their origin; plain numbers are mapped; other types are listed, and not read."""
    path = tmp_path / "m.gguf"
    tensors = {
        "blocks": Tensor((2, 32), "Q4_1", bytes(40)),
        "half": Tensor((3,), "BF16", np.uint16([0x3F80, 0xC000, 0]).tobytes()),
        "other": Tensor((256,), "IQ2_XXS", bytes(66)),
        "unknown": Tensor((2,), 1000, bytes(8)),
    }
    path.write_bytes(gguf_bytes(tensors))
    header = open_checkpoint(path)
    blocks, half, other, unknown = header.tensors.values()
    assert (blocks.dtype, blocks.origin, blocks.nbytes) == ("float32", "Q4_1 blocks", 256)
    assert [type(part) for part in blocks.ranges] == [Computed]
    assert sum(place.nbytes for place in blocks.byte_ranges) == 40
    assert (half.dtype, half.origin) == ("bfloat16", "")
    assert [type(part) for part in half.ranges] == [ByteRange]
    with Reader() as reader:
        view = reader.view(half)
        assert view is not None
        assert view.astype(np.float32).tolist() == [1.0, -2.0, 0.0]
        assert reader.view(blocks) is None
    assert [(each.dtype, each.is_readable, each.origin) for each in (other, unknown)] == [
        ("IQ2_XXS", False, ""),
        ("type 1000", False, ""),
    ]
    with pytest.raises(CheckpointFormatError, match="IQ2_XXS"):
        read_tensor(other)


def change(path: Path, how: str) -> None:
    """Change a file whose header has been read."""
    content = path.read_bytes()
    if how == "removed":
        path.unlink()
    elif how == "shorter":
        path.write_bytes(content[:200])
    elif how == "replaced":
        path.rename(path.with_suffix(".old"))
        path.write_bytes(content)
    else:
        path.write_bytes(content + b"\0")


@pytest.mark.parametrize(
    ("how", "cause"),
    [
        ("removed", "the file has gone since its header was read"),
        ("shorter", "the file has changed since its header was read: it had"),
        ("longer", "the file has changed since its header was read: it had"),
        ("replaced", "the file has changed since its header was read: another file has taken its place"),
    ],
)
@pytest.mark.parametrize("mmap", [True, False])
def test_a_file_that_changes(tmp_path: Path, how: str, cause: str, mmap: bool) -> None:
    """Between its header and its numbers: one error, which names file and tensor."""
    path = tmp_path / "m.gguf"
    tensor = stored(path, "Q8_0")
    change(path, how)
    with pytest.raises(CheckpointFormatError) as caught:
        read_tensor(tensor, mmap=mmap)
    assert str(caught.value).startswith(f"{path}: tensor 'w': {cause}")


def test_the_stamp_is_that_of_the_header(tmp_path: Path) -> None:
    """A file that was written in between, and has the same size, is told too."""
    path = tmp_path / "m.gguf"
    tensor = stored(path, "Q8_0")
    (place,) = tensor.byte_ranges
    assert place.stamp is not None
    assert place.stamp.size == path.stat().st_size
    os.utime(path, ns=(1, 1))
    with pytest.raises(CheckpointFormatError, match="it has been written to"):
        read_tensor(tensor)
