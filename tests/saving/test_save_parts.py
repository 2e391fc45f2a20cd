"""Saving by several ranks: what is written, who fails how, and what is left."""

from __future__ import annotations

import errno
import json
import os
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

import tests
from lazycell import CheckpointError
from lazycell.formats import open_checkpoint
from lazycell.mesh import Division, Mesh, Share
from lazycell.saving._companion import Companion
from lazycell.saving._destination import destination_of
from lazycell.saving._meeting import Meeting
from lazycell.saving._save import SaveReport
from lazycell.saving._verify import verify
from lazycell.system import write_at

from .. import forked
from .ranks import DIVISIONS, MESHES, Entry, arrays, entries, parts_of, save_as_rank, save_on, together
from .saved import load_arrays, same_arrays, save_arrays

OLD, NEW = arrays(1), arrays(2)
LAYOUTS = ("whole", "ranks")

pytestmark = pytest.mark.usefixtures("no_flush")


def contents_of(directory: Path) -> dict[str, bytes]:
    """Give all files, hidden ones too."""
    return {name: (directory / name).read_bytes() for name in sorted(os.listdir(directory))}


# ------------------------------------------------------------------------------------------------------ what is written


@pytest.fixture(scope="module", params=[None, 700, "1GB"])
def of_one_rank(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Any, dict[str, bytes]]:
    """Give the files that an ordinary save writes, and the size of a shard."""
    directory = tmp_path_factory.mktemp("one")
    save_arrays(directory, NEW, request.param)
    return request.param, contents_of(directory)


@pytest.mark.parametrize("sizes", MESHES, ids=str)
def test_files_are_those_of_one_rank(
    tmp_path: Path, sizes: dict[str, int], of_one_rank: tuple[Any, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte for byte, checksums included, whoever writes which part, in however small pieces."""
    most, expected = of_one_rank
    monkeypatch.setattr("lazycell.saving._write_part.PIECE", 64)
    reports = save_on(tmp_path, NEW, sizes, max_shard_size=most)
    assert contents_of(tmp_path) == expected
    verify(tmp_path)
    alike = {attrs.evolve(report, seconds=0.0) for report in reports.values()}
    assert len(alike) == 1
    assert str(alike.pop()).startswith(f"saved {len(NEW)} tensors")


def test_large_parts_in_pieces(tmp_path: Path) -> None:
    """Of some megabytes, in columns and in rows, at the size of pieces that there is."""
    whole = {"a": np.random.default_rng(5).random((600, 5000), np.float32), "b": np.arange(3 << 20, dtype=np.float32)}
    divided = {
        "a": Division((600, 5000), ((Share(600),), (Share(5000, ("tp",)),))),
        "b": Division((3 << 20,), ((Share(3 << 20, ("tp",)),),)),
    }

    def act(mesh: Mesh, token: str) -> SaveReport:
        def get(name: str) -> Any:
            place = divided[name].place(mesh)
            assert place is not None
            return whole[name][tuple(slice(*each[0]) for each in place.ranges)]  # not contiguous

        return save_as_rank(tmp_path / "new", whole, mesh, token, divisions=divided, get=get)

    (tmp_path / "new").mkdir()
    (tmp_path / "one").mkdir()
    token = secrets.token_hex(4)
    found = together({rank: lambda rank=rank: act(Mesh(tp=2, rank=rank), token) for rank in (0, 1)})  # type: ignore[misc]
    save_arrays(tmp_path / "one", whole)
    assert all(isinstance(each, SaveReport) for each in found.values()), found
    assert contents_of(tmp_path / "new") == contents_of(tmp_path / "one")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_values_are_converted(tmp_path: Path, layout: str) -> None:
    """To the dtype of the entry; each rank is told of what is lost in its own part."""
    whole = {name: np.full(array.shape, 1e6, np.float32) for name, array in NEW.items()}
    half = [Entry(name, "float16", array.shape) for name, array in whole.items()]
    lost: dict[str, int] = {}

    def note(name: str, count: int) -> None:
        lost[name] = lost.get(name, 0) + count

    save_on(tmp_path, whole, {"tp": 2}, entries=half, layout=layout, lost=note)
    with np.errstate(over="ignore"):
        assert same_arrays(load_arrays(tmp_path), {name: each.astype(np.float16) for name, each in whole.items()})
    assert lost == {name: array.size for name, array in whole.items() if array.size}


def test_progress_is_that_of_the_rank(tmp_path: Path) -> None:
    """It ends with all that the rank writes, and those of all ranks are the whole."""
    told: dict[int, list[tuple[int, int]]] = {0: [], 1: []}
    token = secrets.token_hex(4)

    def act(rank: int) -> SaveReport:
        return save_as_rank(
            tmp_path, NEW, Mesh(tp=2, rank=rank), token, progress=lambda done, total: told[rank].append((done, total))
        )

    together({rank: lambda rank=rank: act(rank) for rank in (0, 1)})  # type: ignore[misc]
    assert all(each and each == sorted(each) and each[-1][0] == each[-1][1] for each in told.values())
    assert sum(each[-1][1] for each in told.values()) == sum(array.nbytes for array in NEW.values())


def test_a_link_is_written_through(tmp_path: Path) -> None:
    """What it points to is replaced, as an ordinary save does it."""
    (tmp_path / "far").mkdir()
    save_arrays(tmp_path / "far" / "real.safetensors", OLD)
    (tmp_path / "net.safetensors").symlink_to(tmp_path / "far" / "real.safetensors")
    save_on(tmp_path / "net.safetensors", NEW, {"tp": 2})
    assert (tmp_path / "net.safetensors").is_symlink()
    assert same_arrays(load_arrays(tmp_path / "far" / "real.safetensors"), NEW)
    assert os.listdir(tmp_path / "far") == ["real.safetensors"]


@pytest.mark.parametrize("name", ["model.safetensors", "model.safetensors.index.json"])
def test_a_read_only_checkpoint_stays_one(tmp_path: Path, name: str) -> None:
    """As MindSpore's are; while they save, all ranks can open the file."""
    save_arrays(tmp_path, OLD)
    (tmp_path / "model.safetensors").chmod(0o440)
    seen: set[int] = set()

    def get(name: str) -> Any:
        seen.update(path.stat().st_mode & 0o777 for path in tmp_path.glob(".*~model*.safetensors.lazycell"))
        return parts_of(NEW, Mesh(dp=2, rank=0))(name)

    save_on(tmp_path / name, NEW, {"dp": 2}, get=get)
    assert seen == {0o640}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.safetensors")} == {0o440}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_companion_is_replaced_with_it(tmp_path: Path, layout: str) -> None:
    """By rank 0."""
    (tmp_path / "config.json").write_text("old")
    token = secrets.token_hex(4)

    def act(rank: int) -> SaveReport:
        companion = Companion(tmp_path / "config.json", b"new") if rank == 0 else None
        return save_as_rank(tmp_path, NEW, Mesh(tp=2, rank=rank), token, layout=layout, companion=companion)

    together({rank: lambda rank=rank: act(rank) for rank in (0, 1)})  # type: ignore[misc]
    assert (tmp_path / "config.json").read_text() == "new"
    assert same_arrays(load_arrays(tmp_path), NEW)
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


# --------------------------------------------------------------------------------------------------- what it replaces


FORMS: dict[str, Callable[[Path, Mapping[str, Any]], object]] = {
    "whole": lambda directory, whole: save_on(directory, whole, {"tp": 2}),
    "ranks": lambda directory, whole: save_on(directory, whole, {"dp": 2, "tp": 2}, layout="ranks"),
    "one": save_arrays,
    "shards": lambda directory, whole: save_arrays(directory, whole, 700),
}


@pytest.mark.parametrize("second", FORMS)
@pytest.mark.parametrize("first", FORMS)
def test_one_form_replaces_the_other(tmp_path: Path, first: str, second: str) -> None:
    """The later one counts, and of the earlier nothing is left."""
    (tmp_path / "alone").mkdir()
    (tmp_path / "both").mkdir()
    FORMS[second](tmp_path / "alone", NEW)
    FORMS[first](tmp_path / "both", OLD)
    assert same_arrays(load_arrays(tmp_path / "both"), OLD)
    FORMS[second](tmp_path / "both", NEW)
    assert same_arrays(load_arrays(tmp_path / "both"), NEW)
    assert len(os.listdir(tmp_path / "both")) == len(os.listdir(tmp_path / "alone"))


# ------------------------------------------------------------------------------------------------------- who fails, how


@contextmanager
def present(directory: Path, rank: int, ranks: int, token: str, *, ends: bool) -> Iterator[Meeting]:
    """Be a rank that has come to a save, and does nothing; or that is dead after that, as the kernel leaves it."""
    destination = destination_of(directory, None, None)
    with Meeting(destination.mains, destination.path, token=token, rank=rank, ranks=ranks, timeout=20.0) as meeting:
        if ends:
            os.close(meeting._own)
            os.close(meeting._together)
            meeting._own = meeting._together = -1
        yield meeting


def failing(directory: Path, ranks: int, acts: Mapping[int, dict[str, Any]], token: str = "0badcafe") -> dict[int, str]:
    """Save by some ranks, each with options of its own; give what each raises."""
    found = together(
        {
            rank: lambda rank=rank, more=more: save_as_rank(  # type: ignore[misc]
                directory, NEW, more.pop("mesh", Mesh(tp=ranks, rank=rank)), token, **more
            )
            for rank, more in acts.items()
        }
    )
    assert all(isinstance(each, Exception) for each in found.values()), found
    return {rank: str(each) for rank, each in found.items()}


def words(directory: Path, text: str) -> str:
    """Give what all ranks are told."""
    return f"cannot save {directory / 'model.safetensors'}: {text}; the checkpoint there is as it was"


@pytest.fixture(params=LAYOUTS)
def layout(request: pytest.FixtureRequest) -> str:
    """Give a layout."""
    return str(request.param)


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Path]:
    """Give a directory with a checkpoint, which is as it was after the test; and the next save leaves nothing else."""
    save_arrays(tmp_path, OLD)
    yield tmp_path
    assert same_arrays(load_arrays(tmp_path), OLD)
    save_on(tmp_path, NEW, {"tp": 2})
    assert os.listdir(tmp_path) == ["model.safetensors"]


def test_a_rank_that_ends(old: Path, layout: str) -> None:
    """All others are told which, in the same words."""
    with present(old, 2, 4, "0badcafe", ends=True):
        said = failing(old, 4, {rank: {"layout": layout} for rank in (0, 1, 3)})
    assert set(said.values()) == {words(old, "rank 2 ended before its file was whole")}
    assert os.listdir(old) == ["model.safetensors"]  # the last one out has cleared away


def test_rank_0_ends(old: Path, layout: str) -> None:
    """Before it has made files, or before it has committed."""
    with present(old, 0, 2, "0badcafe", ends=True):
        said = failing(old, 2, {1: {"layout": layout}})
    assert said == {1: words(old, "rank 0 ended before it committed")}


def test_a_rank_that_never_starts(old: Path, layout: str) -> None:
    """Is found by time alone."""
    said = failing(old, 4, {rank: {"layout": layout, "timeout": 0.3} for rank in (0, 1, 3)})
    text = "rank 2 has not answered for 0.3 s (timeout=): it has not come to save"
    assert words(old, text) in said.values()


def test_a_rank_that_hangs(old: Path, layout: str) -> None:
    """Though it lives."""
    with present(old, 1, 2, "0badcafe", ends=False):
        said = failing(old, 2, {0: {"layout": layout, "timeout": 0.3}})
    assert said == {0: words(old, "rank 1 has not answered for 0.3 s (timeout=): it lives, and does not get on")}


def test_a_slow_rank_is_waited_for(tmp_path: Path, layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as it gets on: what counts is the time without a sign."""
    monkeypatch.setattr("lazycell.saving._meeting._BEAT", 0.05)

    def slow(rank: int) -> dict[str, Any]:
        get = parts_of(NEW, Mesh(tp=2, rank=rank))

        def slowly(name: str) -> Any:
            time.sleep(0.15 if rank else 0)
            return get(name)

        return {"get": slowly}

    token = secrets.token_hex(4)
    found = together(
        {
            rank: lambda rank=rank: save_as_rank(  # type: ignore[misc]
                tmp_path, NEW, Mesh(tp=2, rank=rank), token, layout=layout, timeout=0.8, **slow(rank)
            )
            for rank in (0, 1)
        }
    )
    assert found[0].seconds > 1.0
    assert same_arrays(load_arrays(tmp_path), NEW)


@pytest.mark.parametrize("who", [0, 1, 2])
def test_a_rank_that_cannot(old: Path, layout: str, who: int) -> None:
    """It raises its own error; the others are told who, and why, in the same words."""

    def broken(name: str) -> Any:
        raise RuntimeError(f"no values of {name}")

    acts = {rank: {"layout": layout} | ({"get": broken} if rank == who else {}) for rank in range(4)}
    said = failing(old, 4, acts)
    reason = said.pop(who)
    assert reason.startswith("no values of ")
    assert set(said.values()) == {words(old, f"rank {who} could not save: {reason}")}


def test_a_full_disk(old: Path, layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rank says what it needs; the others say so, too, each thing once."""

    def full(descriptor: int, content: Any, start: int) -> int:
        if len(content) > 40:
            raise OSError(errno.ENOSPC, "")
        return write_at(descriptor, content, start)

    if layout == "ranks":
        monkeypatch.setattr("lazycell.saving._output.os.write", lambda descriptor, data: full(descriptor, data, 0))
    else:
        monkeypatch.setattr("lazycell.saving._write_part.write_at", full)
    said = failing(old, 2, {0: {"layout": layout}, 1: {"layout": layout}})
    monkeypatch.undo()
    assert all("No space left on device: the checkpoint needs" in each for each in said.values())
    assert all(each.count("cannot save") == 1 for each in said.values()), said


@pytest.mark.parametrize(
    ("others", "text"),
    [
        ({"entries": entries(NEW)[:-1]}, "have different models"),
        ({"mesh": Mesh(dp=2, rank=1)}, "were given different meshes"),
        ({"max_shard_size": 700}, "plan to save differently (layout, max_shard_size, or what of a tensor is where)"),
        ({"divisions": {**DIVISIONS, "embed": None}}, "plan to save differently (layout, max_shard_size, or what"),
    ],
)
def test_ranks_that_disagree(old: Path, others: dict[str, Any], text: str) -> None:
    """Both are told what about."""
    said = failing(old, 2, {0: {}, 1: others})
    assert said[0] == said[1]
    assert said[0].startswith(f"cannot save {old / 'model.safetensors'}: ranks 0 and 1 {text}")


def test_layouts_that_disagree(old: Path) -> None:
    """Whoever is first."""
    said = failing(old, 2, {0: {"layout": "ranks"}, 1: {"layout": "whole"}})
    assert all("ranks 0 and 1 plan to save differently" in each for each in said.values())


def test_a_part_of_another_shape(old: Path, layout: str) -> None:
    """Nothing is written in place of what is not there."""
    said = failing(old, 2, {rank: {"layout": layout, "get": lambda name: NEW[name]} for rank in (0, 1)})
    assert "was given (24, 6) to save" in " ".join(said.values())


def test_two_processes_of_one_rank(old: Path) -> None:
    """As where nobody says which rank a process is."""
    with present(old, 0, 2, "0badcafe", ends=False):
        said = failing(old, 2, {0: {}})
    assert "there is a rank 0 already in the save with token='0badcafe'" in said[0]


def test_no_directory(tmp_path: Path, layout: str) -> None:
    """All ranks say so."""
    token = secrets.token_hex(4)
    found = together(
        {
            rank: lambda rank=rank: save_as_rank(  # type: ignore[misc]
                tmp_path / "none" / "a.safetensors", NEW, Mesh(tp=2, rank=rank), token, layout=layout
            )
            for rank in (0, 1)
        }
    )
    assert all("there is no directory" in str(each) for each in found.values())


def test_no_locks(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody can say who lives, nobody saves together."""
    monkeypatch.setattr("lazycell.system._portable.fcntl", None)
    said = failing(old, 2, {0: {}, 1: {}})
    monkeypatch.undo()
    assert all("only where files can be locked (flock)" in each for each in said.values())
    assert os.listdir(old) == ["model.safetensors"]


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"layout": "parts"}, "layout='parts': choose \"whole\""),
        ({"token": "no"}, "token='no': write eight hexadecimal digits"),
        ({"timeout": 0}, "timeout=0: it has to be more than 0 seconds"),
        ({"timeout": "long"}, "timeout='long': write a number of seconds"),
        ({"layout": "ranks", "max_shard_size": 700}, "max_shard_size=700: leave it out"),
        ({"layout": "ranks", "entries": []}, "an index of no tensors cannot be loaded"),
    ],
)
def test_arguments(tmp_path: Path, more: dict[str, Any], text: str) -> None:
    """Are refused before anything is written."""
    options = {"token": "0badcafe", **more}
    with pytest.raises((ValueError, TypeError, CheckpointError)) as caught:
        save_as_rank(tmp_path, NEW, Mesh(tp=1, rank=0), **options)
    assert text in str(caught.value)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("dtype", ["complex128", "float32"])
def test_what_the_format_cannot_hold(tmp_path: Path, layout: str, dtype: str) -> None:
    """Is refused by every rank by itself, before anything is written."""
    name = "a" if dtype == "complex128" else "__metadata__"
    for rank in (0, 1):
        with pytest.raises(CheckpointError, match="safetensors"):
            save_as_rank(
                tmp_path, NEW, Mesh(tp=2, rank=rank), "0badcafe", layout=layout, entries=[Entry(name, dtype, (2,))]
            )
    assert not os.listdir(tmp_path)


def test_a_ckpt_is_refused(tmp_path: Path) -> None:
    """It has no places that ranks could write to."""
    with pytest.raises(CheckpointError, match="a .ckpt is one stream"):
        save_as_rank(tmp_path / "a.ckpt", NEW, Mesh(tp=1, rank=0), "0badcafe")


def test_a_save_goes_on_beside_another(tmp_path: Path, layout: str) -> None:
    """What ranks are about to write is no leftover to whoever saves there meanwhile."""
    with present(tmp_path, 1, 2, "0badcafe", ends=False):
        save_arrays(tmp_path, OLD)
        save_on(tmp_path, NEW, {"tp": 2}, layout=layout)
        assert [name for name in os.listdir(tmp_path) if "0badcafe~r00001.lock" in name]
    assert same_arrays(load_arrays(tmp_path), NEW)
    assert open_checkpoint(tmp_path).format == ("safetensors" if layout == "whole" else "ranks")


@pytest.mark.parametrize(
    ("before", "after"),
    [("single", "ranks"), ("sharded", "single"), ("ranks", "sharded"), ("ranks", "ranks")],
)
def test_rank_0_is_killed_at_any_point(before: str, after: str) -> None:
    """The old or the new checkpoint is there, whole; the other rank is told so, and the next save leaves nothing else."""
    run = subprocess.run(
        [*forked.python(), "-m", "tests.saving.rank_crashes", before, after],
        cwd=Path(tests.__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert result["problems"] == []
    assert result["kills"] > 15
    assert min(result["old"], result["new"]) > 1  # of the last calls the other rank may make some
