"""`lazycell init`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from ..saving.saved import load_arrays
from .command import lazycell
from .terminal import in_terminal
from .zoo import Zoo, make_zoo

TENSORS, BYTES = 7, (2 * (2 * 8 * 8 + 4 * 8 * 8) + 2 * 8) * 4
"""Of `toy-small`: two blocks with three matrices each, and the head."""


@pytest.fixture
def zoo(tmp_path: Path) -> Zoo:
    """Install the small zoo."""
    return make_zoo(tmp_path)


def test_a_seed_gives_the_same_bytes(zoo: Zoo, tmp_path: Path) -> None:
    """Another one others; what is said has the digest of the manifest, and what was saved."""
    paths = [tmp_path / f"{name}.safetensors" for name in "abc"]
    for path, seed in zip(paths, "112", strict=True):
        done = zoo.lazycell("init", "toy-small", "-o", str(path), "--seed", seed)
        assert (done.status, done.stderr) == (0, "")
        told = (
            rf"Toy, seed {seed}, digest [0-9a-f]{{12}}: saved {TENSORS} tensors, 3.14 kB in [\d.]+ m?s to {path.name}\n"
        )
        assert re.fullmatch(told, done.stdout), done.stdout
    one, same, other = (path.read_bytes() for path in paths)
    assert one == same
    assert one != other
    arrays = load_arrays(paths[0])
    assert sum(array.nbytes for array in arrays.values()) == BYTES
    assert not np.any(arrays["head"])
    assert len(np.unique(arrays["blocks.0.up"])) > 100
    assert not np.array_equal(arrays["blocks.0.up"], arrays["blocks.1.up"])


def test_json(zoo: Zoo, tmp_path: Path) -> None:
    """The digest is that of the manifest; the shards are listed; a dtype and hyperparameters are the model's."""
    path = tmp_path / "net.safetensors"
    model = ("toyzoo.toy:Toy", "--set", "width=8", "--set", "layers=2", "--dtype", "float16")
    done = zoo.lazycell("init", *model, "-o", str(path), "--seed", "3", "--max-shard-size", "1kB", "--json")
    assert (done.status, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert (found["model"], found["seed"], found["tensors"], found["bytes"]) == ("Toy", 3, TENSORS, BYTES // 2)
    assert found["path"] == f"{path}.index.json"
    shards = [Path(each) for each in found["files"] if each.endswith(".safetensors")]
    assert len(shards) > 1
    assert sum(len(load_arrays(shard)) for shard in shards) == TENSORS
    assert {array.dtype for array in load_arrays(shards[0]).values()} == {np.dtype(np.float16)}
    manifest = json.loads(zoo.lazycell("manifest", *model, "--json").stdout)
    assert (found["digest"], found["stream_version"]) == (manifest["digest"], manifest["stream_version"])


def test_what_is_there_stays_without_force(zoo: Zoo, tmp_path: Path) -> None:
    """Not a byte is written before it is known that it may be; with --force it is replaced."""
    path = tmp_path / "net.ckpt"
    path.write_bytes(b"mine")
    arguments = ("init", "toy-small", "-o", str(path), "--seed", "1")
    done = zoo.lazycell(*arguments)
    assert (done.status, done.stdout) == (2, "")
    assert f"{path} exists: write --force to replace it, or give another name" in done.stderr
    assert path.read_bytes() == b"mine"
    assert zoo.lazycell(*arguments, "--force").status == 0
    assert len(load_arrays(path)) == TENSORS


def test_a_failure_leaves_what_was_there(zoo: Zoo, tmp_path: Path) -> None:
    """A model that cannot be built: with --force, too, the old file is whole."""
    path = tmp_path / "net.safetensors"
    path.write_bytes(b"mine")
    done = zoo.lazycell("init", "toyzoo.toy:Toy", "-o", str(path), "--seed", "1", "--force")
    assert (done.status, done.stdout) == (2, "")
    assert "toyzoo.toy:Toy needs width, layers: write --set width=... --set layers=..." in done.stderr
    assert path.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("toy-small", "-o", "x.safetensors"), "Missing option '--seed'. Write --seed "),
        (("toy-small", "--seed", "1"), "Missing option '-o'"),
        (("toy-small", "-o", "x.safetensors", "--seed", "-1"), "-1 is not in the range x>=0"),
        (("toy-small", "-o", "x.bin", "--seed", "1"), "the name of a checkpoint ends in .safetensors or .ckpt"),
        (("toy-small", "-o", "x.ckpt", "--seed", "1", "--max-shard-size", "1MB"), "a .ckpt is one file"),
        (("gone.json", "-o", "x.ckpt", "--seed", "1"), "there is no file gone.json"),
        (
            ("tests/manifest/__init__.py", "-o", "x.ckpt", "--seed", "1"),
            "tests/manifest/__init__.py is a file of Python: a class in it is written tests.manifest:Class",
        ),
        (
            ("models/manifests/bert-tiny.json", "-o", "x.ckpt", "--seed", "1"),
            "bert-tiny.json is a manifest: this needs the class, as a name or module:Class",
        ),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], told: str) -> None:
    """What cannot be meant is status 2, before anything is built or written."""
    done = lazycell("init", *arguments)
    assert (done.status, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_directory_that_is_not_there(zoo: Zoo, tmp_path: Path) -> None:
    """What was to be saved, and what to do; no number of an error."""
    path = tmp_path / "gone" / "net.safetensors"
    done = zoo.lazycell("init", "toy-small", "-o", str(path), "--seed", "1")
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith(f"lazycell: cannot save {path}: No such file or directory: there is no directory")
    assert len(done.stderr.splitlines()) == 1


def test_in_a_terminal_of_ascii(zoo: Zoo, tmp_path: Path) -> None:
    """What it cannot show is an escape, in the path as well."""
    path = tmp_path / "größe.safetensors"
    arguments = ("init", "toy-small", "-o", str(path), "--seed", "1")
    watched = in_terminal(*arguments, PYTHONIOENCODING="ascii", columns=400, **zoo.environment)
    assert watched.status == 0
    assert "gr\\xf6\\xdfe.safetensors" in watched.screen
    assert len(load_arrays(path)) == TENSORS


def test_help() -> None:
    """With examples that begin as they are typed, and the exit statuses."""
    done = lazycell("init", "--help")
    assert done.status == 0
    assert "    lazycell init bert-tiny -o tiny.safetensors --seed 1" in done.stdout
    assert "Exit status: 0 done; 2 trouble: what was there is as it was." in done.stdout
