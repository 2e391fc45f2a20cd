"""Tests of `lazycell.loading._narrow`."""

from __future__ import annotations

import math
from pathlib import Path

import attrs
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lazycell.formats._header import ByteRange, MemoryRange
from lazycell.layout._layout import Stored
from lazycell.loading._narrow import narrowed, place_window, window

from ..layout.forms import SHAPES, stored_tensors


@given(stored_tensors())
def test_a_window_is_where_the_elements_are(made: tuple[Stored, dict[str, tuple[int, ...]]]) -> None:
    """Compared with the positions that numpy finds; none only where they do not follow each other."""
    stored, _ = made
    flat = np.arange(math.prod(stored.shape)).reshape(stored.shape)
    for _, operations in stored.blocks:
        taken = flat
        for operation in operations:
            taken = operation(taken)
        found = window(stored.shape, operations)
        if found is not None:
            np.testing.assert_array_equal(taken.reshape(-1), np.arange(*found))
        elif len(operations) == 1:  # one more may undo what the first did
            positions = taken.reshape(-1)
            assert not np.array_equal(positions, np.arange(positions[0], positions[0] + len(positions)))


@given(SHAPES, st.data())
def test_a_place_is_a_window_of_the_parameter(shape: tuple[int, ...], data: st.DataObject) -> None:
    """The rows of a matrix are, its columns are not."""
    place = tuple(sorted(data.draw(st.sets(st.integers(0, size), min_size=2, max_size=2))) for size in shape)
    place = tuple((start, stop) for start, stop in place)
    positions = np.arange(math.prod(shape)).reshape(shape)[tuple(slice(*each) for each in place)].reshape(-1)
    found = place_window(shape, place)
    follow = np.array_equal(positions, np.arange(positions[0], positions[0] + len(positions)))
    assert found == ((positions[0], positions[-1] + 1) if follow else None)
    assert place_window(shape, None) == (0, math.prod(shape))


@attrs.frozen
class Foreign:
    """A part that only its format knows how to read."""

    content: bytes

    @property
    def nbytes(self) -> int:
        """How many bytes there are."""
        return len(self.content)

    def read_into(self, target: memoryview, start: int) -> None:
        """Fill `target` with the bytes from `start` on."""
        target[:] = self.content[start : start + len(target)]


@given(st.lists(st.binary(max_size=5), min_size=1, max_size=4), st.data())
def test_narrowed_parts_hold_the_bytes_asked_for(contents: list[bytes], data: st.DataObject) -> None:
    """Of memory and of other formats, across any number of parts."""
    whole = b"".join(contents)
    start, stop = sorted(data.draw(st.tuples(st.integers(0, len(whole)), st.integers(0, len(whole)))))
    parts = [Foreign(content) if data.draw(st.booleans()) else MemoryRange(memoryview(content)) for content in contents]
    found = b""
    for part in narrowed(parts, start, stop):
        target = bytearray(part.nbytes)
        part.read_into(memoryview(target), 0)
        assert target
        found += bytes(target)
    assert found == whole[start:stop]


def test_bytes_of_a_file_stay_bytes_of_a_file() -> None:
    """Those are read fastest."""
    path = Path("a")
    assert narrowed([ByteRange(path, 10, 20), ByteRange(path, 50, 60)], 4, 13) == (
        ByteRange(path, 14, 20),
        ByteRange(path, 50, 53),
    )
