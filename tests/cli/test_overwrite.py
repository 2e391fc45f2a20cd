"""Tests of `lazycell.cli._overwrite`."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from lazycell import CheckpointError
from lazycell.cli._overwrite import destination_at

INDEX = "net.safetensors.index.json"


def at(path: Path, size: str | None = None, *, force: bool = False, format: str | None = None) -> tuple[str, bool]:
    """Give where a checkpoint would be written: the name of its main file, and whether that is an index."""
    found = destination_at(str(path), format, size, force=force)
    return (found.index if found.indexed else found.path).name, found.indexed


def test_nothing_is_there(tmp_path: Path) -> None:
    """The name decides about the format, a size of shards about an index."""
    assert at(tmp_path / "net.safetensors") == ("net.safetensors", False)
    assert at(tmp_path / "net.ckpt") == ("net.ckpt", False)
    assert destination_at(str(tmp_path / "net.safetensors"), None, "2kB", force=False).most == 2000
    assert destination_at(str(tmp_path / "net.safetensors"), None, "2000", force=False).most == 2000


@pytest.mark.parametrize("there", ["net.safetensors", INDEX])
@pytest.mark.parametrize("size", [None, "1MB"])
def test_a_checkpoint_is_there(tmp_path: Path, there: str, size: str | None) -> None:
    """One file or shards: either stands in the way of either, for a reader would take it for the new one's."""
    (tmp_path / there).touch()
    with pytest.raises(click.UsageError) as caught:
        at(tmp_path / "net.safetensors", size)
    assert caught.value.message == f"{tmp_path / there} exists: write --force to replace it, or give another name"
    at(tmp_path / "net.safetensors", size, force=True)
    assert (tmp_path / there).exists()


def test_what_stands_in_nobodys_way(tmp_path: Path) -> None:
    """Another name, and an index where a `.ckpt` is written, which has none."""
    (tmp_path / "other.safetensors").touch()
    (tmp_path / "net.safetensors").touch()
    assert at(tmp_path / "net.ckpt") == ("net.ckpt", False)


def test_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    """It is there all the same."""
    (tmp_path / "net.ckpt").symlink_to(tmp_path / "gone")
    with pytest.raises(click.UsageError, match="write --force"):
        at(tmp_path / "net.ckpt")


@pytest.mark.parametrize(
    ("name", "size", "format", "told"),
    [
        ("net.bin", None, None, "ends in .safetensors or .ckpt"),
        ("net.ckpt", "1MB", None, "a .ckpt is one file, and --max-shard-size 1MB: leave it out"),
        ("net.ckpt", None, "safetensors", "the name is that of a .ckpt file"),
        ("net.safetensors", "many", None, "--max-shard-size many: write"),
        ("net.safetensors", "0", None, "--max-shard-size 0: it has to be more than 0"),
    ],
)
def test_arguments_that_contradict_each_other(
    tmp_path: Path, name: str, size: str | None, format: str | None, told: str
) -> None:
    """Wrong usage, with or without --force."""
    for force in (False, True):
        with pytest.raises(click.UsageError) as caught:
            at(tmp_path / name, size, force=force, format=format)
        assert told in caught.value.message


def test_a_directory(tmp_path: Path) -> None:
    """Its checkpoint is called `model`: that is what may be there."""
    assert at(tmp_path) == ("model.safetensors", False)
    (tmp_path / "model.ckpt").touch()
    assert at(tmp_path) == ("model.safetensors", False)
    with pytest.raises(click.UsageError, match=r"model\.ckpt exists"):
        at(tmp_path, format="ckpt")


def test_what_is_no_file(tmp_path: Path) -> None:
    """A pipe is not replaced, even with --force."""
    os.mkfifo(tmp_path / "net.ckpt")
    with pytest.raises(CheckpointError, match=r"net\.ckpt"):
        at(tmp_path / "net.ckpt", force=True)
    assert (tmp_path / "net.ckpt").is_fifo()
