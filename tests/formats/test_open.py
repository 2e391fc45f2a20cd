"""Tests of `lazycell.formats._open`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lazycell._errors import CheckpointFormatError
from lazycell.formats import open_checkpoint

from .files import record, write_tensors
from .test_sharded import INDEX, sharded


def test_every_format_by_suffix(tmp_path: Path) -> None:
    """A string or a path, a file, an index or a directory: the right reader is chosen."""
    path = write_tensors(tmp_path / "m.safetensors", {"a": (1,)})
    assert open_checkpoint(str(path)).format == "safetensors"
    (tmp_path / "n.ckpt").write_bytes(record("a"))
    assert open_checkpoint(tmp_path / "n.ckpt").format == "ckpt"
    folder = tmp_path / "folder"
    folder.mkdir()
    sharded(folder)
    assert open_checkpoint(folder / INDEX).format == "sharded"
    assert open_checkpoint(folder).path == folder / INDEX


def test_content_tells_the_format_of_other_names(tmp_path: Path) -> None:
    """Blobs of the hub's cache have no suffix."""
    write_tensors(tmp_path / "blob", {"a": (1,)})
    assert open_checkpoint(tmp_path / "blob").format == "safetensors"
    (tmp_path / "other").write_bytes(record("a"))
    assert open_checkpoint(tmp_path / "other").format == "ckpt"


def test_nothing_there(tmp_path: Path) -> None:
    """A wrong path says how much of it exists."""
    with pytest.raises(FileNotFoundError) as caught:
        open_checkpoint(tmp_path / "no.ckpt")
    assert str(caught.value) == f"there is no checkpoint at {tmp_path}/no.ckpt"
    with pytest.raises(FileNotFoundError) as caught:
        open_checkpoint(tmp_path / "x" / "no.ckpt")
    assert str(caught.value) == (
        f"there is no checkpoint at {tmp_path}/x/no.ckpt; nor is there a directory {tmp_path}/x"
    )


def test_link_that_leads_nowhere(tmp_path: Path) -> None:
    """A link of the hub's cache whose blob is gone, or that leads to itself, is told apart from nothing at all."""
    for target in ("../blobs/1", "net.ckpt"):
        (tmp_path / "net.ckpt").unlink(missing_ok=True)
        (tmp_path / "net.ckpt").symlink_to(target)
        with pytest.raises(FileNotFoundError) as caught:
            open_checkpoint(tmp_path / "net.ckpt")
        assert str(caught.value) == (
            f"there is no checkpoint at {tmp_path}/net.ckpt: it is a link to {target}, which leads nowhere"
        )


def test_key_where_nothing_is_encrypted(tmp_path: Path) -> None:
    """Only a `.ckpt` can be encrypted: a key for anything else is a mistake, not ignored."""
    path = write_tensors(tmp_path / "m.safetensors", {"a": (1,)})
    for source, name in ((path, str(path)), ({"a": np.zeros(1)}, "<dict>")):
        with pytest.raises(CheckpointFormatError) as caught:
            open_checkpoint(source, decrypt=lambda path: b"")
        assert str(caught.value) == f"{name}: only a .ckpt can be encrypted: load it without `dec_key`"


def test_something_else(tmp_path: Path) -> None:
    """A file of no known format says what it looks like, and what is read."""
    (tmp_path / "model.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(50))
    with pytest.raises(CheckpointFormatError) as caught:
        open_checkpoint(tmp_path / "model.h5")
    assert str(caught.value) == (
        f"{tmp_path}/model.h5: neither its name nor its content is that of a checkpoint (it looks like an HDF5 file); "
        "lazycell reads .safetensors, MindSpore's .ckpt, PyTorch's .bin, .pt and .pth, llama.cpp's .gguf, "
        ".safetensors.index.json with its shards, and directories"
    )


@pytest.mark.parametrize("name", ["pipe", "pipe.ckpt", "pipe.safetensors"])
def test_fifo_does_not_block(tmp_path: Path, name: str) -> None:
    """Whatever its name, a FIFO is refused at once."""
    os.mkfifo(tmp_path / name)
    with pytest.raises(CheckpointFormatError, match="is a FIFO"):
        open_checkpoint(tmp_path / name)


def test_checkpoints_need_no_mindspore() -> None:
    """The package is imported, and a plan made, without MindSpore."""
    code = "import sys, lazycell.loading; sys.exit('mindspore' in sys.modules)"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
