"""Tests of `lazycell.formats._sharded`."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lazycell._errors import CheckpointFormatError
from lazycell.formats import open_checkpoint
from lazycell.formats._sharded import read_index
from lazycell.reading._read import read_tensor

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
    """A tensor that the index does not name is read, as transformers does; one that it puts elsewhere is an error."""
    path = sharded(tmp_path)
    write_tensors(tmp_path / "s2.safetensors", {"c": (4, 5), "d": (1,)})
    header = read_index(path)
    assert list(header.tensors) == ["a", "c", "b", "d"]
    assert header.tensors["d"].ranges[0].path.name == "s2.safetensors"
    write_tensors(tmp_path / "s1.safetensors", {"a": (2,), "b": (3,), "d": (1,)})
    assert refusal(path) == f"s2.safetensors: holds tensor 'd', but {INDEX} names neither place"
    write_tensors(tmp_path / "s1.safetensors", {"a": (2,), "b": (3,)})
    write_tensors(tmp_path / "s2.safetensors", {"c": (4, 5), "a": (2,)})
    assert refusal(path) == f"s2.safetensors: holds tensor 'a', but {INDEX} puts it into 's1.safetensors'"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"weight_map": {}}', f"{INDEX}: its weight_map is empty"),
        ('{"weight_map": {"a": 1}}', f"{INDEX}: tensor 'a': its file has to be a name, not 1"),
        (
            '{"weight_map": {"a": "s.bin"}}',
            f"{INDEX}: the shard 's.bin' is missing (it holds 'a'): was the download complete?",
        ),
        (
            '{"weight_map": {"a": "s.ckpt"}}',
            f"{INDEX}: tensor 'a': the file 's.ckpt' is neither a .safetensors file nor a .bin of PyTorch; lazycell "
            "reads shards in these formats only",
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


def test_missing_shard_behind_a_link(tmp_path: Path) -> None:
    """A link of the hub's cache whose blob was never fetched is a missing shard; one to itself cannot be opened."""
    path = sharded(tmp_path)
    (tmp_path / "s2.safetensors").unlink()
    (tmp_path / "s2.safetensors").symlink_to("../blobs/2")
    assert "the shard 's2.safetensors' is missing (it holds 'c')" in refusal(path)
    (tmp_path / "s2.safetensors").unlink()
    (tmp_path / "s2.safetensors").symlink_to("s2.safetensors")
    assert refusal(path) == (
        f"{INDEX}: the shard 's2.safetensors' (it holds 'c') cannot be opened: {os.strerror(errno.ELOOP)}"
    )


def test_shard_whose_name_is_too_long(tmp_path: Path) -> None:
    """What no file system can hold is an error of the index."""
    name = "x" * 300 + ".safetensors"
    message = refusal(write_index(tmp_path, {"a": name}))
    assert message.startswith(f"{INDEX}: the shard 'xxx")
    assert message.endswith(f"(it holds 'a') cannot be opened: {os.strerror(errno.ENAMETOOLONG)}")


def test_index_too_large_is_not_read(tmp_path: Path) -> None:
    """A sparse file of 10 GB costs nothing."""
    path = tmp_path / INDEX
    with path.open("wb") as file:
        file.truncate(10 << 30)
    assert refusal(path) == f"{INDEX}: the index has 10737418240 bytes; at most 100000000 are read"


def test_thousands_of_shards(tmp_path: Path) -> None:
    """Each shard is read once, in time that follows their number."""
    names = {f"t{i}": f"s{i}.safetensors" for i in range(300)}
    for tensor, shard in names.items():
        write_tensors(tmp_path / shard, {tensor: (1,)})
    assert list(read_index(write_index(tmp_path, names)).tensors) == list(names)


def unify(folder: Path) -> dict[str, Any]:
    """Let MindSpore join the shards of two ranks; give the arrays."""
    import mindspore as ms
    from mindspore.train.node_strategy_pb2 import ParallelStrategyMap

    arrays = {"w": np.arange(24, dtype=np.float32).reshape(4, 6), "b": np.arange(4, dtype=np.float32)}
    step = np.array(7, np.int32)
    for rank in range(2):
        (folder / "ranks" / f"rank_{rank}").mkdir(parents=True)
        values = {"w": arrays["w"][2 * rank : 2 * rank + 2], "b": arrays["b"], "global_step": step}
        saved = [{"name": name, "data": ms.Tensor(value)} for name, value in values.items()]
        ms.save_checkpoint(saved, str(folder / "ranks" / f"rank_{rank}" / "net.safetensors"), format="safetensors")
    strategy = ParallelStrategyMap(current_stage=0)
    for name, tensor_map in (("w", [0, -1]), ("b", [-1])):
        item = strategy.parallel_layout_item.add(param_name=name)
        layouts = item.parallel_layouts
        layouts.dev_matrix.add().dim.append(2)
        layouts.tensor_map.add().dim.extend(tensor_map)
        layouts.param_split_shape.add()
        layouts.indices_offset.add()
        layouts.field = layouts.opt_weight_shard_step = layouts.opt_weight_shard_size = 0
        operator = strategy.parallel_strategy_item.add(node_name=name)
        operator.parallel_strategys.stage = 0
        operator.parallel_strategys.parallel_strategy.add().dim.extend([2, 1])
    (folder / "strategy.ckpt").write_bytes(strategy.SerializeToString())
    ms.parallel.unified_safetensors(str(folder / "ranks"), str(folder / "strategy.ckpt"), str(folder / "unified"))
    return {**arrays, "global_step": step}


def test_what_mindspore_unified(tmp_path: Path) -> None:
    """`param_name_map.json` by path and by directory, with what had no strategy, as MindSpore itself loads it."""
    arrays = unify(tmp_path)
    folder = tmp_path / "unified"
    assert {path.name for path in folder.iterdir()} == {
        "param_name_map.json",
        "part0.safetensors",
        "hyper_param.safetensors",
    }
    for source in (folder, folder / "param_name_map.json"):
        header = open_checkpoint(source)
        assert (header.format, header.path.name) == ("sharded", "param_name_map.json")
        assert header.metadata["total_size"] == "112"
        assert header.tensors.keys() == arrays.keys()
        for name, array in arrays.items():
            np.testing.assert_array_equal(read_tensor(header.tensors[name]), array)


def test_name_map_of_older_versions(tmp_path: Path) -> None:
    """The map alone, without `weight_map` around it; under another name it is no index."""
    write_tensors(tmp_path / "part0.safetensors", {"a": (1,)})
    text = json.dumps({"a": "part0.safetensors"})
    (tmp_path / "param_name_map.json").write_text(text)
    assert list(read_index(tmp_path / "param_name_map.json").tensors) == ["a"]
    (tmp_path / INDEX).write_text(text)
    assert "has no weight_map" in refusal(tmp_path / INDEX)


def test_name_map_is_as_strict(tmp_path: Path) -> None:
    """Nothing outside its directory, no shard or tensor that is not there, none that it puts elsewhere."""
    path = tmp_path / "param_name_map.json"
    write_tensors(tmp_path / "part0.safetensors", {"a": (1,), "b": (1,)})
    for weight_map, cause in (
        ({"a": "../part0.safetensors"}, "is not inside the directory of the index"),
        ({"a": "part1.safetensors"}, "the shard 'part1.safetensors' is missing (it holds 'a')"),
        ({"a": "part0.ckpt"}, "is neither a .safetensors file nor a .bin of PyTorch"),
        ({"a": "part0.safetensors", "b": "part0.safetensors", "c": "part0.safetensors"}, "tensor 'c' is not in"),
    ):
        path.write_text(json.dumps({"weight_map": weight_map}))
        assert cause in refusal(path)
    path.write_text(json.dumps({"a": "part0.safetensors", "b": "part0.safetensors"}))
    write_tensors(tmp_path / "hyper_param.safetensors", {"step": (), "a": (1,)})
    assert refusal(path) == (
        "hyper_param.safetensors: holds tensor 'a', but param_name_map.json puts it into 'part0.safetensors'"
    )
    (tmp_path / "hyper_param.safetensors").unlink()
    (tmp_path / "hyper_param.safetensors").symlink_to("nowhere")
    assert refusal(path) == (
        "param_name_map.json: the file 'hyper_param.safetensors' beside it is a link that leads nowhere"
    )


def test_only_shards_that_are_needed_are_opened(tmp_path: Path) -> None:
    """The index says which they are; the others may be anywhere. Of those that are opened all tensors are told."""
    path = sharded(tmp_path)
    (tmp_path / "s2.safetensors").unlink()
    asked = []

    def needed(names: Any) -> set[str] | None:
        asked.append([*names])
        return {"b"}

    assert [*open_checkpoint(path, needed=needed).tensors] == ["a", "b"]
    assert asked == [["a", "c", "b"]]
    assert [*open_checkpoint(tmp_path, needed=needed).tensors] == ["a", "b"]
    with pytest.raises(CheckpointFormatError, match="the shard 's2.safetensors' is missing"):
        open_checkpoint(path, needed=lambda names: None)
    assert [*open_checkpoint(tmp_path / "s1.safetensors", needed=lambda names: {"b"}).tensors] == ["a", "b"]
