"""Saving the parameters that patterns choose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mindspore import nn
from safetensors.numpy import load_file

import lazycell
from lazycell import LazyCell, Param, child, children, fused, rename, tie


class Attention(LazyCell):
    width: int
    query: Param["normal", (width, width)]
    key: Param["normal", (width, width)]
    out: Param["normal", (width, width)]
    rename({"query_key": fused(query="query", key="key")})


class Net(LazyCell):
    width: int = 4
    embed: nn.Dense = child(nn.Dense, width, width)
    layers: list[Attention] = children(2, Attention, width)
    head: nn.Dense = child(nn.Dense, width, width)
    tied = tie("head.weight", "embed.weight")


def initialized() -> Net:
    net = Net()
    net.init_parameters_data(seed=1)
    return net


def test_what_matches_is_written_and_read_back(tmp_path: Path) -> None:
    """By either function; the others may have no values, and keep theirs when it is loaded."""
    net = Net()
    lazycell.init_parameters_data(net.head, 1)
    path = tmp_path / "head.safetensors"
    for save in (net.save_checkpoint, lambda *given, **options: lazycell.save_checkpoint(net, *given, **options)):
        report = save(path, only=["head.b*"])
        assert report.tensors == 1
        assert list(load_file(path)) == ["head.bias"]
    other = initialized()
    kept = other.embed.weight.asnumpy().copy()
    other.head.bias.set_data(other.head.bias + 1)
    other.load_checkpoint(path, missing="init")
    np.testing.assert_array_equal(other.head.bias.asnumpy(), net.head.bias.asnumpy())
    np.testing.assert_array_equal(other.embed.weight.asnumpy(), kept)


def test_names_layouts_dtypes_and_shards_are_those_of_a_whole_save(tmp_path: Path) -> None:
    """A stored tensor of several parameters, a tie by its other name, another dtype, `.ckpt`."""
    net = initialized()
    net.save_checkpoint(tmp_path / "whole.safetensors")
    whole = load_file(tmp_path / "whole.safetensors")
    net.save_checkpoint(tmp_path / "part.safetensors", only=["layers.1.*", "head.weight"])
    part = load_file(tmp_path / "part.safetensors")
    assert set(part) == {"layers.1.query_key", "layers.1.out", "embed.weight"}
    for name, values in part.items():
        np.testing.assert_array_equal(values, whole[name])
    net.save_checkpoint(tmp_path / "half.safetensors", only=["*.out"], dtype="float16", max_shard_size=40)
    assert len(list(tmp_path.glob("half-*.safetensors"))) == 2
    net.save_checkpoint(tmp_path / "part.ckpt", only=["*.out"], format="ckpt")
    assert set(lazycell.open_checkpoint(tmp_path / "part.ckpt").tensors) == {"layers.0.out", "layers.1.out"}
    assert lazycell.verify(tmp_path / "part.safetensors").tensors == 3


def test_plain_cells(tmp_path: Path) -> None:
    """By paths, and in PyTorch's names where they are asked for."""
    net = nn.SequentialCell(nn.Dense(3, 4), nn.BatchNorm1d(4))
    lazycell.save_checkpoint(net, tmp_path / "part.safetensors", only=["1.*"])
    assert set(load_file(tmp_path / "part.safetensors")) == {
        f"1.{name}" for name in ("moving_mean", "moving_variance", "gamma", "beta")
    }
    lazycell.save_checkpoint(net, tmp_path / "part.safetensors", only=["1.*"], names="torch")
    assert set(load_file(tmp_path / "part.safetensors")) == {
        f"1.{name}" for name in ("running_mean", "running_var", "weight", "bias")
    }


@pytest.mark.parametrize(
    ("only", "error", "words"),
    [
        (["layers.0"], ValueError, "'layers.0' is the name of an? Attention: write 'layers.0.*'"),
        (["haed.bias"], ValueError, "no parameter has a name like 'haed.bias'; did you mean `head.bias`"),
        ([], ValueError, "nothing would be saved"),
        (["*.query"], ValueError, "one tensor, layers.0.query_key, .* layers.0.key would be left out"),
        ("head.*", TypeError, r"write a list of name patterns, `only=\['head.\*'\]`"),
        ({"head.*": 1}, TypeError, "write a list of name patterns"),
        ([1], TypeError, "a name pattern is a string, not 1"),
    ],
)
def test_what_cannot_be_saved_is_refused(tmp_path: Path, only: Any, error: type[Exception], words: str) -> None:
    """And nothing is written."""
    net = initialized()
    with pytest.raises(error, match=words):
        net.save_checkpoint(tmp_path / "part.safetensors", only=only)
    assert list(tmp_path.iterdir()) == []


def test_values_are_needed_of_what_is_saved_alone(tmp_path: Path) -> None:
    """The message names these."""
    net = Net()
    lazycell.init_parameters_data(net.embed, 1)
    net.save_checkpoint(tmp_path / "part.safetensors", only=["embed.*"])
    with pytest.raises(lazycell.UninitializedParameterError, match=r"1 parameter.*head.bias") as caught:
        net.save_checkpoint(tmp_path / "part.safetensors", only=["embed.*", "head.*"])
    assert "layers" not in str(caught.value)
