"""`lazycell manifest --check` and `--accept`, and `lazycell migrate` between them: the way of a change through the gate."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from lazycell import Manifest
from lazycell.gate import write_accepted

from .command import lazycell
from .zoo import Zoo, make_zoo

SAVE = """
from toyzoo.toy import Toy
net = Toy(width=8, layers=2)
net.init_parameters_data(7)
net.save_checkpoint({path!r})
print(float(abs(net.blocks[1].attention.query.asnumpy()).sum()))
"""

LOAD = """
from toyzoo.toy import Toy
net = Toy(width=8, layers=2)
report = net.load_checkpoint({path!r})
print(float(abs(net.blocks[1].attention.q.asnumpy()).sum()))
"""


@pytest.fixture
def zoo(tmp_path: Path) -> Zoo:
    """Install a zoo whose manifests are accepted."""
    zoo = make_zoo(tmp_path)
    done = zoo.lazycell("manifest", "--accept", "first manifests", "toy-*")
    assert (done.status, done.stderr) == (0, "")
    return zoo


def test_a_rename(zoo: Zoo, tmp_path: Path):
    """Renaming a weight fails the gate, cannot be accepted, becomes a migration, is accepted, and orphans nothing."""
    path = str(tmp_path / "old.safetensors")
    saved = zoo.python(SAVE.format(path=path))
    done = zoo.lazycell("manifest", "--check", "toy")
    assert (done.status, done.stdout, done.stderr) == (0, "2 manifests are as committed\n", "")

    zoo.replace("    query:", "    q:")
    committed = {each.name: each.read_bytes() for each in zoo.manifests.iterdir()}
    done = zoo.lazycell("manifest", "--check")
    assert (done.status, done.stderr) == (1, "")
    assert "toy-small, toy-large differ from what is committed, all in the same way; here toy-small:" in done.stdout
    assert "blocks.{0..1}.attention.query -> blocks.{0..1}.attention.q " in done.stdout
    assert (
        'keep checkpoints loading, before accepting: lazycell migrate toy-small --reason "why it changed"\n'
        'accept: lazycell manifest --accept "why it changed" toy-small toy-large\n'
    ) in done.stdout

    done = zoo.lazycell("manifest", "--accept", "query is called q", "toy-*")
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.startswith("lazycell: not accepted, and nothing is written: in toy-small, toy-large parameters")
    assert "`blocks.{0..1}.attention.query` would find no place" in done.stderr
    assert 'lazycell migrate toy-small --reason "why it changed"' in done.stderr
    assert "--without-migration" in done.stderr
    assert {each.name: each.read_bytes() for each in zoo.manifests.iterdir()} == committed

    done = zoo.lazycell("migrate", "toy-small", "--reason", "query is called q")
    assert (done.status, done.stderr) == (0, "")
    kept = zoo.source.with_name("toy.migrations.json")
    assert "these are guesses" in done.stdout
    assert f"wrote {kept}, for Attention\n  query -> q\na checkpoint saved before now loads\n" in done.stdout
    assert 'lazycell manifest --accept "query is called q"' in done.stdout

    done = zoo.lazycell("manifest", "--accept", "query is called q", "toy-*")
    assert (done.status, done.stderr) == (0, "")
    log = (zoo.manifests / "CHANGES.md").read_text()
    small, large = (
        Manifest.from_json((zoo.manifests / f"toy-{size}.json").read_bytes()) for size in ("small", "large")
    )
    assert log.startswith(committed["CHANGES.md"].decode())
    entry = log.removeprefix(committed["CHANGES.md"].decode()).splitlines()
    assert entry[1].endswith(": query is called q")
    assert entry[3].startswith("- `toy-small`: ")
    assert entry[3].endswith(f" -> {small.digest[:12]}; 2 renamed (guesses)")
    assert entry[4].endswith(f" -> {large.digest[:12]}; 3 renamed (guesses)")

    done = zoo.lazycell("manifest", "--check", "toy-*")
    assert (done.status, done.stdout) == (0, "2 manifests are as committed\n")
    assert zoo.python(LOAD.format(path=path)) == saved
    assert float(saved) > 0


def test_other_changes(zoo: Zoo):
    """An initializer, a size, a new preset and one that is gone: each is told, accepted and logged."""
    zoo.replace('Param["normal", (4 * width, width)]', 'Param["ones", (4 * width, width)]')
    zoo.replace('Preset("toy-small", {"width": 8,', 'Preset("toy-small", {"width": 12,')
    zoo.replace('Preset("toy-large"', 'Preset("toy-huge"')
    done = zoo.lazycell("manifest", "--check", "toy*")
    assert done.status == 1
    paths = {size: zoo.manifests / f"toy-{size}.json" for size in ("small", "large", "huge")}
    assert "toy-small differs from what is committed:" in done.stdout
    assert "normal -> ones" in done.stdout
    assert "(8, 8) -> (12, 12)" in done.stdout
    assert f"toy-huge has no committed manifest:\n  {paths['huge']}\n" in done.stdout
    assert f"toy-large: no preset goes by this name any more:\n  {paths['large']}\n" in done.stdout
    assert "3 of 3 manifests differ\naccept: " in done.stdout
    assert "migrate" not in done.stdout

    done = zoo.lazycell("manifest", "--check", "toy*", "--json")
    document = json.loads(done.stdout)
    assert done.status == 1
    assert document["manifests"] == 3
    states = {each["preset"]: each["state"] for each in document["differences"]}
    assert states == {"toy-small": "changed", "toy-huge": "new", "toy-large": "removed"}
    assert document["differences"][0]["diff"]["differs"] is True

    done = zoo.lazycell("manifest", "--accept", "wider", "toy*")
    assert (done.status, done.stderr) == (0, "")
    assert not paths["large"].exists()
    log = (zoo.manifests / "CHANGES.md").read_text()
    assert "- `toy-huge`: new, " in log
    assert "- `toy-large`: removed, was " in log
    done = zoo.lazycell("manifest", "--accept", "again", "toy*")
    assert (done.status, done.stdout) == (0, "nothing to accept: 2 manifests are as committed\n")
    assert (zoo.manifests / "CHANGES.md").read_text() == log


def test_files_that_were_touched(zoo: Zoo):
    """A file that is no manifest any more, and one that was laid out by hand, fail; accepting writes them anew."""
    small, large = zoo.manifests / "toy-small.json", zoo.manifests / "toy-large.json"
    before = {path: path.read_bytes() for path in (small, large)}
    small.write_text("{")
    large.write_text(json.dumps(json.loads(large.read_text())))
    done = zoo.lazycell("manifest", "--check", "toy*", "--json")
    assert done.status == 1
    first, second = json.loads(done.stdout)["differences"]
    assert (first["preset"], first["state"], second["state"]) == ("toy-small", "unreadable", "rewritten")
    assert "is not JSON" in first["fault"]
    done = zoo.lazycell("manifest", "--accept", "repaired", "toy*")
    assert done.status == 0
    assert {path: path.read_bytes() for path in (small, large)} == before
    log = (zoo.manifests / "CHANGES.md").read_text()
    assert "- `toy-small`: could not be read, now " in log
    assert "; written anew, nothing differs\n" in log


def test_without_a_migration(zoo: Zoo, tmp_path: Path):
    """Who means it orphans checkpoints, and the log says so; other directories can be held."""
    elsewhere = tmp_path / "elsewhere"
    done = zoo.lazycell("manifest", "--accept", "a copy", "toy-small", "--dir", str(elsewhere))
    assert done.status == 0
    assert sorted(each.name for each in elsewhere.iterdir()) == ["CHANGES.md", "toy-small.json"]
    zoo.replace("    key:", "    k:")
    done = zoo.lazycell(
        "manifest", "--accept", "never released", "toy-small", "--dir", str(elsewhere), "--without-migration", "--json"
    )
    assert done.status == 0
    document = json.loads(done.stdout)
    assert document["accepted"] == ["toy-small"]
    assert document["differences"][0]["renamed_without_migration"][0] == [
        "blocks.0.attention.key",
        "blocks.0.attention.k",
    ]
    assert "2 renamed (guesses), without a migration\n" in (elsewhere / "CHANGES.md").read_text()
    # The other directory knows nothing of it.
    assert zoo.lazycell("manifest", "--check", "toy-small").status == 1


def test_an_acceptance_that_was_cut_short(zoo: Zoo):
    """A check says so, and the next acceptance finishes it, says so too, and does its own."""
    small, large = zoo.manifests / "toy-small.json", zoo.manifests / "toy-large.json"
    before = {path.name: path.read_text() for path in (small, large)}
    small.write_text("{")
    large.write_text("{")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pathlib.Path.unlink", full)  # the last file is removed in the end
        with pytest.raises(OSError, match="full"):
            write_accepted(zoo.manifests, {"toy-small.json": before["toy-small.json"]}, "## the first\n")
    done = zoo.lazycell("manifest", "--check", "toy-small")
    assert done.status == 1
    told = f"an --accept was cut short in {zoo.manifests}: the next one finishes it first\n"
    assert done.stdout == f"1 manifest is as committed\n{told}"
    done = zoo.lazycell("manifest", "--accept", "the second", "toy-*")
    assert done.status == 0
    assert done.stderr == f"lazycell: an earlier --accept was cut short in {zoo.manifests}; it is finished now\n"
    assert {path.name: path.read_text() for path in (small, large)} == before
    log = (zoo.manifests / "CHANGES.md").read_text()
    assert log.index("## the first\n") < log.index(": the second\n")
    assert sorted(os.listdir(zoo.manifests)) == ["CHANGES.md", "toy-large.json", "toy-small.json"]


def full(*args: object, **keywords: object) -> None:
    """Fail as a disk does that is full."""
    raise OSError(errno.ENOSPC, "full")


@pytest.mark.slow
def test_a_zoo_without_manifests(tmp_path: Path):
    """A package without the directory is skipped, in one line; a preset that is named is held all the same."""
    zoo = make_zoo(tmp_path)
    done = zoo.lazycell("manifest", "--check")
    assert done.status == 0
    assert done.stdout.endswith("not held, as there are no manifests beside the models: toyzoo\n")
    done = zoo.lazycell("manifest", "--check", "toy-small")
    assert done.status == 1
    assert "toy-small has no committed manifest:" in done.stdout
    done = zoo.lazycell("manifest", "--check", "toy-smal")
    assert done.status == 2
    assert "no preset and no committed manifest is called 'toy-smal'; did you mean `toy-small`?" in done.stderr
    done = zoo.lazycell("manifest", "--accept", "toy-small")
    assert done.status == 2
    assert 'that is a preset: write --accept "why it changed" toy-small' in done.stderr
    assert not zoo.manifests.exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--accept", " "), '--accept needs the reason: write --accept "why it changed"'),
        (("--accept", "why", "--check"), "--check does not go with --accept"),
        (("--check", "--markdown"), "--markdown does not go with --check, which holds presets as they are"),
        (("--check", "--set", "hidden=3"), "--set does not go with --check"),
        (("--check", "--without-migration"), "--without-migration goes with --accept"),
        (("bert-tiny", "--dir", "."), "--dir goes with --check or --accept"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], told: str):
    """What does not go together is told before anything is imported."""
    done = lazycell("manifest", *arguments)
    assert (done.status, done.stdout) == (2, "")
    assert told in " ".join(done.stderr.split())
