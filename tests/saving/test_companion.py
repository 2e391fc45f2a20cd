"""A file that is replaced with a checkpoint: never is it of another save than the checkpoint beside it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lazycell import CheckpointError
from lazycell.saving import Companion

from .. import forked
from .saved import load_arrays, same_arrays, save_arrays, some_arrays

OLD, NEW = some_arrays(1), some_arrays(2)


def save(directory: Path, arrays: dict[str, Any], text: str, **more: Any) -> None:
    """Save arrays, with a companion."""
    save_arrays(directory, arrays, companion=Companion(directory / "config.json", text.encode()), **more)


def pair(directory: Path) -> tuple[str, str | None]:
    """Tell which checkpoint is there, and what its companion says."""
    weights = "new" if same_arrays(load_arrays(directory), NEW) else "old"
    path = directory / "config.json"
    return weights, path.read_text() if path.exists() else None


def test_both_are_replaced(tmp_path: Path) -> None:
    """Where there was nothing, and where there was something, of either form; nothing else is left."""
    for arrays, text, size in ((OLD, "old", None), (NEW, "new", 2500), (OLD, "old", None)):
        save(tmp_path, arrays, text, max_shard_size=size)
        assert pair(tmp_path) == (text, text)
    assert sorted(os.listdir(tmp_path)) == ["config.json", "model.safetensors"]


def test_what_stays_the_same_is_not_touched(tmp_path: Path) -> None:
    """So that it is there at every moment of a save that only brings new weights."""
    save(tmp_path, OLD, "same")
    before = (tmp_path / "config.json").stat()
    save(tmp_path, NEW, "same")
    after = (tmp_path / "config.json").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert pair(tmp_path) == ("new", "same")


@pytest.mark.parametrize("error", [OSError(5, "broken"), KeyboardInterrupt()], ids=["error", "interrupt"])
@pytest.mark.parametrize("call", ["link", "rename", "replace", "unlink", "fsync"])
def test_both_are_of_one_save_after_an_error(
    call: str, error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At whichever call to the operating system it comes: the old pair, or the new one, and nothing beside it."""
    pairs = set()
    for number in range(40):
        directory = tmp_path / str(number)
        directory.mkdir()
        save(directory, OLD, "old", max_shard_size=2500)
        real, count = getattr(os, call), iter(range(40))

        def fails(*args: Any, real: Any = real, count: Any = count, number: int = number, **kwargs: Any) -> Any:
            if next(count) == number:
                raise error
            return real(*args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, fails)
            try:
                save(directory, NEW, "new")
            except BaseException as raised:
                if not isinstance(raised, type(error)):
                    raise
        pairs.add(pair(directory))
        if next(count) <= number:  # no call was left to fail at
            break
    assert pairs <= {("old", "old"), ("new", "new")}
    assert ("new", "new") in pairs


@pytest.mark.parametrize(("old", "new"), [("single", "single"), ("sharded", "single")])
def test_a_kill_never_leaves_two_of_different_saves(old: str, new: str) -> None:
    """For a moment there is no companion, of which whoever needs it says so; the next save clears away all else."""
    command = [*forked.python(), "-m", "tests.saving.companion_crashes", old, new]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["problems"] == []
    assert result["pairs"].keys() == {"old old", "old nothing", "new nothing", "new new"}


def test_a_link_is_replaced_and_not_what_it_points_to(tmp_path: Path) -> None:
    """As the hub's cache has it: the file is another model's too."""
    blob = tmp_path / "blob"
    blob.write_text("theirs")
    (tmp_path / "config.json").symlink_to(blob)
    save(tmp_path, NEW, "theirs")
    assert (blob.read_text(), (tmp_path / "config.json").is_symlink()) == ("theirs", False)


def test_what_is_no_file_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    """The old checkpoint stays."""
    save_arrays(tmp_path, OLD)
    (tmp_path / "config.json").mkdir()
    with pytest.raises(CheckpointError, match=r"config\.json is a directory"):
        save(tmp_path, NEW, "new")
    assert sorted(os.listdir(tmp_path)) == ["config.json", "model.safetensors"]
    assert same_arrays(load_arrays(tmp_path), OLD)
