"""Tests of `FileStamp`: whether a file is still the one that was read."""

from __future__ import annotations

import os
from pathlib import Path

from lazycell.formats._files import FileStamp


def stamp(path: Path) -> FileStamp:
    """Take the stamp of the file that has this name now."""
    with path.open("rb") as file:
        return FileStamp.of(file.fileno())


def test_nothing_happened(tmp_path: Path) -> None:
    """Reading is no change, nor is another name."""
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"1234")
    before = stamp(path)
    path.rename(other)
    assert other.read_bytes() == b"1234"
    assert before.change_to(stamp(other)) is None


def test_each_change_is_said(tmp_path: Path) -> None:
    """Another length, other content of the same length, and another file that looks the same."""
    path, other = tmp_path / "a", tmp_path / "b"
    for each in (path, other):
        each.write_bytes(b"1234")
        os.utime(each, ns=(10**18, 10**18))
    before = stamp(path)
    path.write_bytes(b"123")
    assert before.change_to(stamp(path)) == "it had 4 bytes, it has 3"
    path.write_bytes(b"4321")
    assert before.change_to(stamp(path)) == "it has been written to"
    other.replace(path)
    assert before.change_to(stamp(path)) == "another file has taken its place"
