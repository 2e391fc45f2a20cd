"""Saving: one file or several, what it replaces, and every way in which it can be cut short."""

from __future__ import annotations

import errno
import json
import os
import resource
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tests
from lazycell import CheckpointError, CheckpointFormatError
from lazycell.formats import open_checkpoint
from lazycell.saving._save import SaveReport
from lazycell.saving._verify import verify
from lazycell.saving._write_safetensors import CRC32

from .. import forked
from .crashes import CALLS
from .saved import load_arrays, same_arrays, save_arrays, some_arrays

ROOT = Path(tests.__file__).parents[1]
OLD, NEW = some_arrays(1), some_arrays(2, 5)


def listing(directory: Path) -> list[str]:
    """Give the names in a directory."""
    return sorted(os.listdir(directory))


# --------------------------------------------------------------------------------------------------- what is written


def test_the_report_says_what_was_saved(tmp_path: Path) -> None:
    """As data, and as a line."""
    report = save_arrays(tmp_path / "net.safetensors", OLD)
    assert (report.path, report.paths) == (tmp_path / "net.safetensors", (tmp_path / "net.safetensors",))
    assert (report.tensors, report.nbytes) == (4, 4 * 300 * 4)
    assert report.seconds > 0
    one = SaveReport(tmp_path / "a.safetensors", (tmp_path / "a.safetensors",), 1, 2_000_000_000, 1.5)
    assert str(one) == "saved 1 tensor, 2.00 GB in 1.50 s to a.safetensors"
    two = SaveReport(tmp_path / "a.safetensors.index.json", (Path("b"), Path("c")), 3, 5, 0.0)
    assert str(two) == "saved 3 tensors, 5 B in 0.00 s to a.safetensors.index.json and 2 shards"


def test_progress_ends_with_everything(tmp_path: Path) -> None:
    """It rises from call to call, up to the bytes of all tensors."""
    calls: list[tuple[int, int]] = []
    arrays = {"a": np.zeros(3 << 20, np.float32), "b": np.zeros(10, np.float32)}
    save_arrays(tmp_path / "net.safetensors", arrays, progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == ((12 << 20) + 40, (12 << 20) + 40)
    assert len(calls) > 3
    assert calls == sorted(calls)


def test_shards(tmp_path: Path) -> None:
    """In the order given, each at most as large as asked, as Hugging Face names and indexes them."""
    report = save_arrays(tmp_path, NEW, 2500, metadata={"format": "pt", "lazycell.model": "Net"})
    names = [f"model-0000{number}-of-00003.safetensors" for number in (1, 2, 3)]
    assert report.path == tmp_path / "model.safetensors.index.json"
    assert report.paths == tuple(tmp_path / name for name in names)
    assert listing(tmp_path) == [*names, report.path.name]
    index = json.loads(report.path.read_text())
    assert index["metadata"] == {"format": "pt", "lazycell.model": "Net", "total_size": 5 * 1200}
    assert index["weight_map"] == dict(zip(sorted(NEW), [name for name in names for _ in (0, 1)], strict=False))
    assert same_arrays(load_arrays(tmp_path), NEW)
    for name in names:
        metadata = open_checkpoint(tmp_path / name).metadata
        assert {"format", "lazycell.model", CRC32} == set(metadata)


def test_what_fits_one_shard_is_one_file(tmp_path: Path) -> None:
    """As in Hugging Face's libraries; the path of an index asks for one all the same."""
    save_arrays(tmp_path, NEW, "1GB")
    assert listing(tmp_path) == ["model.safetensors"]
    save_arrays(tmp_path / "model.safetensors.index.json", NEW)
    assert listing(tmp_path) == ["model-00001-of-00001.safetensors", "model.safetensors.index.json"]


def test_no_tensors(tmp_path: Path) -> None:
    """A file can hold none; an index names at least one."""
    for name in ("a.safetensors", "a.ckpt"):
        save_arrays(tmp_path / name, {})
        assert load_arrays(tmp_path / name) == {}
    with pytest.raises(CheckpointError, match="an index of no tensors cannot be loaded"):
        save_arrays(tmp_path / "b.safetensors.index.json", {})


@pytest.mark.parametrize("first", [None, 2500])
@pytest.mark.parametrize("second", [None, 2500])
def test_one_form_replaces_the_other(tmp_path: Path, first: int | None, second: int | None) -> None:
    """In a directory there is one checkpoint, whatever it was before."""
    (tmp_path / "config.json").write_text("{}")
    save_arrays(tmp_path, OLD, first)
    save_arrays(tmp_path, NEW, second)
    assert same_arrays(load_arrays(tmp_path), NEW)
    assert len(listing(tmp_path)) == (2 if second is None else 5)


def test_checkpoints_of_other_names_stay(tmp_path: Path) -> None:
    """A save replaces what has its name, in either form, and nothing else."""
    save_arrays(tmp_path / "a.safetensors", OLD, 2500)
    save_arrays(tmp_path / "b.safetensors", OLD)
    save_arrays(tmp_path / "a.ckpt", OLD)
    before = listing(tmp_path)
    save_arrays(tmp_path / "c.safetensors", NEW, 2500)
    save_arrays(tmp_path / "c.ckpt", NEW)
    assert set(before) < set(listing(tmp_path))
    assert same_arrays(load_arrays(tmp_path / "a.safetensors.index.json"), OLD)


def test_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the working directory."""
    monkeypatch.chdir(tmp_path)
    for size in (None, 2500):
        assert save_arrays(Path("net.safetensors"), OLD, size).path.parent == Path(".")
        assert same_arrays(load_arrays(Path(".")), OLD)


def test_a_link_is_written_through(tmp_path: Path) -> None:
    """What it points to is replaced, as with any program that writes to it, and the link stays."""
    (tmp_path / "disk").mkdir()
    target, link = tmp_path / "disk" / "weights", tmp_path / "net.safetensors"
    link.symlink_to(target)
    for arrays in (OLD, NEW):  # first it leads nowhere
        save_arrays(link, arrays)
        assert link.is_symlink()
        assert same_arrays(load_arrays(link), arrays)
    assert listing(tmp_path / "disk") == ["weights"]


def test_a_link_is_newer_than_shards_beside_it(tmp_path: Path) -> None:
    """The index beside a link is of what was there before: the directory gives what was saved last."""
    save_arrays(tmp_path / "model.safetensors", OLD, 1)
    (tmp_path / "disk").mkdir()
    (tmp_path / "model.safetensors").symlink_to(tmp_path / "disk" / "weights")
    save_arrays(tmp_path / "model.safetensors", NEW)
    assert same_arrays(load_arrays(tmp_path), NEW)
    assert listing(tmp_path) == ["disk", "model.safetensors"]


def test_a_link_that_an_index_names_stays(tmp_path: Path) -> None:
    """An index of one file may lie beside it: what was just saved is not one of its shards that nobody needs."""
    (tmp_path / "disk").mkdir()
    link = tmp_path / "model.safetensors"
    link.symlink_to(tmp_path / "disk" / "weights")
    save_arrays(link, OLD)
    weight_map = dict.fromkeys(OLD, link.name)
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    save_arrays(link, NEW)
    assert same_arrays(load_arrays(tmp_path), NEW)
    assert listing(tmp_path) == ["disk", "model.safetensors"]


# -------------------------------------------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *((old, new) for old in ("none", "single", "sharded") for new in ("single", "sharded")),
        ("ckpt", "ckpt"),
    ],
)
def test_killed_at_any_point(old: str, new: str) -> None:
    """Whenever the process is killed, the old or the new checkpoint is there, whole; the next save cleans up."""
    run = subprocess.run(
        [*forked.python(), "-m", "tests.saving.crashes", old, new],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert result["problems"] == []
    assert result["kills"] > 10  # so many calls the shortest save makes
    assert min(result["nothing" if old == "none" else "old"], result["new"]) > 3


def test_shards_without_their_index_are_no_checkpoint(tmp_path: Path) -> None:
    """A first save that was killed leaves nothing that could be taken for a whole."""
    name = "model-00001-of-00002.safetensors"
    save_arrays(tmp_path / name, OLD)
    os.link(tmp_path / name, tmp_path / f".model.safetensors.01234567~{name}.lazycell")
    with pytest.raises(CheckpointFormatError, match=f"holds {name}, of a save that did not come to its end"):
        load_arrays(tmp_path)
    save_arrays(tmp_path, NEW)
    assert listing(tmp_path) == ["model.safetensors"]


class Injected(Exception):
    """Not an error that anything handles."""


def fail_at(patch: pytest.MonkeyPatch, call: int, error: BaseException, after: bool) -> Callable[[], bool]:
    """Make the `call`-th call to the operating system fail, before or after it is made; whether it came to that."""
    count = 0

    def wrap(name: str) -> None:
        real = getattr(os, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == call and not after:
                raise error
            result = real(*args, **kwargs)
            if count == call:
                raise error
            return result

        patch.setattr(os, name, counted)

    for name in CALLS:
        if name != "close":  # the descriptor is closed whatever it returns
            wrap(name)
    return lambda: count >= call


@pytest.mark.parametrize(
    ("error", "after"),
    [(OSError(errno.ENOSPC, "full"), False), (KeyboardInterrupt(), False), (KeyboardInterrupt(), True)],
    ids=["full", "interrupt-before", "interrupt-after"],
)
@pytest.mark.parametrize(
    ("old", "new"),
    [(None, None), (None, 2500), (2500, None), (2500, 2500)],
    ids=lambda size: "one" if size is None else "shards",
)
@pytest.mark.usefixtures("no_flush")
def test_failures_at_any_point(
    tmp_path: Path, old: int | None, new: int | None, error: BaseException, after: bool
) -> None:
    """Whichever call fails, or is interrupted: one of the two checkpoints is there, and nothing else."""
    call = 0
    states = set()
    while True:
        call += 1
        directory = tmp_path / str(call)
        directory.mkdir()
        save_arrays(directory, OLD, old)
        with pytest.MonkeyPatch.context() as patch:
            came = fail_at(patch, call, error, after)
            try:
                save_arrays(directory, NEW, new)
            except (OSError, KeyboardInterrupt) as caught:
                failed = caught
            else:
                failed = None
        if not came():
            break
        found = load_arrays(directory)
        verify(directory)
        state = "old" if same_arrays(found, OLD) else "new"
        states.add(state)
        if state == "new":
            assert same_arrays(found, NEW)
        if isinstance(failed, OSError):
            assert f"cannot save {directory / 'model.safetensors'}: No space left on device" in str(failed)
            assert ("; the checkpoint there is as it was" in str(failed)) == (state == "old")
        elif failed is None:  # only what is tried, and not needed
            assert isinstance(error, OSError)
        save_arrays(directory, NEW, new)
        assert same_arrays(load_arrays(directory), NEW)
        assert len(listing(directory)) == (1 if new is None else 4)
    assert states == {"old", "new"}


def test_everything_is_on_the_disk_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file is flushed after its last byte and before it is renamed; the directory before and after the index."""
    save_arrays(tmp_path, OLD, 2500)
    calls: list[tuple[str, str]] = []

    def record(name: str) -> None:
        real = getattr(os, name)

        def recorded(*args: Any, **kwargs: Any) -> Any:
            first = args[0]
            calls.append((name, os.readlink(f"/proc/self/fd/{first}") if isinstance(first, int) else os.fspath(first)))
            return real(*args, **kwargs)

        monkeypatch.setattr(os, name, recorded)

    for name in ("write", "pwrite", "fsync", "rename", "link"):
        record(name)
    save_arrays(tmp_path, NEW, 2500)
    written = {path for name, path in calls if name == "write"}
    assert len(written) == 4
    commit = next(position for position, (name, _) in enumerate(calls) if name == "rename")
    for path in written:
        last = max(position for position, (name, each) in enumerate(calls) if each == path and "write" in name)
        flushed = calls.index(("fsync", path))
        named = next(p for p, (name, each) in enumerate(calls) if each == path and name in ("link", "rename"))
        assert last < flushed < named <= commit
    assert calls[commit - 1] == ("fsync", str(tmp_path))
    assert calls[commit + 1] == ("fsync", str(tmp_path))


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """A limit of the system, for real: the error names the path and the bytes, and the old checkpoint stays."""
    path = tmp_path / "net.safetensors"
    save_arrays(path, OLD)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            save_arrays(path, {"a": np.ones(1 << 20, np.float32)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.errno == errno.EFBIG
    assert f"cannot save {path}: File too large: the checkpoint needs 4.19 MB beside what is there" in str(caught.value)
    assert str(caught.value).endswith("; the checkpoint there is as it was")
    assert same_arrays(load_arrays(path), OLD)
    assert listing(tmp_path) == ["net.safetensors"]


def test_a_directory_that_is_missing(tmp_path: Path) -> None:
    """It is named, and not made: it may be a slip of the pen."""
    path = tmp_path / "modle" / "net.safetensors"
    with pytest.raises(FileNotFoundError) as caught:
        save_arrays(path, OLD)
    assert str(caught.value) == (
        f"[Errno 2] cannot save {path}: No such file or directory: there is no directory {path.parent}; make it first"
    )


def test_a_directory_that_cannot_be_written_to() -> None:
    """The error is that of the system, and names the path."""
    # Where even root may not make files.
    with pytest.raises(OSError, match=r"cannot save /proc/self/net\.safetensors: "):
        save_arrays(Path("/proc/self/net.safetensors"), OLD)


def test_values_that_cannot_be_had(tmp_path: Path) -> None:
    """An error from where the values come from passes as it is, and takes the hidden files with it."""
    from lazycell.saving._destination import destination_of
    from lazycell.saving._output import content_of_array
    from lazycell.saving._save import save

    def fail() -> Any:
        raise Injected

    contents = [content_of_array("a", "float32", (2,), fail, lambda name, count: None)]
    for format, name in (("safetensors", "net.safetensors"), ("ckpt", "net.ckpt")):
        with pytest.raises(Injected):
            save(destination_of(tmp_path / name, format, None), contents, metadata={})
    assert listing(tmp_path) == []


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    """The index's name may be taken by a directory, say."""
    (tmp_path / "model.safetensors.index.json").mkdir()
    with pytest.raises(CheckpointError, match=r"model\.safetensors\.index\.json is a directory"):
        save_arrays(tmp_path / "model.safetensors", OLD)


def test_a_hidden_sharded_checkpoint_keeps_its_shards(tmp_path: Path) -> None:
    """A leading dot makes its index no less an index."""
    path = tmp_path / ".net.safetensors"
    save_arrays(path, OLD, 2500)
    assert same_arrays(load_arrays(tmp_path / ".net.safetensors.index.json"), OLD)


def test_several_saves_at_once(tmp_path: Path, no_flush: None) -> None:
    """Each succeeds, the last one stays, and nothing of the others."""
    path = tmp_path / "net.safetensors"

    def save_often(size: int | None) -> None:
        for _ in range(10):
            save_arrays(path, OLD, size)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(save_often, [None, 2500, 1300]))
    save_arrays(path, NEW)
    assert listing(tmp_path) == ["net.safetensors"]


def test_a_name_that_an_index_cannot_hold(tmp_path: Path) -> None:
    """JSON is Unicode; a file's name need not be."""
    path = tmp_path / os.fsdecode(b"\xff.safetensors")
    with pytest.raises(CheckpointError, match="the name is not Unicode text"):
        save_arrays(path, OLD, 2500)
    assert listing(tmp_path) == []
    save_arrays(path, OLD)
    assert same_arrays(load_arrays(path), OLD)


def test_nothing_to_encrypt(tmp_path: Path) -> None:
    """An empty file could not be loaded."""
    with pytest.raises(CheckpointError, match="has nothing to encrypt"):
        save_arrays(tmp_path / "a.ckpt", {}, encrypt=lambda block: block)
