"""`lazycell verify`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from ..saving.saved import save_arrays, some_arrays
from ..saving.test_checksums import damage
from .command import lazycell, without
from .terminal import in_terminal


@pytest.fixture
def checkpoints(tmp_path: Path) -> Path:
    """Save one of each form, and damage two of them."""
    for name, size in (
        ("a.safetensors", None),
        ("shards.safetensors", 2500),
        ("bad.safetensors", 2500),
        ("b.ckpt", None),
    ):
        save_arrays(tmp_path / name, some_arrays(1), size)
    damage(tmp_path / "bad.safetensors.index.json", "w.0", "w.1.3")
    (tmp_path / "plain.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    return tmp_path


def test_sound(checkpoints: Path):
    """One line for each checkpoint on stdout, nothing on stderr, status 0."""
    paths = [checkpoints / name for name in ("a.safetensors", "shards.safetensors.index.json", "b.ckpt")]
    done = lazycell("verify", *map(str, paths))
    assert (done.status, done.stderr) == (0, "")
    for path, line in zip(paths, done.stdout.splitlines(), strict=True):
        assert re.fullmatch(rf"{re.escape(str(path))}: verified 4 tensors, 4\.80 kB in [^ ]+ m?s", line)


def test_a_name_cannot_colour_the_terminal(tmp_path: Path):
    """What a stranger called a file is shown with its control characters as escapes."""
    path = tmp_path / "a\x1b[31m\nb.safetensors"
    save_arrays(path, some_arrays(1), None)
    done = lazycell("verify", str(path), str(tmp_path / "no\x1b[31m.safetensors"))
    assert done.stdout.startswith(f"{tmp_path}/a\\x1b[31m\\nb.safetensors: verified")
    assert "\x1b" not in done.stdout + done.stderr


def test_which_file_of_a_directory(tmp_path: Path):
    """The file is named after all where only its directory was given; in the JSON as well."""
    save_arrays(tmp_path / "a.safetensors", some_arrays(1), None)
    assert lazycell("verify", str(tmp_path)).stdout.endswith(" in a.safetensors\n")
    (result,) = json.loads(lazycell("verify", "--json", str(tmp_path / "a.safetensors")).stdout)
    assert result["message"].startswith("verified 4 tensors")
    assert "a.safetensors" not in result["message"]


def test_damaged(checkpoints: Path):
    """Every damaged tensor is named on stderr, the other checkpoints are verified all the same, and the status is 1."""
    bad, good = checkpoints / "bad.safetensors.index.json", checkpoints / "a.safetensors"
    done = lazycell("verify", str(bad), str(good))
    assert done.status == 1
    assert done.stdout.startswith(f"{good}: verified")
    assert done.stderr.startswith(f"lazycell: {bad}: 2 tensors are damaged")
    assert done.stderr.splitlines()[1:] == ["  w.0", "  w.1.3"]


@pytest.mark.parametrize(
    ("name", "message"), [("nothing.ckpt", "there is no checkpoint at"), ("plain.safetensors", "holds no checksums")]
)
def test_what_cannot_be_verified(checkpoints: Path, name: str, message: str):
    """A file that is missing, or has no checksums, is not damaged: one line, and status 2."""
    done = lazycell("verify", str(checkpoints / name))
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith("lazycell: ")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.count(str(checkpoints / name)) == 1


def test_an_error_of_the_system_is_said_once():
    """Path and cause, as for every other failure, with no number."""
    code = (
        "import errno\nfrom lazycell.saving import _verify\n"
        "def fail(path):\n  raise FileNotFoundError(errno.ENOENT, 'No such file or directory', str(path))\n"
        "_verify.open_checkpoint = fail"
    )
    done = lazycell("verify", "gone.safetensors", first=code)
    assert (done.status, done.stderr) == (2, "lazycell: gone.safetensors: No such file or directory\n")


def test_json(checkpoints: Path):
    """`--json` prints an array: what was verified, and what was not and why; the worst decides about the status."""
    names = ("a.safetensors", "bad.safetensors.index.json", "nothing.ckpt")
    done = lazycell("verify", "--json", *(str(checkpoints / name) for name in names))
    assert (done.status, done.stderr) == (2, "")
    good, bad, missing = json.loads(done.stdout)
    assert [each["status"] for each in (good, bad, missing)] == [0, 1, 2]
    assert (good["path"], good["verified"], good["tensors"], good["nbytes"]) == (
        str(checkpoints / names[0]),
        True,
        4,
        4800,
    )
    assert (bad["verified"], bad["damaged"]) == (False, ["w.0", "w.1.3"])
    assert (missing["verified"], missing["damaged"]) == (False, [])
    assert "there is no checkpoint" in missing["message"]


def test_without_mindspore(checkpoints: Path):
    """It is not needed, so that a server that only stores checkpoints can verify them."""
    done = lazycell("verify", str(checkpoints / "a.safetensors"), first=without("mindspore"))
    assert (done.status, done.stderr) == (0, "")


def test_wrong_usage():
    """Without a path there is nothing to verify."""
    assert lazycell("verify").status == 2


def test_help():
    """With examples that begin as they are typed."""
    done = lazycell("verify", "--help")
    assert done.status == 0
    assert "    lazycell verify model.safetensors" in done.stdout


def test_in_a_terminal(tmp_path: Path):
    """A person who does not wait for long sees the result alone."""
    save_arrays(tmp_path / "a.safetensors", {"w": np.zeros(100, np.float32)})
    watched = in_terminal("verify", str(tmp_path / "a.safetensors"), columns=300)
    assert watched.status == 0
    assert watched.screen.strip().startswith(f"{tmp_path / 'a.safetensors'}: verified 1 tensor")
