"""Tests of `lazycell.formats._strided`."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell._errors import CheckpointFormatError
from lazycell.formats import _files
from lazycell.formats._files import FileStamp
from lazycell.formats._strided import StridedRange, boxes, is_packed, span


@st.composite
def views(draw: st.DrawFn) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """An offset, a shape and strides, in elements: any, also such that numbers repeat."""
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
    strides = tuple(draw(st.sampled_from([0, 1, 2, 3, 5, 12, 60])) for _ in shape)
    return draw(st.integers(0, 7)), shape, strides


@settings(max_examples=150, deadline=None)
@given(views(), st.sampled_from([1, 2, 3, 4, 8]), st.data())
def test_any_bytes_of_any_view(
    tmp_path_factory: pytest.TempPathFactory,
    view: tuple[int, tuple[int, ...], tuple[int, ...]],
    itemsize: int,
    data: st.DataObject,
) -> None:
    """What is read from any byte on, in any length, is what numpy has there in row-major order."""
    offset, shape, strides = view
    content = np.arange((offset + span(shape, strides)) * itemsize + 5, dtype=np.uint32).astype(np.uint8)
    path = tmp_path_factory.getbasetemp() / "strided"
    path.write_bytes(b"header" + content.tobytes())
    numbers = content[: content.size // itemsize * itemsize].view(f"V{itemsize}")[offset:]
    steps = tuple(stride * itemsize for stride in strides)
    expected = np.lib.stride_tricks.as_strided(numbers, shape, steps).tobytes()
    part = StridedRange(path, 6 + offset * itemsize, shape, strides, itemsize)
    assert part.nbytes == len(expected)
    start = data.draw(st.integers(0, len(expected) - 1))
    length = data.draw(st.integers(0, len(expected) - start))
    target = bytearray(length)
    part.read_into(memoryview(target), start)
    assert target == expected[start : start + length]


@given(views(), st.data())
def test_any_box_of_any_view(view: tuple[int, tuple[int, ...], tuple[int, ...]], data: st.DataObject) -> None:
    """Axes may be parted into factors and turned: the numbers are where numpy finds them."""
    offset, shape, strides = view
    places = np.lib.stride_tricks.as_strided(
        np.arange(offset + span(shape, strides))[offset:], shape, [8 * s for s in strides]
    )
    sizes: list[int] = []
    for size in shape:
        first = data.draw(st.sampled_from([each for each in range(1, size + 1) if size % each == 0]))
        sizes += [first, size // first] if data.draw(st.booleans()) else [size]
    order = data.draw(st.permutations(range(len(sizes))))
    ranges = [data.draw(st.tuples(st.integers(0, size - 1), st.integers(1, size))) for size in sizes]
    ranges = [(start, max(start + 1, stop)) for start, stop in ranges]
    part = StridedRange(Path("m"), 6 + 4 * offset, shape, strides, 4).taken(sizes, ranges, order)
    assert part is not None
    box = places.reshape(sizes)[tuple(slice(*each) for each in ranges)].transpose(order)
    assert part.shape == box.shape
    found = [
        (part.start - 6) // 4 + sum(i * s for i, s in zip(index, part.strides, strict=True))
        for index in np.ndindex(*part.shape)
    ]
    assert found == box.ravel().tolist()


def test_axes_that_are_no_factors() -> None:
    """Rows of six numbers are no three columns of a matrix that has four."""
    part = StridedRange(Path("m"), 0, (4, 6), (1, 4), 4)
    assert part.taken((2, 12), ((0, 1), (0, 12)), (0, 1)) is None


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple), st.data())
def test_boxes_cover_in_order(shape: tuple[int, ...], data: st.DataObject) -> None:
    """Each element once, in their order, in few boxes."""
    size = int(np.prod(shape))
    first = data.draw(st.integers(0, size))
    last = data.draw(st.integers(first, size))
    numbers = np.arange(size).reshape(shape)
    found = [numbers[(*prefix, slice(begin, end))].ravel() for prefix, begin, end in boxes(shape, first, last)]
    assert np.concatenate([np.arange(0), *found]).tolist() == list(range(first, last))
    assert len(found) <= 2 * len(shape)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note how many bytes each read takes."""
    lengths: list[int] = []
    preadv = os.preadv

    def noted(descriptor: int, buffers: list[memoryview], offset: int) -> int:
        count = preadv(descriptor, buffers, offset)
        lengths.append(count)
        return count

    monkeypatch.setattr(os, "preadv", noted)
    return lengths


def test_rows_of_a_turned_matrix_read_their_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tensor that is read in slabs is not read whole for each of them."""
    stored = np.arange(1 << 20, dtype=np.float32).reshape(16, 1 << 16)
    (tmp_path / "w").write_bytes(stored.tobytes())
    part = StridedRange(tmp_path / "w", 0, (1 << 16, 16), (1, 1 << 16), 4)
    lengths = counted(monkeypatch)
    rows = 1 << 12
    target = np.empty((rows, 16), np.float32)
    for start in range(0, 1 << 16, rows):
        part.read_into(target.reshape(-1).view(np.uint8).data, start * 16 * 4)
        assert np.array_equal(target, stored.T[start : start + rows])
    assert sum(lengths) == stored.nbytes


def test_what_is_repeated_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Axes of stride 0 cost nothing."""
    (tmp_path / "w").write_bytes(np.arange(3, dtype=np.float32).tobytes())
    lengths = counted(monkeypatch)
    target = np.empty((1000, 3), np.float32)
    StridedRange(tmp_path / "w", 0, (1000, 3), (0, 1), 4).read_into(target.reshape(-1).view(np.uint8).data, 0)
    assert np.array_equal(target, np.tile(np.arange(3, dtype=np.float32), (1000, 1)))
    assert sum(lengths) == 12


def test_the_file_has_changed(tmp_path: Path) -> None:
    """Other bytes, fewer bytes and no file are errors that name it."""
    path = tmp_path / "w"
    path.write_bytes(bytes(16))
    with _files.open_regular(path) as file:
        stamp = FileStamp.of(file.fileno())
    part = StridedRange(path, 0, (2, 2), (1, 2), 4, stamp)
    target = memoryview(bytearray(16))
    part.read_into(target, 0)
    path.write_bytes(bytes(17))
    with pytest.raises(CheckpointFormatError, match="w: the file has changed since its header was read: "):
        part.read_into(target, 0)
    path.write_bytes(bytes(15))
    with pytest.raises(CheckpointFormatError, match="has become shorter since its header was read: 16 bytes needed"):
        part.read_into(target, 0)
    path.unlink()
    with pytest.raises(CheckpointFormatError, match="w: the file has gone since its header was read"):
        part.read_into(target, 0)


def test_packed() -> None:
    """Row-major order, whatever the strides of axes of length 1."""
    assert is_packed((), ())
    assert is_packed((2, 1, 3), (3, 99, 1))
    assert not is_packed((2, 3), (1, 2))
    assert not is_packed((2, 3), (0, 1))
    assert not is_packed((3,), (2,))
    assert (span((), ()), span((2, 3), (10, 2)), span((0, 3), (3, 1))) == (1, 15, 0)
