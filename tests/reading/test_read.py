"""Tests of `lazycell.reading._read`."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import numpy as np
import pytest

from lazycell._errors import CheckpointFormatError
from lazycell.formats import ByteRange, MemoryRange, TensorHeader
from lazycell.formats._files import FileStamp
from lazycell.reading import _read
from lazycell.reading._read import Reader, read_tensor

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


def test_file_that_is_not_the_one_whose_header_was_read(path: Path) -> None:
    """Nothing is read of it."""
    with path.open("rb") as file:
        stamp = FileStamp.of(file.fileno())
    header = TensorHeader("w", "float32", (2,), (ByteRange(path, 0, 8, stamp),))
    np.testing.assert_array_equal(read_tensor(header), DATA[:2])
    with path.open("ab") as file:
        file.write(b"more")
    with Reader() as reader:
        for _ in range(2):  # the second time too
            with pytest.raises(
                CheckpointFormatError, match="tensor 'w': the file has changed since its header was read"
            ):
                reader.read(header)


def test_memory_is_copied() -> None:
    """The array is not the one it was read from, mapped or not."""
    header = TensorHeader("w", "float32", DATA.shape, (MemoryRange(memoryview(DATA).cast("B")),))
    array = read_tensor(header)
    assert not np.shares_memory(array, DATA)
    np.testing.assert_array_equal(array, DATA)
    part = MemoryRange(memoryview(DATA).cast("B")[4:12])
    np.testing.assert_array_equal(read_tensor(TensorHeader("w", "float32", (2,), (part,))), DATA[1:3])


def test_reading_some_bytes(path: Path) -> None:
    """Any number from any position, across ranges; more than there are is an error, and not silence."""
    whole = tensor(path, (0, 10), (10, 13), (13, 4000))
    target = bytearray(8)
    with Reader() as reader:
        reader.read_into(whole, memoryview(target), 7)
        assert target == DATA.tobytes()[7:15]
        with pytest.raises(CheckpointFormatError, match="tensor 'w': its parts hold 4000 bytes"):
            reader.read_into(whole, memoryview(target), 3999)


def test_parts_of_another_length_than_the_shape(path: Path) -> None:
    """A view would reach beyond the tensor."""
    header = TensorHeader("w", "float32", (3,), (ByteRange(path, 0, 8),))
    for mmap in (True, False):
        with pytest.raises(
            CheckpointFormatError, match=r"its parts hold 8 bytes, which are not those of float32 \(3,\)"
        ):
            read_tensor(header, mmap=mmap)


def test_chunks_of_two_tensors_at_once(path: Path) -> None:
    """Each has a buffer of its own."""
    with Reader() as reader:
        pairs = zip(
            reader.chunks(tensor(path, (0, 4000)), 999), reader.chunks(tensor(path, (4001, 8001)), 999), strict=True
        )
        assert all(bytes(one) == bytes(other) for one, other in pairs)


def test_a_dtype_that_is_not_read_is_refused_by_name(path: Path) -> None:
    """What no MindSpore tensor can hold may be in a file, and be ignored."""
    with pytest.raises(CheckpointFormatError, match="tensor 'w': lazycell does not read its dtype F4"):
        read_tensor(TensorHeader("w", "F4", (2,), (ByteRange(path, 0, 1),)))


def test_a_reader_needs_a_thread() -> None:
    """The caller's own counts."""
    with pytest.raises(ValueError, match="threads=0: at least one is needed"):
        Reader(threads=0)
    assert Reader(threads=3).threads == 3
    assert Reader().threads >= 1


@pytest.mark.parametrize("mmap", [True, False])
def test_asking_whether_the_files_are_still_the_same(path: Path, mmap: bool) -> None:
    """What was viewed is not read: only this can tell."""
    with Reader(mmap=mmap) as reader:
        reader.check_unchanged()  # nothing is open
        array = reader.read(tensor(path, (0, 8)))
        reader.check_unchanged()
        with path.open("ab") as file:
            file.write(b"more")
        with pytest.raises(CheckpointFormatError, match="tensor 'w': the file has changed since its header was read"):
            reader.check_unchanged()
    np.testing.assert_array_equal(array, DATA[:2])


def test_every_read_looks_whether_the_file_is_still_the_same(path: Path) -> None:
    """So that the error names the tensor that was read, and comes before the others are."""
    header = TensorHeader("later", "float32", (2,), (ByteRange(path, 0, 8),))
    with Reader(mmap=False) as reader:
        reader.read(tensor(path, (0, 8)))
        with path.open("ab") as file:
            file.write(b"more")
        with pytest.raises(CheckpointFormatError, match="tensor 'later': the file has changed since"):
            reader.read(header)


def test_what_is_no_header_is_refused(path: Path) -> None:
    """A name is not enough."""
    with pytest.raises(TypeError, match=r"read_tensor takes a TensorHeader.* and was given a str"):
        read_tensor("weight")  # type: ignore[arg-type]


def test_more_files_than_may_be_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of the descriptors is used for files, as much for maps; what lies in further files is read."""
    gc.collect()
    before = len(_read._maps)
    monkeypatch.setattr(_read, "most_descriptors", lambda: 4 * (before + 2))
    monkeypatch.setattr(_read, "_FEW", 0)
    paths = [tmp_path / str(number) for number in range(before + 6)]
    for number, path in enumerate(paths):
        path.write_bytes((DATA + number).tobytes())
    opened = len(os.listdir("/proc/self/fd"))
    with Reader() as reader:
        arrays = [reader.read(tensor(path, (0, 4000))) for path in paths]
        assert len(os.listdir("/proc/self/fd")) - opened == before + 2 + 2
    for number, array in enumerate(arrays):
        np.testing.assert_array_equal(array, DATA + number)
    assert sum(map(is_view, arrays)) == 2
    assert len(os.listdir("/proc/self/fd")) - opened == 2
    del arrays, array
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == opened


@pytest.mark.parametrize("mmap", [True, False])
@pytest.mark.parametrize(("shape", "nbytes"), [((1,) * 65, 4), ((0, 2**62), 0)], ids=["65 dimensions", "too large"])
def test_a_shape_that_no_array_has_is_refused_in_a_sentence(tmp_path, mmap, shape, nbytes):
    """A header may say what numpy cannot make; the message names the tensor."""
    path = tmp_path / "data"
    path.write_bytes(bytes(nbytes))
    with pytest.raises(
        CheckpointFormatError, match=rf"tensor 'w' has {len(shape)} dimensions .* no array of that shape"
    ):
        read_tensor(TensorHeader("w", "float32", shape, (ByteRange(path, 0, nbytes),)), mmap=mmap)
