"""`lazycell convert`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from ..saving.saved import load_arrays, same_arrays, save_arrays, some_arrays
from .command import lazycell, without
from .terminal import in_terminal

STRANGER = "evil\nline\x1b[2J"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Save a checkpoint of four tensors."""
    save_arrays(tmp_path / "net.safetensors", some_arrays(1))
    return tmp_path / "net.safetensors"


def test_there_and_back(source: Path) -> None:
    """Where MindSpore is not installed, too: the values are the same; one line says what was written."""
    arrays = load_arrays(source)
    path, back = source.with_name("net.ckpt"), source.with_name("back.safetensors")
    for one, other in ((source, path), (path, back)):
        done = lazycell("convert", str(one), str(other), first=without("mindspore"))
        assert (done.status, done.stderr) == (0, "")
        assert re.fullmatch(rf"saved 4 tensors, 4\.80 kB in [\d.]+ m?s to {re.escape(other.name)}\n", done.stdout)
    assert same_arrays(load_arrays(path), arrays)
    assert same_arrays(load_arrays(back), arrays)


def test_json(source: Path) -> None:
    """Shards in an index, each with its path; warnings are none."""
    path = source.with_name("shards.safetensors")
    done = lazycell("convert", str(source), str(path), "--max-shard-size", "2500", "--json")
    assert (done.status, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert (found["source"], found["path"]) == (str(source), f"{path}.index.json")
    assert (found["tensors"], found["bytes"], found["warnings"]) == (4, 4800, [])
    assert len([each for each in found["files"] if each.endswith(".safetensors")]) == 2
    assert same_arrays(load_arrays(Path(found["path"])), load_arrays(source))


def test_a_dtype(source: Path) -> None:
    """Floats become it, rounded to the nearest."""
    path = source.with_name("half.safetensors")
    assert lazycell("convert", str(source), str(path), "--dtype", "float16").status == 0
    expected = {name: array.astype(np.float16) for name, array in load_arrays(source).items()}
    assert same_arrays(load_arrays(path), expected)


def test_values_that_are_lost(tmp_path: Path) -> None:
    """What no longer fits is said on stderr, in ASCII where that is all; in the JSON as well."""
    save_arrays(tmp_path / "net.safetensors", {STRANGER: np.full(3, 1e30, np.float32)})
    arguments = ("convert", str(tmp_path / "net.safetensors"), str(tmp_path / "half.ckpt"), "--dtype", "float16")
    done = lazycell(*arguments, encoding="ascii")
    assert done.status == 0
    assert len(done.stdout.splitlines()) == len(done.stderr.splitlines()) == 1
    assert "evil\\nline\\x1b[2J" in done.stderr
    found = json.loads(lazycell(*arguments, "--json", "--force").stdout)
    assert [f"lazycell: {each}\n" for each in found["warnings"]] == [done.stderr]


def test_renames(source: Path, tmp_path: Path) -> None:
    """Options and a file together; an option has the last word."""
    rules = tmp_path / "rules.json"
    rules.write_text('{"w.0": "zero", "w.1": "one"}')
    path = tmp_path / "renamed.safetensors"
    options = ("--rename-file", str(rules), "--rename", "w.1=uno", "--rename", "w.1.{*rest}=deep.{*rest}")
    done = lazycell("convert", str(source), str(path), *options)
    assert (done.status, done.stderr) == (0, "")
    assert sorted(load_arrays(path)) == ["deep.2", "deep.3", "uno", "zero"]


def test_the_format_of_a_directory(source: Path, tmp_path: Path) -> None:
    """A directory gets one file, of the format that is asked for."""
    (tmp_path / "out").mkdir()
    done = lazycell("convert", str(source), str(tmp_path / "out"), "--format", "ckpt", "--json")
    assert json.loads(done.stdout)["path"] == str(tmp_path / "out" / "model.ckpt")
    assert same_arrays(load_arrays(tmp_path / "out" / "model.ckpt"), load_arrays(source))


def test_what_is_there_stays_without_force(source: Path) -> None:
    """Nor does a conversion that fails harm it; with --force it is replaced, itself as well."""
    there = source.with_name("net.ckpt")
    there.write_bytes(b"mine")
    done = lazycell("convert", str(source), str(there))
    assert (done.status, done.stdout) == (2, "")
    assert f"{there} exists: write --force to replace it, or give another name" in done.stderr
    failed = lazycell("convert", str(source), str(there), "--force", "--rename", "nothing=new")
    assert (failed.status, failed.stdout) == (2, "")
    assert "the rule 'nothing' matches none of its 4 tensors" in failed.stderr
    assert there.read_bytes() == b"mine"
    assert lazycell("convert", str(source), str(there), "--force").status == 0
    assert same_arrays(load_arrays(there), load_arrays(source))
    arrays = load_arrays(source)
    assert lazycell("convert", str(source), str(source), "--force", "--dtype", "float64").status == 0
    assert same_arrays(load_arrays(source), {name: array.astype(np.float64) for name, array in arrays.items()})


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--dtype", "flot"), "--dtype: 'flot' is not a dtype that lazycell knows"),
        (("--dtype", "int8"), "--dtype int8: floating-point tensors can only become another"),
        (("--rename", "w.0"), "--rename w.0: write OLD=NEW"),
        (("--rename", "w.0=a", "--rename", "w.0=b"), "w.0 is renamed twice, to a as well"),
        (("--rename", "w.0={i}"), "--rename: the target '{i}' uses {i}, but 'w.0' has no captures"),
        (("--rename", "w{=a"), "--rename: 'w{': a capture is written"),
        (("--rename-file", "gone.json"), "'gone.json' does not exist"),
        (("--max-shard-size", "some"), "--max-shard-size some: write a number of bytes"),
        (
            ("--format", "ckpt"),
            "of a .safetensors file, and --format ckpt: write --format safetensors, or give another",
        ),
        (("--format", "pickle"), "'pickle' is not one of"),
    ],
)
def test_wrong_usage(source: Path, arguments: tuple[str, ...], told: str) -> None:
    """What cannot be meant is status 2, and nothing is written."""
    done = lazycell("convert", str(source), str(source.with_name("new.safetensors")), *arguments)
    assert (done.status, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert [each.name for each in source.parent.iterdir()] == [source.name]


@pytest.mark.parametrize(
    ("name", "told"),
    [("gone.ckpt", "there is nothing at "), ("text.ckpt", "text.ckpt"), ("short.safetensors", "short.safetensors")],
)
def test_what_cannot_be_read(tmp_path: Path, name: str, told: str) -> None:
    """A file that is missing, none of a checkpoint, and one that is cut off: status 2, nothing written."""
    (tmp_path / "text.ckpt").write_text("no checkpoint")
    save_arrays(tmp_path / "short.safetensors", some_arrays(1))
    content = (tmp_path / "short.safetensors").read_bytes()
    (tmp_path / "short.safetensors").write_bytes(content[:-100])
    done = lazycell("convert", str(tmp_path / name), str(tmp_path / "new.safetensors"))
    assert (done.status, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "new.safetensors").exists()


def test_in_a_terminal(source: Path) -> None:
    """A person sees one line; a path that an ASCII terminal cannot show is written with escapes."""
    path = source.with_name("größe.ckpt")
    watched = in_terminal("convert", str(source), str(path), columns=400, PYTHONIOENCODING="ascii")
    assert watched.status == 0
    assert "gr\\xf6\\xdfe.ckpt" in watched.screen
    assert same_arrays(load_arrays(path), load_arrays(source))


def test_help() -> None:
    """With examples that begin as they are typed, and the exit statuses."""
    done = lazycell("convert", "--help")
    assert done.status == 0
    assert "    lazycell convert model.ckpt model.safetensors" in done.stdout
    assert "Exit status: 0 done; 2 trouble: what was there is as it was." in done.stdout
