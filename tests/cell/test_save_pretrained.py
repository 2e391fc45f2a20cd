"""A net as a directory: what is written, what comes back from it, and what is refused before anything is written."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, nn
from safetensors import safe_open
from safetensors.numpy import save_file

import lazycell
from lazycell import (
    CheckpointError,
    ConfigError,
    LazyCell,
    Param,
    UninitializedParameterError,
    child,
    children,
    rename,
    tie,
    transposed,
)
from lazycell.parameters import numpy_values
from lazycell.saving._atomic import Replacement
from tests.versions import convert


class Layer(LazyCell):
    width: int

    weight: Param["normal", (width, 2 * width)]
    norm: nn.LayerNorm = child(nn.LayerNorm, (width,))
    rename({"kernel": transposed("weight")})


class Net(LazyCell):
    """Has a layout, a tie, and cells of MindSpore's."""

    width: int
    n_layers: int = 2
    act: Any = len

    embed: Param["normal", (5, width)]
    head: Param["normal", (5, width)]
    layers: list[Layer] = children(n_layers, Layer, width)
    tied = tie("head", "embed")


NAMES = {"embed"} | {f"layers.{i}.{name}" for i in range(2) for name in ("kernel", "norm.weight", "norm.bias")}


def filled(net: Any) -> Any:
    """Give a net that has values."""
    net.init_parameters_data(seed=3)
    return net


def stored(directory: Path) -> dict[str, Any]:
    """Give the dtype of each tensor of a directory."""
    header = lazycell.open_checkpoint(directory)
    return {name: tensor.dtype for name, tensor in header.tensors.items()}


def config_of(directory: Path) -> Any:
    """Read the config of a directory."""
    return json.loads((directory / "config.json").read_text(encoding="utf-8"))


def same_values(one: Any, other: Any) -> bool:
    """Whether two nets have the same parameters, bit by bit."""
    arrays, others = ({p.name: numpy_values(p) for p in net.get_parameters()} for net in (one, other))
    return arrays.keys() == others.keys() and all(arrays[name].tobytes() == others[name].tobytes() for name in arrays)


def test_a_directory_comes_back_as_the_net(tmp_path: Path) -> None:
    """Under the names of the hub: as declared, PyTorch's for MindSpore's cells, each tie once."""
    net = filled(Net(width=4))
    report = net.save_pretrained(tmp_path / "new" / "model")
    directory = tmp_path / "new" / "model"
    assert (report.path, report.tensors) == (directory / "model.safetensors", len(NAMES))
    assert sorted(os.listdir(directory)) == ["config.json", "model.safetensors"]
    assert stored(directory).keys() == NAMES
    with safe_open(directory / "model.safetensors", "np") as file:
        assert file.metadata()["format"] == "pt"
    assert config_of(directory) == {"architectures": ["Net"], "n_layers": 2, "torch_dtype": "float32", "width": 4}
    assert same_values(Net.from_pretrained(directory), net)


def test_the_names_are_the_declared_ones_whatever_was_loaded(tmp_path: Path) -> None:
    """A file with names of its own was read with `rename`; MindSpore's names were in another."""
    net = filled(Net(width=4))
    net.save_checkpoint(tmp_path / "own.ckpt", format="ckpt")
    arrays = {f"old.{name}": array for name, array in tensors(net, tmp_path).items()}
    save_file(arrays, tmp_path / "old.safetensors")
    for path, options in (
        (tmp_path / "own.ckpt", {}),
        (tmp_path / "old.safetensors", {"rename": {"old.{*n}": "{*n}"}}),
    ):
        other = Net(width=4)
        other.load_checkpoint(path, **options)
        other.save_pretrained(tmp_path / "model")
        assert stored(tmp_path / "model").keys() == NAMES
        assert same_values(Net.from_pretrained(tmp_path / "model"), net)


def tensors(net: Any, path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Give what a net is stored as."""
    net.save_pretrained(path / "scratch")
    header = lazycell.open_checkpoint(path / "scratch")
    return {name: lazycell.read_tensor(tensor) for name, tensor in header.tensors.items()}


def test_in_shards_and_in_another_dtype(tmp_path: Path) -> None:
    """The config says the dtype of the file; a second save takes the place of all of the first."""
    net = filled(Net(width=4))
    report = net.save_pretrained(tmp_path, max_shard_size="150", dtype="float16")
    assert report.path == tmp_path / "model.safetensors.index.json"
    assert len(report.paths) > 1
    assert config_of(tmp_path)["torch_dtype"] == "float16"
    assert set(stored(tmp_path).values()) == {"float16"}
    assert Net.from_pretrained(tmp_path).embed.dtype == ms.float16
    net.save_pretrained(tmp_path, max_shard_size=None)
    assert sorted(os.listdir(tmp_path)) == ["config.json", "model.safetensors"]
    assert config_of(tmp_path)["torch_dtype"] == "float32"
    assert same_values(Net.from_pretrained(tmp_path), net)


def test_the_dtype_is_that_of_most_of_the_net(tmp_path: Path) -> None:
    """As it is now: `net.to(dtype)` has changed it since the net was built."""
    net = filled(Net(width=4))
    convert(net, ms.float16)
    convert(net.layers[0].norm, ms.float32)
    net.save_pretrained(tmp_path)
    assert config_of(tmp_path)["torch_dtype"] == "float16"


def test_what_the_loaded_config_says_besides_stays(tmp_path: Path) -> None:
    """But not what was passed over, nor what was said of that file alone; a copy knows it as well."""
    filled(Net(width=4)).save_pretrained(tmp_path)
    own = {"eos_token_id": 2, "task_specific_params": {"a": 1}, "dtype": "float32"}
    gone = {"torch_dtype": "float32", "_name_or_path": "org/name", "auto_map": {"AutoModel": "m.M"}, "cap": 3.0}
    config = {**config_of(tmp_path), **own, **gone}
    del config["torch_dtype"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    net = copy.deepcopy(Net.from_pretrained(tmp_path, ignore_config=["cap"]))
    net.save_pretrained(tmp_path / "again")
    expected = {"architectures": ["Net"], "n_layers": 2, "width": 4, **own}
    assert config_of(tmp_path / "again") == expected
    assert same_values(Net.from_pretrained(tmp_path / "again"), net)


# --------------------------------------------------------------------------------------------------------- refusals


def refused(net: Any, path: Path, error: type[BaseException], match: str, **options: Any) -> None:
    """Hold that a save is refused, and that the directory is not even made."""
    with pytest.raises(error, match=match):
        net.save_pretrained(path / "a" / "model", **options)
    assert not (path / "a").exists()


def test_what_cannot_be_saved_leaves_nothing(tmp_path: Path) -> None:
    """Values that are not there, a hyperparameter that no config says, an option that means nothing."""
    refused(Net(width=4), tmp_path, UninitializedParameterError, "embed")
    refused(filled(Net(width=4, act=max)), tmp_path, ConfigError, r"act=<built-in function max>: it would be read as")
    refused(filled(Net(width=4)), tmp_path, ValueError, "max_shard_size", max_shard_size="much")
    refused(filled(Net(width=4)), tmp_path, ValueError, "dtype", dtype="int8")
    refused(filled(Net(width=4)), tmp_path, TypeError, "progress", progress=3)


def full(*_: Any) -> int:
    """Find the disk full."""
    raise OSError(28, "No space left on device")


def test_a_directory_that_was_made_goes_with_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what was there before stays: both files, of the old save."""
    net, other = filled(Net(width=4)), filled(Net(width=8))
    net.save_pretrained(tmp_path / "old")
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        refused(other, tmp_path, OSError, "cannot save .*No space left")
        with pytest.raises(OSError, match="the checkpoint there is as it was"):
            other.save_pretrained(tmp_path / "old")
    assert sorted(os.listdir(tmp_path / "old")) == ["config.json", "model.safetensors"]
    assert same_values(Net.from_pretrained(tmp_path / "old"), net)


def test_a_config_that_a_killed_save_took_away_is_missed(tmp_path: Path) -> None:
    """Also by a class that would do without: its defaults need not be what the weights are. The next save mends it."""
    net = filled(Adds(width=3))
    net.save_pretrained(tmp_path)
    with Replacement(tmp_path / "config.json") as killed:
        killed.set_aside()
        for load in (Adds.from_pretrained, lazycell.from_pretrained):
            with pytest.raises(ConfigError, match=r"a save was killed, .* rename \.config\.json\..*, which is the old"):
                load(tmp_path)
        net.save_pretrained(tmp_path)
        assert same_values(Adds.from_pretrained(tmp_path), net)
    assert sorted(os.listdir(tmp_path)) == ["config.json", "model.safetensors"]


def test_a_directory_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Says which one."""

    def forbidden(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    net = filled(Net(width=4))
    monkeypatch.setattr(Path, "mkdir", forbidden)  # in Python 3.10 it has an os.mkdir of its own
    refused(net, tmp_path, PermissionError, r"cannot save .*model: cannot make .*/a: Permission denied")


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    """Nor can there be one below it; nor is a path of another kind."""
    (tmp_path / "model.safetensors").write_text("theirs")
    net = filled(Net(width=4))
    for path in (tmp_path / "model.safetensors", tmp_path / "model.safetensors" / "below"):
        with pytest.raises(CheckpointError, match=r"model\.safetensors is a file, .* give another path"):
            net.save_pretrained(path)
    assert (tmp_path / "model.safetensors").read_text() == "theirs"
    with pytest.raises(TypeError, match="path"):
        net.save_pretrained(3)


@pytest.mark.parametrize("name", ["model.safetensors", "model.safetensors.index.json"])
def test_links_are_not_written_through(name: str, tmp_path: Path) -> None:
    """In the hub's cache a file is shared by all revisions that have it."""
    (tmp_path / "blob").write_text("theirs")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / name).symlink_to(tmp_path / "blob")
    with pytest.raises(CheckpointError, match="is a link"):
        filled(Net(width=4)).save_pretrained(tmp_path / "model")
    assert (tmp_path / "blob").read_text() == "theirs"


def test_replaced_parts_are_refused(tmp_path: Path) -> None:
    """A table of another size, one more part, one that is not there any more: no hyperparameter says so."""
    net = filled(Net(width=4))
    net.embed = Parameter(Tensor(np.zeros((7, 4), np.float32)))
    refused(net, tmp_path, ConfigError, r"embed has shape \(7, 4\), and Net with its hyperparameters makes it \(5, 4\)")
    net = filled(Net(width=4))
    net.layers[1].adapter = nn.Dense(4, 4)
    refused(net, tmp_path, ConfigError, r"layers\.1\.adapter\.weight has shape \(4, 4\), .* has none of that name")
    net = filled(Net(width=4))
    net.layers[0].norm = nn.ReLU()
    refused(net, tmp_path, ConfigError, r"layers\.0\.norm\.gamma is not there")


class Adds(LazyCell):
    """Makes parts that it does not declare, always the same."""

    width: int = 3

    weight: Param["ones", (width,)]

    def __post_init__(self) -> None:
        self.more = nn.Dense(self.width, 2)


class Written(LazyCell):
    """Has a constructor of its own, which takes the hyperparameter."""

    width: int = 3

    weight: Param["ones", (width,)]

    def __init__(self, width: int = 3) -> None:
        self.__lazy_init__(width)


class Unlike(Written):
    """Has one that takes something else."""

    def __init__(self, half: int) -> None:
        self.__lazy_init__(2 * half)


@pytest.mark.parametrize("cls", [Adds, Written])
def test_what_a_class_always_makes_is_no_replaced_part(cls: Any, tmp_path: Path) -> None:
    """Though it is not declared."""
    net = filled(cls(width=5))
    net.save_pretrained(tmp_path)
    assert same_values(cls.from_pretrained(tmp_path), net)


def test_a_constructor_that_takes_something_else_is_refused(tmp_path: Path) -> None:
    """`from_pretrained` could not call it."""
    refused(filled(Unlike(2)), tmp_path, ConfigError, r"Unlike is: its hyperparameters do not build it: .*'width'")


def test_the_name_is_reserved() -> None:
    """A hyperparameter that is called so would hide it."""
    with pytest.raises(lazycell.DeclarationError, match="save_pretrained"):
        type(LazyCell)("Hidden", (LazyCell,), {"__annotations__": {"save_pretrained": int}})


def test_a_replaced_net_keeps_what_its_config_said_besides(tmp_path: Path) -> None:
    """Ids of tokens, say; what was changed is what it is now, and the first net's config is its own."""
    for name, options in (("first", {"width": 3, "eos_token_id": 7, "act": None}), ("again", {})):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps(options))

    class Plain(LazyCell):
        width: int
        weight: Param["ones", (width,)]
        config_rules = lazycell.ConfigRules(ignored={"act"})

    filled(Plain(3)).save_checkpoint(tmp_path / "first" / "model.safetensors")
    net = Plain.from_pretrained(tmp_path / "first")
    filled(lazycell.replace(net, width=4)).save_pretrained(tmp_path / "wider")
    config = json.loads((tmp_path / "wider" / "config.json").read_text())
    assert (config["width"], config["eos_token_id"]) == (4, 7)
    net.save_pretrained(tmp_path / "again")
    assert json.loads((tmp_path / "again" / "config.json").read_text())["width"] == 3
