"""Ties of whole cells, and of many by a pattern."""

from typing import Any

import numpy as np
import pytest
from mindspore import Tensor, nn

from lazycell import Buffer, DeclarationError, LazyCell, Param, cells, child, children, param, rename, tie, when
from tests.words import live


class Norm(LazyCell):
    width: int
    use_bias: bool = True
    weight: Param["normal", (width,)]
    bias: Param["normal", (width,)] = when(use_bias)
    mean: Buffer["zeros", (width,)]


class Layer(LazyCell):
    width: int
    up: Param["normal", (width, 2)]
    norm: Norm = child(Norm, width)


class Net(LazyCell):
    depth: int = 3
    width: int = 4
    layers: list[Layer] = children(depth, Layer, width)
    last: Norm = child(Norm, width)
    shared = tie("layers.{i}.norm", "layers.0.norm")
    also = tie("last", "layers.0.norm")


class Pairs(LazyCell):
    """A pattern in both names, of parameters of plain cells, and of a row."""

    encoder: list[Layer] = children(2, Layer, 3)
    decoder: list[Layer] = children(2, Layer, 3)
    plain: list[nn.Cell] = cells(child(nn.Dense, 2, 2), child(nn.Dense, 2, 2))
    scales: Any = children(3, param("normal", (2,)))
    layers = tie("decoder.{i}.{*rest}", "encoder.{i}.{*rest}")
    dense = tie("plain.1", "plain.0")
    row = tie("scales.{i}", "scales.1")
    rename({"scale": "scales.1", "e{i}": "encoder.{i}.up"})


class Maybe(Net):
    share: bool = False
    shared = when(share, tie("layers.{i}.norm", "layers.0.norm"))
    also = None


class Inner(LazyCell):
    """A tie inside of what is tied as a whole."""

    first: Norm = child(Norm, 2)
    second: Norm = child(Norm, 2)
    tied = tie("second", "first")


class Outer(LazyCell):
    one: Inner = child(Inner)
    two: Inner = child(Inner)
    tied = tie("two", "one")


def test_life(tmp_path: Any) -> None:
    """All parameters of the cells are tied, buffers included, and stored once."""
    net = live(Net, tmp_path)
    assert [entry.name for entry in net.manifest()] == [
        *("layers.0.up", "layers.0.norm.weight", "layers.0.norm.bias", "layers.0.norm.mean"),
        *("layers.1.up", "layers.2.up"),
    ]
    assert len(net.manifest().ties) == 9
    assert net.layers[2].norm.weight is net.layers[0].norm.weight is net.last.weight
    assert net.layers[2].norm is not net.layers[0].norm
    found = Net.infer(tmp_path / "net.safetensors")
    assert (found["depth"], found["width"], found.fits) == (3, 4, True)
    assert Net(1).manifest().ties == {f"last.{name}": f"layers.0.norm.{name}" for name in ("weight", "bias", "mean")}


def test_a_file_may_have_any_of_the_names(tmp_path: Any) -> None:
    """With several, they have to be equal."""
    net = live(Net, tmp_path)
    values = {name: Tensor(each.asnumpy()) for name, each in net.parameters_and_names()}
    moved = {name.replace("layers.0.norm", "layers.2.norm"): value for name, value in values.items()}
    other = Net()
    other.load_state_dict(moved)
    np.testing.assert_array_equal(other.last.weight.asnumpy(), net.last.weight.asnumpy())
    assert not Net().manifest().diff(other.manifest())


def test_patterns_on_both_sides(tmp_path: Any) -> None:
    """What is captured in one name stands in the other."""
    net = live(Pairs, tmp_path)
    assert net.decoder[1].norm.bias is net.encoder[1].norm.bias
    assert net.plain[1].bias is net.plain[0].bias
    assert net.scales[0] is net.scales[1] is net.scales[2]
    assert "e0" in [tensor.name for tensor in net.manifest().stored]


def test_inside_of_each_other(tmp_path: Any) -> None:
    """What was tied to the one that is given up follows it."""
    net = live(Outer, tmp_path)
    assert [entry.name for entry in net.manifest()] == [f"one.first.{name}" for name in ("weight", "bias", "mean")]
    assert net.two.second.weight is net.one.first.weight


def test_under_a_condition(tmp_path: Any) -> None:
    """A file tells whether it holds."""
    for share in (False, True):
        net = live(Maybe, tmp_path, share=share)
        assert (net.layers[1].norm.weight is net.layers[0].norm.weight) is share
        assert Maybe.infer(tmp_path / "net.safetensors").get("share", False) is share


@pytest.mark.parametrize(
    ("ends", "problem"),
    [
        (("layers.{i}.nrom", "layers.0.norm"), "nothing below this cell is called `layers.{i}.nrom`"),
        (
            ("layers.1.norm", "layers.9.norm"),
            "ties `layers.1.norm` to `layers.9.norm`, and `layers.9.norm` has no `bias`",
        ),
        (("layers.1", "last"), "`last` has no `norm.bias`: two cells that are tied|`layers.1` has no `bias`"),
        (("layer.1.norm", "layers.0.norm"), "`layer.1.norm` of .* is not a parameter of this model"),
        (("layers.{i}.norm", "layers.{j}.norm"), "has the capture `{j}`, and 'layers.{i}.norm' has none"),
        (("layers.{i.norm", "layers.0.norm"), "a capture is written {name}"),
    ],
)
def test_mistakes(ends: tuple[str, str], problem: str) -> None:
    """On paper as on cells."""

    def declare() -> type[LazyCell]:
        class Wrong(Maybe):
            wrong = tie(*ends)

        return Wrong

    with pytest.raises(DeclarationError, match=problem):
        declare()()
    with pytest.raises(DeclarationError, match=problem):
        declare().manifest()
