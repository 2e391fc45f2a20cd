"""Replacing files: permissions, links, leftovers, and file systems that cannot link."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lazycell import CheckpointError
from lazycell.formats._hidden import is_in_transit
from lazycell.saving._atomic import Replacement, free_names, refuse_irregular


def write(path: Path, text: str = "new") -> None:
    """Replace one file."""
    with Replacement(path) as replacement:
        new = replacement.create(path.name)
        os.write(new.descriptor, text.encode())
        replacement.finish(new)
        replacement.commit(new)


def index(directory: Path, *shards: str) -> Path:
    """Write an index by hand."""
    path = directory / "model.safetensors.index.json"
    path.write_text(json.dumps({"weight_map": {f"w.{position}": name for position, name in enumerate(shards)}}))
    return path


def write_shards(directory: Path, *names: str) -> None:
    """Replace a checkpoint by shards that hold their names."""
    main = directory / "model.safetensors.index.json"
    with Replacement(main, directory / "model.safetensors") as replacement:
        files = []
        for name in names:
            new = replacement.create(name)
            os.write(new.descriptor, name.encode())
            replacement.finish(new)
            files.append(new)
        new = replacement.create(main.name)
        os.write(new.descriptor, json.dumps({"weight_map": {name: name for name in names}}).encode())
        replacement.finish(new)
        for file in files:
            replacement.place(file)
        replacement.commit(new)


def listing(directory: Path) -> list[str]:
    """Give the names in a directory."""
    return sorted(os.listdir(directory))


def test_a_new_file_has_the_permissions_that_the_umask_leaves(tmp_path: Path) -> None:
    """As if the file had been opened for writing."""
    old = os.umask(0o027)
    try:
        write(tmp_path / "a")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    """Also those that MindSpore gives its files: read-only."""
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(0o400)
    write(path)
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o400)
    assert listing(tmp_path) == ["a"]


@pytest.mark.parametrize("old", ["model.safetensors", "model.safetensors.index.json"])
def test_what_users_noted_about_a_checkpoint_is_kept(tmp_path: Path, old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new main file has it, whichever the old one was; all files have the permissions."""
    kept: list[tuple[str, bool]] = []

    def keep(main: Path, descriptor: int, *, notes: bool) -> None:
        kept.append((main.name, notes))

    monkeypatch.setattr("lazycell.saving._atomic.keep_attributes", keep)
    (tmp_path / old).write_text("old")
    write_shards(tmp_path, "n1", "n2")
    assert kept == [(old, False), (old, False), (old, True)]


def test_who_holds_the_old_file_open_keeps_it(tmp_path: Path) -> None:
    """A net that was loaded from it by a map goes on with the values it has."""
    path = tmp_path / "a"
    path.write_text("old")
    with path.open() as file:
        write(path)
        assert file.read() == "old"


def test_nothing_is_left_of_what_was_not_committed(tmp_path: Path) -> None:
    """An error, or Ctrl-C, takes the hidden files away and leaves the old one."""
    (tmp_path / "a").write_text("old")

    def interrupted() -> None:
        with Replacement(tmp_path / "a") as replacement:
            replacement.create("a")
            assert len(listing(tmp_path)) == 3
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert listing(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_shards_that_were_placed_go_with_a_failure(tmp_path: Path) -> None:
    """Without a commit they are no part of anything."""
    main = index(tmp_path, "s1")
    (tmp_path / "s1").write_text("old")

    def fail() -> None:
        with Replacement(main) as replacement:
            replacement.place(replacement.create("s2"))
            assert is_in_transit(tmp_path / "s2")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert listing(tmp_path) == ["model.safetensors.index.json", "s1"]


def test_a_shard_never_overwrites_a_file(tmp_path: Path) -> None:
    """Whoever put it there, it stays."""
    (tmp_path / "s1").write_text("somebody's")
    with pytest.raises(FileExistsError):
        write_shards(tmp_path, "s1")
    assert listing(tmp_path) == ["s1"]
    assert (tmp_path / "s1").read_text() == "somebody's"


def test_old_shards_go_and_others_stay(tmp_path: Path) -> None:
    """Removed is what the old index named, unless another index names it too."""
    index(tmp_path, "s1", "s2", "../outside", "sub/inside")
    (tmp_path / "other.safetensors.index.json").write_text(json.dumps({"weight_map": {"w": "s2"}}))
    (tmp_path / "sub").mkdir()
    for name in ("s1", "s2", "s3", "sub/inside"):
        (tmp_path / name).write_text("old")
    write_shards(tmp_path, "n1")
    expected = ["model.safetensors.index.json", "n1", "other.safetensors.index.json", "s2", "s3", "sub"]
    assert listing(tmp_path) == expected
    assert (tmp_path / "sub" / "inside").exists()


def test_what_only_looks_like_an_index_does_no_harm(tmp_path: Path) -> None:
    """A FIFO with such a name would block whoever reads it; a directory cannot be read."""
    os.mkfifo(tmp_path / "fifo.index.json")
    (tmp_path / "directory.index.json").mkdir()
    index(tmp_path, "s1")
    (tmp_path / "s1").touch()
    write_shards(tmp_path, "n1")
    assert listing(tmp_path) == ["directory.index.json", "fifo.index.json", "model.safetensors.index.json", "n1"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": 3}', '{"weight_map": {"a": 3}}', "[" * 100_000])
def test_an_old_index_that_cannot_be_read_is_replaced(tmp_path: Path, text: str) -> None:
    """What it named nobody can tell, so nothing else is removed."""
    (tmp_path / "model.safetensors.index.json").write_text(text)
    (tmp_path / "s1").write_text("old")
    write_shards(tmp_path, "n1")
    assert listing(tmp_path) == ["model.safetensors.index.json", "n1", "s1"]


def test_where_both_forms_are_there_both_stay_until_the_commit(tmp_path: Path) -> None:
    """Which of the two the user wants to keep cannot be told, so a failure keeps both; a save replaces both."""
    index(tmp_path, "s1")
    for name in ("s1", "model.safetensors"):
        (tmp_path / name).write_text("old")
    before = listing(tmp_path)
    with pytest.raises(FileExistsError):
        write_shards(tmp_path, "n1", "s1")
    assert listing(tmp_path) == before
    write_shards(tmp_path, "n1")
    assert listing(tmp_path) == ["model.safetensors.index.json", "n1"]


def test_a_shard_that_is_called_as_the_single_file(tmp_path: Path) -> None:
    """`model.safetensors` may be a shard of the old index; it goes with it."""
    index(tmp_path, "model.safetensors", "s2")
    for name in ("s2", "model.safetensors"):
        (tmp_path / name).write_text("old")
    write_shards(tmp_path, "n1")
    assert listing(tmp_path) == ["model.safetensors.index.json", "n1"]


def leave_behind(path: Path) -> None:
    """Let a process be killed in the middle of a save."""
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom lazycell.saving._atomic import Replacement\n"
        "with Replacement(Path(sys.argv[1])) as replacement:\n"
        "  new = replacement.create('x')\n  os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -9


def test_a_later_save_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    """Of the same checkpoint; those of others are theirs."""
    leave_behind(tmp_path / "a")
    leave_behind(tmp_path / "b")
    assert len(listing(tmp_path)) == 4
    write(tmp_path / "a")
    assert [name for name in listing(tmp_path) if not name.startswith(".b.")] == ["a"]
    assert len(listing(tmp_path)) == 3


def test_a_later_save_leaves_what_another_still_writes(tmp_path: Path) -> None:
    """Two may save to one name at once: the last one to finish wins, and none disturbs the other."""
    path = tmp_path / "a"
    with Replacement(path) as first:
        new = first.create("a")
        os.write(new.descriptor, b"first")
        write(path, "second")
        assert path.read_text() == "second"
        first.finish(new)
        first.commit(new)
    assert path.read_text() == "first"
    assert listing(tmp_path) == ["a"]


def test_a_users_hard_link_to_an_old_shard_stays(tmp_path: Path) -> None:
    """A backup made of links is not what a save may remove."""
    index(tmp_path, "s1")
    (tmp_path / "s1").write_text("old")
    os.link(tmp_path / "s1", tmp_path / "backup")
    write_shards(tmp_path, "n1")
    assert listing(tmp_path) == ["backup", "model.safetensors.index.json", "n1"]


def test_long_names(tmp_path: Path) -> None:
    """A name may be as long as the file system allows."""
    path = tmp_path / ("é" * 120 + ".safetensors")
    name = "a" * 255
    write(tmp_path / name)
    write(path)
    assert listing(tmp_path) == sorted([name, path.name])


@pytest.mark.parametrize("call", ["link", "flock"])
def test_file_systems_without_links_or_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """Shards are renamed then; a failure still takes them away."""

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    monkeypatch.setattr({"link": "os.link", "flock": "fcntl.flock"}[call], refuse)
    index(tmp_path, "s1")
    (tmp_path / "s1").write_text("old")
    with pytest.raises(FileExistsError):
        write_shards(tmp_path, "n1", "s1")
    assert listing(tmp_path) == ["model.safetensors.index.json", "s1"]
    write_shards(tmp_path, "n1", "n2")
    assert listing(tmp_path) == ["model.safetensors.index.json", "n1", "n2"]


def test_free_names(tmp_path: Path) -> None:
    """Hugging Face's form, and another one while the old checkpoint has those names."""
    first = free_names(tmp_path, "model", 2)
    assert first == ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    (tmp_path / first[1]).touch()
    second = free_names(tmp_path, "model", 2)
    assert second == ["model-v2-00001-of-00002.safetensors", "model-v2-00002-of-00002.safetensors"]
    (tmp_path / second[0]).touch()
    assert free_names(tmp_path, "model", 2)[0] == "model-v3-00001-of-00002.safetensors"
    assert free_names(tmp_path, "model", 3)[0] == "model-00001-of-00003.safetensors"


def test_a_file_of_its_own_is_not_in_transit(tmp_path: Path) -> None:
    """Neither is one with a user's link, nor one that is not there."""
    path = tmp_path / "a"
    assert not is_in_transit(path)
    path.touch()
    assert not is_in_transit(path)
    os.link(path, tmp_path / "b")
    assert not is_in_transit(path)
    os.link(path, tmp_path / ".a.01234567~b.lazycell")
    assert not is_in_transit(path)
    os.link(path, tmp_path / ".a.01234567~a.lazycell")
    assert is_in_transit(path)


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    """A directory, or a device, or a FIFO."""
    os.mkfifo(tmp_path / "fifo")
    for path, what in ((tmp_path, "a directory"), (tmp_path / "fifo", "not a regular file")):
        with pytest.raises(CheckpointError, match=f"{path} is {what}: a checkpoint cannot be saved there"):
            refuse_irregular(path)
    refuse_irregular(tmp_path / "nothing")


def test_an_index_that_cannot_be_read_does_not_fail_a_save(tmp_path: Path) -> None:
    """Another user's, say: the checkpoint is saved, and what the index may need stays."""
    (tmp_path / "other.index.json").symlink_to("/proc/self/mem")  # a regular file whose first byte cannot be read
    index(tmp_path, "s1")
    (tmp_path / "s1").write_text("old")
    write_shards(tmp_path, "n1")
    assert {"n1", "s1", "model.safetensors.index.json"} < set(listing(tmp_path))
    (tmp_path / "other.index.json").unlink()
    write_shards(tmp_path, "n2")
    assert listing(tmp_path) == ["model.safetensors.index.json", "n2"]


def test_names_are_taken_while_another_save_goes_on(tmp_path: Path) -> None:
    """Its shards have no names yet, but they will."""
    with Replacement(tmp_path / "model.safetensors.index.json") as replacement:
        replacement.create("model-00001-of-00002.safetensors")
        assert free_names(tmp_path, "model", 2)[0] == "model-v2-00001-of-00002.safetensors"
