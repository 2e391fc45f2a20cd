"""Tensors whose boxes lie in files: read in any piece, taken apart, and whether boxes are all of a tensor."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell import CheckpointFormatError
from lazycell.formats._boxed import Box, BoxedRange, boxed
from lazycell.formats._cover import covers_once, parts_of
from lazycell.formats._files import FileStamp, open_regular
from lazycell.formats._header import ByteRange


def grid(draw: st.DrawFn, shape: tuple[int, ...]) -> list[Box]:
    """Cut a shape along each axis."""
    cuts = []
    for size in shape:
        edges = [0, *sorted(draw(st.sets(st.integers(1, size - 1), max_size=2)) if size > 1 else set()), size]
        cuts.append(list(itertools.pairwise(edges)))
    return [tuple(box) for box in itertools.product(*cuts)]


@st.composite
def tilings(draw: st.DrawFn) -> tuple[tuple[int, ...], list[Box]]:
    """Give a shape and boxes that cover it, not all of one grid."""
    shape = tuple(draw(st.lists(st.integers(1, 7), min_size=1, max_size=3)))
    found = []
    for box in grid(draw, shape):
        inner = grid(draw, tuple(stop - start for start, stop in box)) if draw(st.booleans()) else None
        if inner is None:
            found.append(box)
        else:
            found += [tuple((a + c, a + d) for (a, _), (c, d) in zip(box, each, strict=True)) for each in inner]
    return shape, draw(st.permutations(found))


def written(directory: Path, array: Any, tiles: list[Box]) -> list[tuple[Box, ByteRange]]:
    """Write boxes into files, two in each."""
    places, content = [], b""
    for number, box in enumerate(tiles):
        if number % 2 == 0:
            content = b"head"
        data = array[tuple(slice(*each) for each in box)].tobytes()
        path = directory / f"{number // 2}"
        places.append((box, ByteRange(path, len(content), len(content) + len(data))))
        content += data
        path.write_bytes(content)
    return places


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a directory for all examples."""
    return tmp_path_factory.mktemp("boxes")


@settings(max_examples=60, deadline=None)
@given(tilings(), st.sampled_from(["u1", "f2", "f4", "f8"]), st.data())
def test_any_piece(directory: Path, tiling: tuple[tuple[int, ...], list[Box]], dtype: str, data: st.DataObject) -> None:
    """The bytes are those of the whole tensor, from any byte to any other, however it is cut."""
    shape, tiles = tiling
    array = np.arange(math.prod(shape)).astype(dtype).reshape(shape)
    parts = parts_of(shape, array.itemsize, written(directory, array, tiles))
    assert sum(part.nbytes for part in parts) == array.nbytes
    start = data.draw(st.integers(0, array.nbytes))
    stop = data.draw(st.integers(start, array.nbytes))
    found, offset = b"", 0
    for part in parts:
        first, last = max(start - offset, 0), min(stop - offset, part.nbytes)
        if first < last:
            target = bytearray(last - first)
            part.read_into(memoryview(target), first)
            found += target
        offset += part.nbytes
    assert found == array.tobytes()[start:stop]


@settings(max_examples=60, deadline=None)
@given(tilings(), st.data())
def test_a_box_is_taken(directory: Path, tiling: tuple[tuple[int, ...], list[Box]], data: st.DataObject) -> None:
    """Turned or not, along factors of the axes, and of the files alone that have some of it."""
    shape, tiles = tiling
    array = np.arange(math.prod(shape), dtype=np.int32).reshape(shape)
    part = boxed(shape, 4, written(directory, array, tiles))
    sizes: list[int] = []
    for size in shape:
        factor = data.draw(st.sampled_from([each for each in range(1, size + 1) if size % each == 0]))
        sizes += [size] if factor in (1, size) else [size // factor, factor]
    firsts = [data.draw(st.integers(0, size - 1)) for size in sizes]
    ranges = [(first, data.draw(st.integers(first + 1, size))) for first, size in zip(firsts, sizes, strict=True)]
    order = data.draw(st.permutations(range(len(sizes))))
    expected = array.reshape(sizes)[tuple(slice(*each) for each in ranges)].transpose(order)
    taken = part.taken(sizes, ranges, order)
    if taken is None:
        assert len(sizes) > len(shape)
        return
    target = bytearray(expected.nbytes)
    taken.read_into(memoryview(target), 0)
    assert bytes(target) == expected.tobytes()
    if isinstance(taken, BoxedRange):
        assert len(taken.places) > 1
        for (box, _), (other, _) in itertools.combinations(taken.places, 2):
            assert any(max(a, c) >= min(b, d) for (a, b), (c, d) in zip(box, other, strict=True))


def test_what_a_rank_has_is_its_file(tmp_path: Path) -> None:
    """As it lies there: a map of it is the part."""
    array = np.arange(24, dtype=np.int32).reshape(4, 6)
    places = written(tmp_path, array, [((0, 4), (0, 3)), ((0, 4), (3, 6))])
    (part,) = parts_of((4, 6), 4, places)
    assert isinstance(part, BoxedRange)
    assert part.taken((4, 6), [(0, 4), (3, 6)], (0, 1)) == places[1][1]
    assert part.ranges == (places[0][1], places[1][1])
    rows = parts_of((4, 6), 4, written(tmp_path, array, [((2, 4), (0, 6)), ((0, 2), (0, 6))]))
    assert all(type(each) is ByteRange for each in rows)


@pytest.mark.parametrize("number", [0, 1])
def test_a_file_that_changes(tmp_path: Path, number: int) -> None:
    """Is told of, or gone."""
    array = np.arange(24, dtype=np.int32).reshape(4, 6)
    places = written(tmp_path, array, [((0, 4), (0, 3)), ((0, 4), (3, 4)), ((0, 4), (4, 6))])
    stamped = []
    for box, place in places:
        with open_regular(place.path) as file:
            stamped.append((box, ByteRange(place.path, place.start, place.stop, FileStamp.of(file.fileno()))))
    part = boxed((4, 6), 4, stamped)
    with open(tmp_path / str(number), "ab") as file:
        file.write(b"more")
    with pytest.raises(CheckpointFormatError, match=f"{tmp_path / str(number)}: the file has changed"):
        part.read_into(memoryview(bytearray(96)), 0)
    (tmp_path / str(number)).unlink()
    with pytest.raises(CheckpointFormatError, match=f"{tmp_path / str(number)}: the file has gone"):
        part.read_into(memoryview(bytearray(96)), 0)


@settings(max_examples=60, deadline=None)
@given(tilings())
def test_boxes_cover_once(tiling: tuple[tuple[int, ...], list[Box]]) -> None:
    """Those of a tiling do; not those with one less, one twice, or one in the place of another."""
    shape, tiles = tiling
    assert covers_once(shape, tiles)
    assert not covers_once(shape, [*tiles, tiles[0]])
    assert not covers_once(shape, tiles[1:])
    for position, (one, other) in itertools.product(range(len(tiles)), enumerate(tiles)):
        moved = [*tiles]
        if position != one:
            moved[position] = other
            assert not covers_once(shape, moved)


def test_as_many_elements_are_not_enough() -> None:
    """Two boxes that overlap, and a hole as large."""
    assert not covers_once((4, 4), [((0, 4), (0, 2)), ((0, 2), (1, 3)), ((2, 4), (2, 4))])
    assert not covers_once((6,), [((0, 2),), ((1, 3),), ((2, 4),)])
    assert covers_once((), [()])
    assert covers_once((0, 4), [((0, 0), (0, 2)), ((0, 0), (2, 4))])
    assert not covers_once((2,) * 40, [((0, 1),) * 40])  # at once
