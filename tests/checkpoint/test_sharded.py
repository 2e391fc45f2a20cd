"""Tests of `lazycell.checkpoint._sharded`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lazycell._errors import CheckpointFormatError
from lazycell.checkpoint import find_checkpoint, read_index

from .files import write_tensors

INDEX = "model.safetensors.index.json"


def write_index(folder: Path, weight_map: Any, **more: Any) -> Path:
    """Write an index."""
    path = folder / INDEX
    path.write_text(json.dumps({"weight_map": weight_map, **more}))
    return path


def sharded(folder: Path) -> Path:
    """Write a sound checkpoint of two shards."""
    write_tensors(folder / "s1.safetensors", {"a": (2,), "b": (3,)})
    write_tensors(folder / "s2.safetensors", {"c": (4, 5)})
    return write_index(
        folder,
        {"a": "s1.safetensors", "c": "s2.safetensors", "b": "s1.safetensors"},
        metadata={"total_size": 100},
    )


def refusal(path: Path) -> str:
    """Give the message with which an index is refused, without the folder."""
    with pytest.raises(CheckpointFormatError) as caught:
        read_index(path)
    return str(caught.value).replace(f"{path.parent}/", "")


def test_tensors_of_all_shards_in_the_order_of_the_index(tmp_path: Path) -> None:
    """Each tensor comes from the shard where the index puts it."""
    header = read_index(sharded(tmp_path))
    assert header.format == "sharded"
    assert [(name, t.shape, t.ranges[0].path.name) for name, t in header.tensors.items()] == [
        ("a", (2,), "s1.safetensors"),
        ("c", (4, 5), "s2.safetensors"),
        ("b", (3,), "s1.safetensors"),
    ]
    assert header.metadata == {"total_size": "100"}


def test_shards_may_lie_in_a_folder_or_behind_a_link(tmp_path: Path) -> None:
    """Names may go down; links may go anywhere, as in the hub's cache."""
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshot"
    blobs.mkdir()
    (snapshot / "weights").mkdir(parents=True)
    write_tensors(blobs / "123", {"a": (1,)})
    (snapshot / "weights" / "s.safetensors").symlink_to("../../blobs/123")
    assert list(read_index(write_index(snapshot, {"a": "weights/s.safetensors"})).tensors) == ["a"]


@pytest.mark.parametrize(
    "shard",
    [
        "../s1.safetensors",
        "x/../../s1.safetensors",
        "/etc/s1.safetensors",
        "..\\s.safetensors",
        "C:s",
        "",
        "\0",
    ],
)
def test_names_that_leave_the_directory(tmp_path: Path, shard: str) -> None:
    """A shard's name never climbs out, whatever lies there."""
    folder = tmp_path / "in"
    folder.mkdir()
    write_tensors(tmp_path / "s1.safetensors", {"a": (1,)})
    assert refusal(write_index(folder, {"a": shard})) == (
        f"{INDEX}: tensor 'a': the file {shard!r} is not inside the directory of the index"
    )


def test_missing_shard(tmp_path: Path) -> None:
    """An incomplete download is told before anything is loaded."""
    path = sharded(tmp_path)
    (tmp_path / "s2.safetensors").unlink()
    assert refusal(path) == (
        f"{INDEX}: the shard 's2.safetensors' is missing (it holds 'c'): was the download complete?"
    )


def test_shard_lacks_a_tensor(tmp_path: Path) -> None:
    """What the index promises has to be there."""
    path = sharded(tmp_path)
    write_tensors(tmp_path / "s1.safetensors", {"a": (2,)})
    assert refusal(path) == f"{INDEX}: tensor 'b' is not in 's1.safetensors', where the index puts it"


def test_shard_holds_more(tmp_path: Path) -> None:
    """A tensor that the index does not name, or puts elsewhere, is an error that names it."""
    path = sharded(tmp_path)
    write_tensors(tmp_path / "s2.safetensors", {"c": (4, 5), "d": (1,)})
    assert refusal(path) == f"s2.safetensors: holds tensor 'd', but {INDEX} does not name it"
    write_tensors(tmp_path / "s2.safetensors", {"c": (4, 5), "a": (2,)})
    assert refusal(path) == f"s2.safetensors: holds tensor 'a', but {INDEX} puts it into 's1.safetensors'"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"weight_map": {}}', f"{INDEX}: its weight_map is empty"),
        ('{"weight_map": {"a": 1}}', f"{INDEX}: tensor 'a': its file has to be a name, not 1"),
        (
            '{"weight_map": {"a": "s.bin"}}',
            f"{INDEX}: tensor 'a': the file 's.bin' is not a .safetensors file; lazycell reads shards in "
            "that format only",
        ),
        (
            "{}",
            f"{INDEX}: has no weight_map, the object that maps each tensor's name to its file: it is not "
            "the index of "
            "a sharded checkpoint. To load the checkpoint beside it, give the directory",
        ),
        ('{"weight_map": {"a": "s", "a": "t"}}', f"{INDEX}: the index gives the key 'a' twice"),
        ("nothing", f"{INDEX}: the index is not JSON: Expecting value at character 0"),
    ],
)
def test_malformed_index(tmp_path: Path, text: str, message: str) -> None:
    """Each way an index can be wrong has its message."""
    path = tmp_path / INDEX
    path.write_text(text)
    assert refusal(path) == message


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
