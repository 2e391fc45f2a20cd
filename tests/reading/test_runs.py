"""Tests of `lazycell.reading._runs`, and of `Reader.read_runs`."""

from __future__ import annotations

import os
from pathlib import Path

import attrs
import numpy as np
import pytest

from lazycell._dtypes import dtype_name, numpy_dtype
from lazycell._errors import CheckpointFormatError
from lazycell.formats import ByteRange, FileStamp, MemoryRange, TensorHeader
from lazycell.reading import _read
from lazycell.reading._blocks import Box, Located
from lazycell.reading._read import Reader
from lazycell.reading._runs import MovePart, part_tasks
from lazycell.reading._transfer import ITEM, Destination, MoveSlab
from lazycell.system import Task
from lazycell.system._allocate import Array
from lazycell.system._workers import Scratch

RNG = np.random.default_rng(0)


def write(path: Path, array: Array, parts: int = 1, skew: int = 0) -> TensorHeader:
    """Write a tensor behind `skew` bytes, in parts with a gap between them."""
    pieces, ranges, content = np.array_split(np.frombuffer(array.tobytes(), np.uint8), parts), [], bytes(skew)
    for piece in pieces:
        ranges.append((len(content), len(content) + piece.size))
        content += piece.tobytes() + b"gap"
    path.write_bytes(content)
    os.utime(path, ns=(10**18, 10**18))
    with path.open("rb") as file:
        stamp = FileStamp.of(file.fileno())
    places = tuple(ByteRange(path, *each, stamp) for each in ranges)
    return TensorHeader("w", dtype_name(array.dtype), array.shape, places)


class Asked:
    """How much is asked of files."""

    def __init__(self) -> None:
        self.calls = self.bytes = 0


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Count what a reader asks for."""
    found, read = Asked(), _read.read_into_at

    def counting(descriptor: int, target: memoryview, start: int) -> int:
        found.calls += 1
        found.bytes += len(target)
        return read(descriptor, target, start)

    monkeypatch.setattr(_read, "read_into_at", counting)
    return found


def taken(array: Array, box: Box) -> Array:
    """Take a box out, as numpy does."""
    return array[tuple(slice(*each) for each in box)]


def moved(
    reader: Reader, tensor: TensorHeader, *boxes: Box, dtype: str | None = None, lost: list[int] | None = None
) -> tuple[list[Array], list[Task]]:
    """Move boxes of a tensor to arrays of their own; give these, and the tasks."""
    targets = [np.zeros([stop - start for start, stop in box], numpy_dtype(dtype or tensor.dtype)) for box in boxes]
    places = [
        Destination(Located(tensor.shape, box, target), index, tensor.itemsize)
        for index, (box, target) in enumerate(zip(boxes, targets, strict=True))
    ]
    count = [0] if lost is None else lost

    def note(index: int, number: int) -> None:
        count[0] += number

    tasks = [*part_tasks(reader, note, tensor, places)]
    scratch = Scratch()
    assert sum(task(scratch) for task in tasks) == sum(target.size for target in targets) * tensor.itemsize
    return targets, tasks


BOXES: list[Box] = [
    ((0, 40), (128, 256), (0, 3)),  # runs of 1536 bytes
    ((3, 5), (0, 500), (1, 2)),
    ((39, 40), (7, 8), (0, 3)),  # one run
    ((0, 1), (0, 1), (0, 1)),
]


@pytest.mark.parametrize("dtype", [None, "float64"])
@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("skew", [0, 1])
@pytest.mark.parametrize("mmap", [True, False])
def test_boxes_arrive(tmp_path: Path, mmap: bool, skew: int, parts: int, dtype: str | None) -> None:
    """From a map or not, from several ranges of a file, in another dtype."""
    array = RNG.normal(size=(40, 500, 3)).astype(np.float32)
    tensor = write(tmp_path / "m", array, parts, skew)
    with Reader(mmap=mmap) as reader:
        for boxes in (BOXES, *([box] for box in BOXES)):
            found, _ = moved(reader, tensor, *boxes, dtype=dtype)
            for box, values in zip(boxes, found, strict=True):
                np.testing.assert_array_equal(values, taken(array, box))


def test_what_is_not_asked_for_is_not_read(tmp_path: Path, asked: Asked) -> None:
    """A call for each run: the columns of a rank are all that it reads, and one run is one call."""
    array = RNG.normal(size=(300, 512)).astype(np.float32)
    tensor = write(tmp_path / "m", array)
    with Reader(mmap=False) as reader:
        moved(reader, tensor, ((0, 300), (128, 256)))
    assert (asked.calls, asked.bytes) == (300, 300 * 512)


@pytest.mark.parametrize(("columns", "calls"), [(128, 300), (127, 1)])
def test_short_runs_come_with_their_rows(tmp_path: Path, asked: Asked, columns: int, calls: int) -> None:
    """512 bytes are worth a call, fewer are not."""
    array = RNG.normal(size=(300, 512)).astype(np.float32)
    tensor = write(tmp_path / "m", array)
    with Reader(mmap=False) as reader:
        ((found,), _) = moved(reader, tensor, ((0, 300), (5, 5 + columns)))
    np.testing.assert_array_equal(found, array[:, 5 : 5 + columns])
    assert asked.calls == calls
    assert asked.bytes == (300 * columns * 4 if calls > 1 else array.nbytes)


def test_one_reading_of_rows_serves_all_short_boxes(tmp_path: Path, asked: Asked) -> None:
    """Some columns of queries, keys and values: of no row more than is between the first and the last of them."""
    array = RNG.normal(size=(300, 96)).astype(np.float32)
    tensor = write(tmp_path / "m", array)
    boxes = [((10, 20), (first, first + 8)) for first in (0, 32, 64)]
    with Reader(mmap=False) as reader:
        found, _ = moved(reader, tensor, *boxes)
    for box, values in zip(boxes, found, strict=True):
        np.testing.assert_array_equal(values, taken(array, box))
    assert (asked.calls, asked.bytes) == (1, 10 * 96 * 4)


@pytest.mark.parametrize("mmap", [True, False])
def test_nearly_all_is_read_in_one_piece(tmp_path: Path, asked: Asked, mmap: bool) -> None:
    """A margin that is left out costs less than many calls, or a map."""
    array = RNG.normal(size=(300, 512)).astype(np.float32)
    tensor = write(tmp_path / "m", array)
    with Reader(mmap=mmap) as reader:
        (_, tasks) = moved(reader, tensor, ((0, 300), (0, 256)), ((0, 300), (256, 500)))
    assert [type(task) for task in tasks] == [MoveSlab]
    assert (asked.calls, asked.bytes) == (1, array.nbytes)


def test_a_map_is_copied_from(tmp_path: Path, asked: Asked) -> None:
    """Nothing is read, whatever the runs, and nothing of the file is held."""
    array = RNG.normal(size=(300, 512)).astype(np.float32)
    tensor = write(tmp_path / "m", array)
    with Reader(mmap=True) as reader:
        ((found,), _) = moved(reader, tensor, ((0, 300), (5, 7)))
        assert not np.shares_memory(found, reader.view(tensor))
    assert asked.calls == 0
    np.testing.assert_array_equal(found, array[:, 5:7])


def test_of_a_dict_nothing_is_shared() -> None:
    """Its arrays are copied from as a map is; they may be read-only."""
    array = RNG.normal(size=(300, 512)).astype(np.float32)
    content = memoryview(array.reshape(-1).view(np.uint8)).toreadonly()
    tensor = TensorHeader("w", "float32", array.shape, (MemoryRange(content),))
    with Reader() as reader:
        ((found,), tasks) = moved(reader, tensor, ((0, 300), (5, 7)))
    assert {type(task) for task in tasks} == {MovePart}
    assert not np.shares_memory(found, array)
    np.testing.assert_array_equal(found, array[:, 5:7])


@pytest.mark.parametrize("mmap", [True, False])
def test_large_boxes_are_cut_into_tasks(tmp_path: Path, mmap: bool) -> None:
    """Of `ITEM` bytes of the box each, for any thread to take."""
    columns = 2048
    array = RNG.integers(0, 1 << 30, (3 * ITEM // 4 // 1024, columns)).astype(np.int32)
    tensor = write(tmp_path / "m", array)
    with Reader(mmap=mmap) as reader:
        ((found,), tasks) = moved(reader, tensor, ((0, len(array)), (1024, 2048)))
    assert len(tasks) == 3
    np.testing.assert_array_equal(found, array[:, 1024:])


@pytest.mark.parametrize("mmap", [True, False])
def test_values_that_are_too_large_are_counted(tmp_path: Path, mmap: bool) -> None:
    """Those of the part alone."""
    array = np.ones((300, 512), np.float32)
    array[:, 100], array[:2, 200] = 1e9, 1e9
    lost = [0]
    with Reader(mmap=mmap) as reader:
        moved(reader, write(tmp_path / "m", array), ((0, 300), (128, 256)), dtype="float16", lost=lost)
    assert lost == [2]


def test_only_its_format_knows_how_to_read_it(tmp_path: Path) -> None:
    """A part of a third party is asked for whole rows, as on one rank."""

    @attrs.frozen
    class Counted:
        content: bytes
        asked: list[int]

        @property
        def nbytes(self) -> int:
            return len(self.content)

        def read_into(self, target: memoryview, start: int) -> None:
            self.asked.append(len(target))
            target[:] = self.content[start : start + len(target)]

    array = RNG.normal(size=(300, 512)).astype(np.float32)
    part = Counted(array.tobytes(), [])
    with Reader() as reader:
        ((found,), _) = moved(reader, TensorHeader("w", "float32", array.shape, (part,)), ((10, 20), (0, 256)))
    np.testing.assert_array_equal(found, array[10:20, :256])
    assert part.asked == [10 * 512 * 4]


# --------------------------------------------------------------------------------------------------- files that change


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda path: path.write_bytes(path.read_bytes()),
            "the file has changed since its header was read: it has been",
        ),
        (lambda path: os.truncate(path, 1000), "the file has changed since its header was read: it had 6"),
        (lambda path: path.unlink(), "the file has gone since its header was read"),
    ],
)
def test_a_changed_file_is_told(tmp_path: Path, change: object, message: str, parts: int) -> None:
    """Before anything is read, and no run is taken for what it was."""
    assert callable(change)
    tensor = write(tmp_path / "m", RNG.normal(size=(300, 512)).astype(np.float32), parts)
    change(tmp_path / "m")
    with Reader(mmap=False) as reader, pytest.raises(CheckpointFormatError, match=message):
        moved(reader, tensor, ((0, 300), (128, 256)))


@pytest.mark.parametrize("parts", [1, 2])
def test_a_file_that_changes_while_it_is_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: int
) -> None:
    """Between two of its runs: written to, or made shorter than the next."""
    read, path = _read.read_into_at, tmp_path / "m"
    for change, message in (
        (lambda: path.write_bytes(path.read_bytes()), "the file has changed"),
        (lambda: os.truncate(path, 100_000), "the file has become shorter since its header was read"),
    ):
        tensor, calls = write(path, RNG.normal(size=(300, 512)).astype(np.float32), parts), []

        def reading(descriptor: int, target: memoryview, start: int, change=change, calls=calls) -> int:
            calls.append(start)
            if len(calls) == 100:
                change()
            return read(descriptor, target, start)

        with monkeypatch.context() as patch, Reader(mmap=False) as reader:
            patch.setattr(_read, "read_into_at", reading)
            with pytest.raises(CheckpointFormatError, match=message):
                moved(reader, tensor, ((0, 300), (128, 256)))


def test_reads_may_be_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As file systems over a network have it: what is lacking is asked for."""
    array = RNG.normal(size=(300, 512)).astype(np.float32)
    tensor, read = write(tmp_path / "m", array), _read.read_into_at
    monkeypatch.setattr(_read, "read_into_at", lambda fd, target, start: read(fd, target[:200], start))
    with Reader(mmap=False) as reader:
        ((found,), _) = moved(reader, tensor, ((0, 300), (128, 256)))
    np.testing.assert_array_equal(found, array[:, 128:256])


def test_files_beyond_those_that_may_be_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is closed when its runs are read."""
    monkeypatch.setattr(_read, "most_descriptors", lambda: 0)
    monkeypatch.setattr(_read, "_FEW", 0)
    array = RNG.normal(size=(300, 512)).astype(np.float32)
    tensor, before = write(tmp_path / "m", array), len(os.listdir("/proc/self/fd"))
    with Reader(mmap=True) as reader:
        ((found,), _) = moved(reader, tensor, ((0, 300), (128, 256)))
        assert len(os.listdir("/proc/self/fd")) == before
    np.testing.assert_array_equal(found, array[:, 128:256])
