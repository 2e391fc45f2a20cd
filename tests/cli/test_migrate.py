"""`lazycell migrate`; the way through the gate is in `test_gate`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .command import lazycell
from .zoo import Zoo, make_zoo

SAVE = """
from toyzoo.toy import Toy
net = Toy(width=8, layers=2)
net.init_parameters_data(7)
net.save_checkpoint({path!r})
"""


@pytest.fixture
def zoo(tmp_path: Path) -> Zoo:
    """Install a zoo whose manifests are accepted."""
    zoo = make_zoo(tmp_path)
    assert zoo.lazycell("manifest", "--accept", "first manifests", "toy-*").status == 0
    return zoo


def test_what_is_stated(zoo: Zoo):
    """`--rename` goes before a guess; a dry run writes nothing; what is not covered is told, with what to do."""
    zoo.replace("    query:", "    first:")
    zoo.replace("    key:", "    second:")
    zoo.replace('    head: Param["zeros", (2, width)]', '    summary: Param["ones", (9, 9, width)]')
    stated = [
        *("--rename", "blocks.{i}.attention.query=blocks.{i}.attention.second"),
        *("--rename", "blocks.{i}.attention.key=blocks.{i}.attention.first"),
    ]
    done = zoo.lazycell("migrate", "toy-small", "--reason", "two\nlines", *stated, "--dry-run")
    kept = zoo.source.with_name("toy.migrations.json")
    assert (done.status, done.stderr) == (0, "")
    assert not kept.exists()
    assert "renamed, as stated\n  blocks.{0..1}.attention.query -> blocks.{0..1}.attention.second\n" in done.stdout
    assert f"would write {kept}, for Attention\n" in done.stdout
    assert "not covered: removed, and nothing seems to be the same; if it was renamed: --rename OLD=NEW\n  head\n" in (
        done.stdout
    )
    assert "  summary\n" in done.stdout
    assert done.stdout.endswith("will load with --missing init, --unexpected ignore\n")

    done = zoo.lazycell("migrate", "toy-small", "--reason", "two\nlines", *stated, "--json")
    assert (done.status, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert [each["guess"] for each in document["renamed"]] == [False] * 4
    assert document["not_covered"] == {"removed": ["head"], "added": ["summary"]}
    assert (document["written"], document["loads"], document["orphaned"]) == (True, False, [])
    (migration,) = json.loads(kept.read_text())["migrations"]
    assert migration["cell"] == "Attention"
    assert migration["rename"] == {"query": "second", "key": "first"}
    assert migration["reason"] == "two lines"

    # The other size has the same class.
    done = zoo.lazycell("migrate", "toy-large", "--reason", "again", *stated)
    assert done.status == 0
    assert done.stdout.startswith("nothing to keep: nothing seems to be renamed\n")
    assert len(json.loads(kept.read_text())["migrations"]) == 1


def test_what_is_renamed_one_after_the_other(zoo: Zoo):
    """A cell, then a weight in it, kept after each but accepted after none: the first migration leads half way."""
    for told, old, new in (
        ("for Block\n  attention.{*rest} -> heads.{*rest}\n", "    attention:", "    heads:"),
        ("for Attention\n  query -> q\n", "    query:", "    q:"),
    ):
        zoo.replace(old, new)
        done = zoo.lazycell("migrate", "toy-small", "--reason", "as in the paper")
        assert (done.status, done.stderr) == (0, "")
        assert f"{told}a checkpoint saved before now loads\n" in done.stdout
    kept = json.loads(zoo.source.with_name("toy.migrations.json").read_text())
    assert [each["cell"] for each in kept["migrations"]] == ["Block", "Attention"]


def test_from_a_checkpoint(zoo: Zoo, tmp_path: Path):
    """A checkpoint tells the old names too, of a class without a preset."""
    path = str(tmp_path / "old.safetensors")
    zoo.python(SAVE.format(path=path))
    sizes = ["--set", "width=8", "--set", "layers=2"]
    done = zoo.lazycell("migrate", "toyzoo.toy:Toy", *sizes, "--from", path, "--reason", "why")
    assert (done.status, done.stdout) == (0, "nothing to keep: every parameter of before has its place already\n")
    zoo.replace("    up:", "    widen:")
    done = zoo.lazycell("migrate", "toyzoo.toy:Toy", *sizes, "--from", path, "--reason", "why")
    assert (done.status, done.stderr) == (0, "")
    assert "for Block\n  up -> widen\na checkpoint saved before now loads\n" in done.stdout
    assert "--accept" not in done.stdout


def test_what_cannot_be(zoo: Zoo):
    """Names that are not there, and a model of which nothing is committed, are wrong usage."""
    zoo.replace("    query:", "    q:")
    for arguments, told in (
        (
            ("toy-small", "--rename", "blocks.0.attention.qery=blocks.0.attention.q"),
            "the manifest of before has no such parameter; did you mean `blocks.0.attention.query`?",
        ),
        (
            ("toy-small", "--rename", "blocks.{i}.attention.query=blocks.{i}.attention.k"),
            "would become blocks.0.attention.k, which the model does not have",
        ),
        (("toy", "--set", "width=8", "--set", "layers=2"), "toy is no preset, so no manifest of it is committed"),
    ):
        done = zoo.lazycell("migrate", *arguments, "--reason", "why")
        assert (done.status, done.stdout) == (2, "")
        assert told in " ".join(done.stderr.split())
    assert not zoo.source.with_name("toy.migrations.json").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("bert-tiny",), "Missing option '--reason'"),
        (("bert-tiny", "--reason", " "), '--reason is empty: write --reason "why the names changed"'),
        (("bert-tiny", "--reason", "why", "--rename", "a"), "--rename a: write OLD=NEW"),
        (("bert-tiny", "--reason", "why", "--rename", "a=b", "--rename", "a=c"), "a is renamed twice, to b as well"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], told: str):
    """What lacks is told before anything is imported."""
    done = lazycell("migrate", *arguments)
    assert (done.status, done.stdout) == (2, "")
    assert told in " ".join(done.stderr.split())
