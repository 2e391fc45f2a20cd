"""Tests of `lazycell.formats._wire`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell.formats import _files
from lazycell.formats._wire import Window, WireError

from .files import field, varint


@contextmanager
def window(path: Path, content: bytes) -> Iterator[Window]:
    """Open content as a window."""
    path.write_bytes(content)
    with _files.open_regular(path) as file:
        yield Window.of_file(file)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_varints(tmp_path_factory: pytest.TempPathFactory, number: int) -> None:
    """Every unsigned 64-bit integer is read back, and cut ones are refused."""
    raw = varint(number)
    with window(tmp_path_factory.mktemp("w") / "f", raw) as view:
        assert view.varint(0, len(raw)) == (number, len(raw))
        with pytest.raises(WireError, match="a number runs past byte"):
            view.varint(0, len(raw) - 1)


def test_overlong_varint_is_refused(tmp_path: Path) -> None:
    """A number of more than 64 bits is no number."""
    for raw in (b"\xff" * 9 + b"\x02", b"\x80" * 11 + b"\x01"):
        with window(tmp_path / "f", raw) as view, pytest.raises(WireError, match="longer than 64 bits"):
            view.varint(0, len(raw))


def test_positions_far_apart(tmp_path: Path) -> None:
    """Reads go anywhere, backwards too, across the window's edge."""
    content = bytes(range(256)) * 1024
    with window(tmp_path / "f", content) as view:
        for position in (0, 65_530, 200_000, 10, 262_140, 65_536):
            assert view.take(position, 4) == content[position : position + 4]
        with pytest.raises(WireError, match="the file ends at byte 262144"):
            view.take(262_143, 2)


def test_fields(tmp_path: Path) -> None:
    """A field gives its number, wire type and the place of its content."""
    raw = field(2, b"abc") + b"\x08\x96\x01"
    with window(tmp_path / "f", raw) as view:
        assert view.field(0, len(raw)) == (2, 2, 2, 5)
        assert view.field(5, len(raw)) == (1, 0, 6, 8)
    with (
        window(tmp_path / "f", b"\x0d1234") as view,
        pytest.raises(WireError, match="byte 0 starts a field of wire type 5, which the format never uses"),
    ):
        view.field(0, 5)


def test_memory_is_looked_at_as_a_file_is(tmp_path: Path) -> None:
    """The same positions give the same bytes, from either."""
    content = bytes(range(256)) * 600
    memory = Window.of_bytes(content)
    with window(tmp_path / "f", content) as view:
        for position in (0, 70_000, 3, 153_599):
            for source in (memory, view):
                data, offset = source.around(position)
                assert data[offset : offset + 4] == content[position : position + 4]
                assert source.take(position, 1) == content[position : position + 1]
        assert memory.around(0) == (content, 0)


def test_a_length_that_is_a_lie_is_not_asked_for() -> None:
    """Nothing is read, or allocated, for bytes that are not there."""

    def read(position: int, length: int) -> bytes:
        raise AssertionError(f"{length} bytes were asked for")

    with pytest.raises(WireError, match="the file ends at byte 10"):
        Window(10, read).take(4, 1 << 40)
