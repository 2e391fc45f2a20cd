"""Tests of `lazycell.checkpoint._read`."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest

from lazycell._errors import CheckpointFormatError
from lazycell.checkpoint import ByteRange, Reader, TensorHeader, convert, read_tensor

DATA = np.arange(1000, dtype=np.float32)


def tensor(path: Path, *ranges: tuple[int, int], dtype: str = "float32") -> TensorHeader:
    """Describe a one-dimensional tensor at the given bytes of a file."""
    size = sum(stop - start for start, stop in ranges) // {"float32": 4, "uint8": 1}[dtype]
    return TensorHeader("w", dtype, (size,), tuple(ByteRange(path, *place) for place in ranges))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that holds DATA, once aligned and once not."""
    path = tmp_path / "data"
    path.write_bytes(DATA.tobytes() + b"x" + DATA.tobytes())
    return path


def is_view(array: np.ndarray) -> bool:
    """Whether an array refers to memory that is not its own."""
    return not array.flags.owndata


def test_aligned_tensor_is_a_private_writable_view(path: Path) -> None:
    """The view shares no memory with the file: writing to it leaves the file as it was."""
    before = path.read_bytes()
    array = read_tensor(tensor(path, (8, 4000)))
    assert is_view(array)
    assert array.flags.writeable
    assert array.flags.aligned
    np.testing.assert_array_equal(array, DATA[2:])
    array[:] = -1
    assert path.read_bytes() == before


def test_view_outlives_the_reader_and_the_name_of_the_file(path: Path) -> None:
    """The map stays as long as an array needs it."""
    with Reader() as reader:
        array = reader.read(tensor(path, (0, 4000)))
    path.unlink()
    gc.collect()
    np.testing.assert_array_equal(array, DATA)


def test_tensors_of_one_load_share_one_map(path: Path) -> None:
    """A map for every tensor would exhaust the kernel's limit (65,530 a process)."""
    with Reader() as reader:
        one, two = reader.read(tensor(path, (0, 400))), reader.read(tensor(path, (400, 800)))
    assert one.base is two.base


def test_misaligned_tensor_is_an_aligned_copy(path: Path) -> None:
    """MindSpore never sees misaligned memory."""
    array = read_tensor(tensor(path, (4001, 8001)))
    assert not is_view(array)
    assert array.flags.aligned
    np.testing.assert_array_equal(array, DATA)


def test_single_bytes_are_always_aligned(path: Path) -> None:
    """Alignment is to the element size."""
    assert is_view(read_tensor(tensor(path, (4001, 4005), dtype="uint8")))


@pytest.mark.parametrize("mmap", [True, False])
def test_ranges_are_joined(path: Path, mmap: bool) -> None:
    """Ranges may cut elements, and be empty."""
    array = read_tensor(tensor(path, (0, 10), (10, 10), (10, 37), (37, 4000)), mmap=mmap)
    assert not is_view(array)
    np.testing.assert_array_equal(array, DATA)


def test_without_mmap_nothing_refers_to_the_file(path: Path) -> None:
    """Overwriting the file in place does not reach the array."""
    array = read_tensor(tensor(path, (0, 4000)), mmap=False)
    with path.open("r+b") as file:
        file.write(bytes(4000))
    assert not is_view(array)
    np.testing.assert_array_equal(array, DATA)


@pytest.mark.parametrize("mmap", [True, False])
def test_scalars_and_empty_tensors(path: Path, mmap: bool) -> None:
    """A scalar has shape (), an empty tensor needs no byte, even at the end of the file."""
    scalar = read_tensor(TensorHeader("s", "float32", (), (ByteRange(path, 12, 16),)), mmap=mmap)
    assert scalar.shape == ()
    assert scalar == 3.0
    assert read_tensor(TensorHeader("e", "bfloat16", (0, 3), (ByteRange(path, 8001, 8001),)), mmap=mmap).shape == (0, 3)


@pytest.mark.parametrize("mmap", [True, False])
def test_converting_while_reading(path: Path, mmap: bool) -> None:
    """The values are those of reading and then converting, whatever the ranges."""
    whole = tensor(path, (4001, 4011), (4011, 8001))
    with Reader(mmap=mmap) as reader:
        converted = reader.read(whole, "bfloat16")
    assert converted.tobytes() == convert(DATA, "bfloat16").tobytes()


def test_chunks(path: Path) -> None:
    """The bytes come in order, in pieces of the asked size."""
    with Reader() as reader:
        pieces = [bytes(piece) for piece in reader.chunks(tensor(path, (0, 3), (3, 4000)), 1500)]
    assert [len(piece) for piece in pieces] == [1500, 1500, 1000]
    assert b"".join(pieces) == DATA.tobytes()


@pytest.mark.parametrize("mmap", [True, False])
def test_file_that_became_shorter(path: Path, mmap: bool) -> None:
    """A truncated file is an error, before anything is touched."""
    header = tensor(path, (0, 4000))
    path.write_bytes(bytes(3000))
    with pytest.raises(CheckpointFormatError) as caught:
        read_tensor(header, mmap=mmap)
    assert str(caught.value) == (
        f"{path}: tensor 'w': the file has become shorter since its header was read: 4000 bytes needed, 3000 left"
    )


def test_file_that_has_gone(path: Path) -> None:
    """A deleted file is the same kind of error."""
    path.unlink()
    with pytest.raises(CheckpointFormatError, match="tensor 'w': the file has gone since its header was read"):
        read_tensor(tensor(path, (0, 4000)))
