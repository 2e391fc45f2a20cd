"""What was accepted is written whole, whenever the process is killed or fails; what was cut short is finished."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from lazycell import ManifestError
from lazycell.gate._acceptance import finish_accepted, is_unfinished, write_accepted

from ..saving.crashes import killed_at

OLD = {"a.json": "old a", "b.json": "old b", "gone.json": "old gone", "CHANGES.md": "# Log\n"}
FILES = {"a.json": "new a", "b.json": "new b", "gone.json": None, "new.json": "new"}
ENTRY = "## why\n"
NEW = {"a.json": "new a", "b.json": "new b", "new.json": "new", "CHANGES.md": "# Log\n\n## why\n"}


def contents(directory: Path) -> dict[str, str]:
    """Give all files of a directory, hidden ones too."""
    return {path.name: path.read_text() for path in directory.iterdir()}


def fill(directory: Path) -> Path:
    """Put the old files into a directory."""
    directory.mkdir()
    for name, text in OLD.items():
        (directory / name).write_text(text)
    return directory


def accept(directory: Path) -> None:
    """Accept the new files."""
    write_accepted(directory, FILES, ENTRY)


def half_accepted(root: Path) -> Path:
    """Leave an acceptance that was killed when the first of its files was written."""
    for call in itertools.count(1):
        directory = fill(root / f"half-{call}")
        assert killed_at(call, lambda directory=directory: accept(directory))
        if (directory / "a.json").read_text() == "new a":
            return directory
    raise AssertionError


def test_accepted(tmp_path: Path) -> None:
    """Files are written, made and removed; the log goes on; nothing else is left."""
    accept(fill(tmp_path / "manifests"))
    assert contents(tmp_path / "manifests") == NEW
    accept(tmp_path / "first" / "time")
    assert sorted(contents(tmp_path / "first" / "time")) == ["CHANGES.md", "a.json", "b.json", "new.json"]


def test_killed_at_any_call(tmp_path: Path) -> None:
    """The next call finds it undone, or finishes it; both leave nothing else, and nothing is a mixture then."""
    states = []
    while True:
        directory = fill(tmp_path / str(len(states)))
        if not killed_at(len(states) + 1, lambda directory=directory: accept(directory)):
            break
        was_done = contents(directory) == NEW
        states.append("finished" if finish_accepted(directory) else "done" if was_done else "not begun")
        assert contents(directory) == (OLD if states[-1] == "not begun" else NEW), f"at call {len(states)}"
        assert not is_unfinished(directory)
        accept(directory)
        assert contents(directory).keys() == NEW.keys()
    # one after the other: each file is a handful of calls, of the three that are written and the log
    assert sorted(states, key=["not begun", "finished", "done"].index) == states
    assert states.count("not begun") > 4
    assert states.count("finished") > 16


def test_killed_while_it_is_finished(tmp_path: Path) -> None:
    """That is finished in turn, at any call."""
    half = half_accepted(tmp_path)
    for call in itertools.count(1):
        directory = tmp_path / str(call)
        shutil.copytree(half, directory)
        if not killed_at(call, lambda directory=directory: finish_accepted(directory)):
            break
        finish_accepted(directory)
        assert contents(directory) == NEW
    assert call > 10


@pytest.fixture
def half(tmp_path: Path) -> Path:
    """Leave an acceptance of which one file is written."""
    directory = half_accepted(tmp_path)
    assert {name: text for name, text in contents(directory).items() if not name.startswith(".")} == {
        **OLD,
        "a.json": "new a",
    }
    assert is_unfinished(directory)
    return directory


def test_files_that_were_changed_since_stay(half: Path) -> None:
    """Whoever did that meant it; the rest is finished, and the log has both entries."""
    (half / "b.json").write_text("by hand")
    (half / "CHANGES.md").write_text("# Log\n\n## merged\n")
    assert finish_accepted(half)
    assert contents(half) == {**NEW, "b.json": "by hand", "CHANGES.md": "# Log\n\n## merged\n\n## why\n"}


def test_what_was_taken_back_is_not_done_again(half: Path) -> None:
    """Someone reverted it: the next acceptance starts over."""
    (half / "a.json").write_text("old a")
    assert not finish_accepted(half)
    assert contents(half) == OLD


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[",
        '{"format": "lazycell.acceptance", "version": 2, "files": {}, "entry": ""}',
        '{"format": "lazycell.acceptance", "version": 1, "files": [], "entry": ""}',
        '{"format": "lazycell.acceptance", "version": 1, "files": {"../a.json": {"before": null, "after": ""}}, "entry": ""}',
        '{"format": "lazycell.acceptance", "version": 1, "files": {"a.json": {"before": null, "after": 3}}, "entry": ""}',
    ],
)
def test_what_is_no_plan_is_not_carried_out(half: Path, text: str) -> None:
    """It goes."""
    (half / ".accept.lazycell").write_text(text)
    assert not finish_accepted(half)
    assert contents(half) == {**OLD, "a.json": "new a"}


def failing_at(monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    """Make the disk full at a call of `write`, for good."""
    count, real = 0, os.write

    def write(*arguments: Any) -> int:
        nonlocal count
        count += 1
        if count >= call:
            raise OSError(errno.ENOSPC, "full")
        return real(*arguments)

    monkeypatch.setattr(os, "write", write)


@pytest.mark.parametrize("call", range(1, 6))
def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    """Before the first file nothing is changed or left; after it the next call goes on."""
    directory = fill(tmp_path / "manifests")
    with monkeypatch.context() as patch:
        failing_at(patch, call)
        with pytest.raises(OSError, match="full"):
            accept(directory)
    assert is_unfinished(directory) == (call > 2)
    assert call > 2 or contents(directory) == OLD
    finish_accepted(directory)
    assert contents(directory) == (NEW if call > 2 else OLD)


def test_a_log_that_cannot_be_continued(tmp_path: Path) -> None:
    """It is found out about before anything is written."""
    directory = fill(tmp_path / "manifests")
    (directory / "CHANGES.md").write_bytes(b"\xff")
    with pytest.raises(ManifestError, match="CHANGES.md is not UTF-8"):
        accept(directory)
    assert (directory / "a.json").read_text() == "old a"
    assert not is_unfinished(directory)
