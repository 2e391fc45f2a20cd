"""Small files, written whole or not at all."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest

from lazycell.system._whole_file import write_whole


def test_new_and_replaced(tmp_path: Path):
    """A new file, then new content with the permissions of the old; nothing is left beside it."""
    path = tmp_path / "a.json"
    write_whole(path, "eins\n")
    path.chmod(0o640)
    write_whole(path, "zwei ü\n")
    assert path.read_bytes() == "zwei ü\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]


def test_a_link_stays_a_link(tmp_path: Path):
    """What it points to is written."""
    (tmp_path / "there").write_text("old")
    (tmp_path / "link").symlink_to("there")
    write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_text() == "new"


def test_a_pipe_is_written_to(tmp_path: Path):
    """`-o /dev/stdout` and the like are no files to replace."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, "through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("name", ["nowhere/a.json", "directory"])
def test_failures_name_the_file(tmp_path: Path, name: str):
    """A missing directory, or a directory in its place: the error names what was to be written, and nothing is left."""
    (tmp_path / "directory").mkdir()
    with pytest.raises(OSError, match=re.escape(str(tmp_path / name))) as caught:
        write_whole(tmp_path / name, "x")
    assert caught.value.filename == str(tmp_path / name)
    assert [each.name for each in tmp_path.iterdir()] == ["directory"]


def test_a_name_as_long_as_can_be(tmp_path: Path):
    """The hidden file's name is shorter."""
    path = tmp_path / ("ü" * 127)
    write_whole(path, "x")
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_text_that_cannot_be_written(tmp_path: Path):
    """A lone surrogate leaves the old content."""
    path = tmp_path / "a"
    write_whole(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "\ud800")
    assert path.read_text() == "old"
