"""Small files, written whole or not at all."""

from __future__ import annotations

import os
import re
import signal
import stat
from pathlib import Path

import pytest

from lazycell.system._whole_file import sweep_unfinished, write_whole


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


CALLS = ("open", "write", "fsync", "fchmod", "rename", "close")


def killed_in(call: str, path: Path) -> None:
    """Write to a file in a process that kills itself instead of making a call."""
    child = os.fork()
    if child == 0:
        setattr(os, call, lambda *args, **keywords: os.kill(os.getpid(), signal.SIGKILL))
        write_whole(path, "new")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)


@pytest.mark.parametrize("call", CALLS)
def test_killed(tmp_path: Path, call: str):
    """The old content or the new is there; the next write to this file leaves nothing else, and not before."""
    path = tmp_path / "a.json"
    write_whole(path, "old")
    killed_in(call, path)
    assert path.read_text() == ("new" if call == "close" else "old")
    left = len(os.listdir(tmp_path))
    assert left == (1 if call in ("open", "close") else 2)
    write_whole(tmp_path / "b.json", "another")
    assert len(os.listdir(tmp_path)) == left + 1
    write_whole(path, "next")
    assert sorted(os.listdir(tmp_path)) == ["a.json", "b.json"]


def test_what_is_being_written_is_no_leftover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Of two that write to a file at once each writes its own; neither takes the other's for a leftover."""
    path = tmp_path / "a"
    real = os.fsync

    def meanwhile(descriptor: int) -> None:
        monkeypatch.setattr(os, "fsync", real)
        write_whole(path, "second")
        sweep_unfinished(tmp_path)
        assert path.read_text() == "second"

    monkeypatch.setattr(os, "fsync", meanwhile)
    write_whole(path, "first")
    assert path.read_text() == "first"
    assert os.listdir(tmp_path) == ["a"]


def test_a_leftover_that_nobody_may_write_to(tmp_path: Path):
    """A killed write of a read-only file leaves a read-only one."""
    path = tmp_path / "a.json"
    write_whole(path, "old")
    path.chmod(0o400)
    killed_in("fsync", path)
    assert len(os.listdir(tmp_path)) == 2
    write_whole(path, "next")
    assert [(each.name, stat.S_IMODE(each.stat().st_mode)) for each in tmp_path.iterdir()] == [("a.json", 0o400)]
