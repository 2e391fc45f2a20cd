"""Tests of `lazycell.formats._directory`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lazycell._errors import CheckpointFormatError
from lazycell.formats._directory import find_checkpoint

from .files import write_tensors
from .test_sharded import INDEX, sharded, write_index


def test_directory_with_one_file(tmp_path: Path) -> None:
    """`model.safetensors` is taken, also with other tensors beside it."""
    (tmp_path / "config.json").write_text("{}")
    write_tensors(tmp_path / "model.safetensors", {"a": (1,)})
    write_tensors(tmp_path / "adapter.safetensors", {"a": (1,)})
    assert find_checkpoint(tmp_path).name == "model.safetensors"


def test_directory_with_index_or_lone_file(tmp_path: Path) -> None:
    """The index is taken before its shards, and any single candidate without an index."""
    sharded(tmp_path)
    assert find_checkpoint(tmp_path).name == INDEX
    lone = tmp_path / "lone"
    lone.mkdir()
    (lone / "net.ckpt").touch()
    assert find_checkpoint(lone).name == "net.ckpt"


def test_index_whose_shard_is_called_model(tmp_path: Path) -> None:
    """An index over one shard named `model.safetensors` is no second checkpoint."""
    write_tensors(tmp_path / "model.safetensors", {"a": (1,)})
    write_index(tmp_path, {"a": "model.safetensors"})
    assert find_checkpoint(tmp_path).name == INDEX


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "the directory is empty"),
        (["config.json"], "holds no .safetensors, no .safetensors.index.json and no .ckpt, only config.json"),
        (
            ["config.json", "pytorch_model.bin"],
            "holds no .safetensors and no .ckpt, but pytorch_model.bin: PyTorch's pickles, which run code "
            "when they "
            "are read; convert them to safetensors first",
        ),
        (["a.safetensors", "b.ckpt"], "holds a.safetensors, b.ckpt; give the path of the one to load"),
        (
            [f"model-{i}.safetensors" for i in range(7)],
            "holds model-0.safetensors, model-1.safetensors, model-2.safetensors, model-3.safetensors, "
            "model-4.safetensors and 2 more; give the path of the one to load",
        ),
    ],
)
def test_directories_that_tell_no_checkpoint(tmp_path: Path, names: list[str], message: str) -> None:
    """Nothing, or too much, is an error that says what is there."""
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(CheckpointFormatError) as caught:
        find_checkpoint(tmp_path)
    assert str(caught.value) == f"{tmp_path}: {message}"


def test_whole_copy_beside_an_index_is_ambiguous(tmp_path: Path) -> None:
    """One of the two may be stale: the user says which."""
    sharded(tmp_path)
    write_tensors(tmp_path / "model.safetensors", {"a": (1,)})
    with pytest.raises(CheckpointFormatError) as caught:
        find_checkpoint(tmp_path)
    assert str(caught.value) == (f"{tmp_path}: holds model.safetensors, {INDEX}; give the path of the one to load")


def test_both_indices(tmp_path: Path) -> None:
    """Hugging Face's and MindSpore's over the same shards are one checkpoint; over others, two."""
    path = sharded(tmp_path)
    weight_map = json.loads(path.read_text())["weight_map"]
    (tmp_path / "param_name_map.json").write_text(json.dumps(weight_map))
    assert find_checkpoint(tmp_path).name == INDEX
    (tmp_path / "param_name_map.json").write_text(json.dumps({"weight_map": {"a": "s1.safetensors"}}))
    with pytest.raises(CheckpointFormatError) as caught:
        find_checkpoint(tmp_path)
    assert str(caught.value) == f"{tmp_path}: holds {INDEX}, param_name_map.json; give the path of the one to load"


def test_folders_and_hidden_files_are_no_candidates(tmp_path: Path) -> None:
    """macOS leaves hidden files beside those it copies; a folder holds another checkpoint."""
    write_tensors(tmp_path / "net.safetensors", {"a": (1,)})
    (tmp_path / "._net.safetensors").write_bytes(b"Mac OS X")
    (tmp_path / "old.ckpt").mkdir()
    assert find_checkpoint(tmp_path).name == "net.safetensors"
    (tmp_path / "net.safetensors").unlink()
    with pytest.raises(CheckpointFormatError) as caught:
        find_checkpoint(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: holds no .safetensors, no .safetensors.index.json and no .ckpt, only ._net.safetensors, old.ckpt"
    )
