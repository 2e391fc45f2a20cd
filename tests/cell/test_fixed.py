"""Tests of `lazycell.cell._fixed`: what a net was built with cannot be changed under it."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs.validators import instance_of, optional
from mindspore import Tensor, nn

import lazycell
from lazycell import SELF, HyperparameterError, LazyCell, Param, child, hyper, replace, when


class Layer(LazyCell):
    width: int
    kind: Any = "gelu"
    inner = 2 * width
    outer = inner + 1
    gain: Param["zeros", (width, outer)]


class Around(LazyCell):
    width: int
    old: Any
    layer: Layer = child(Layer, width)


CHANGES: list[Callable[[Any], None]] = [
    lambda net: setattr(net, "width", 8),
    lambda net: setattr(net, "width", net.width),
    lambda net: setattr(net, "kind", nn.ReLU()),
    lambda net: delattr(net, "width"),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("made", [lambda net: net, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_hyperparameters_stay(change: Callable[[Any], None], made: Callable[[Any], Any]) -> None:
    """What was built from them would not change with them: of copies as well."""
    net = made(Layer(4))
    with pytest.raises(HyperparameterError, match=r"^Layer\.\w+: `Layer` was built with .*`lazycell\.replace\(net, "):
        change(net)
    assert (net.width, net.kind, net.manifest().hyperparameters["width"]) == (4, "gelu", 4)


def test_the_message_can_be_followed() -> None:
    """It has the call that makes such a net."""
    net = Layer(4)
    with pytest.raises(HyperparameterError, match=r"built with width=4, and.*`lazycell\.replace\(net, width=8\)` for"):
        net.width = 8
    assert replace(net, width=8).gain.shape == (8, 17)


def test_derived_values_stay() -> None:
    """They are what the hyperparameters make them; these are named."""
    with pytest.raises(HyperparameterError, match=r"outer=9, .*`inner \+ 1`.*`lazycell\.replace\(net, width=…\)`"):
        Layer(4).outer = 7


def test_a_part_of_a_net_says_its_own_class() -> None:
    """It is built from its own hyperparameters."""
    with pytest.raises(HyperparameterError, match=r"^Layer\.width"):
        Around(4, None).layer.width = 5


def test_a_hyperparameter_that_is_a_cell_is_a_part() -> None:
    """Parts can be replaced, as those that are declared; values that are no cells stay."""
    net = Around(4, nn.ReLU())
    net.old = new = nn.Dense(4, 4)
    assert net.old is new
    assert [name for name, _ in net.parameters_and_names() if name.startswith("old")] == ["old.weight", "old.bias"]
    del net.old
    with pytest.raises(HyperparameterError):
        Around(4, Tensor([1.0])).old = Tensor([2.0])


def test_post_init_gives_new_names() -> None:
    """What it would change is in the manifest already."""

    class Rounded(LazyCell):
        width: int

        def __post_init__(self) -> None:
            self.half = self.width // 2
            self.width = 8 * self.half

    with pytest.raises(HyperparameterError, match=r"`__post_init__` computes a name of its own.*hyper\(converter=…\)`"):
        Rounded(5)


def test_a_handwritten_constructor_may_prepare_them() -> None:
    """Before `__lazy_init__` nothing is built from anything; a base that was built before is built anew."""

    class Base(LazyCell):
        width: int
        gain: Param["zeros", (width,)]

    class Own(Base):
        depth: int = 2

        def __init__(self, width: int) -> None:
            super().__init__(width)
            self.__lazy_init__(width + 1)
            self.depth_again = self.depth

    class Before(LazyCell):
        width: int

        def __init__(self) -> None:
            nn.Cell.__init__(self)
            self.width = 3
            self.__lazy_init__(self.width + 1)

    assert (Own(3).width, Before().width) == (4, 4)
    with pytest.raises(HyperparameterError):
        Before().width = 3


class Reads(LazyCell):
    """Nothing is built from `pad`, which is open; the others are used, checked or have a value."""

    width: int
    pad: int | None = None
    eps: float = 1e-6
    checked: int | None = hyper(None, validator=optional(instance_of(int)))
    used: int | None = None
    weight: Param["ones", (width,)]
    bias: Param["ones", (width,)] = when(used != None)  # noqa: E711

    def construct(self, x: Any) -> Any:
        return x + self.pad


def test_what_was_left_open_and_construct_alone_reads_may_be_said_later(tmp_path: Path) -> None:
    """The net computes with it, and all that tells of the net tells it; others that are alike keep theirs."""
    net, other = Reads(2), Reads(2)
    net.pad = 5
    assert net(Tensor(1.0)) == 6
    assert (net.hyperparameters["pad"], other.hyperparameters["pad"], other.pad) == (5, None, None)
    assert dict(net.manifest().hyperparameters)["pad"] == 5
    assert lazycell.replace(net, width=3).pad == 5
    net.init_parameters_data(seed=1)
    net.save_pretrained(tmp_path)
    assert Reads.from_pretrained(tmp_path).pad == 5


@pytest.mark.parametrize(("name", "value"), [("eps", 1e-5), ("checked", 4), ("width", 3), ("used", 1), ("pad", 6)])
def test_what_has_a_value_or_is_used_may_not(name: str, value: Any) -> None:
    """A condition counts, and a validator, which would not be asked; what was said later is said."""
    net = Reads(2)
    net.pad = 5
    with pytest.raises(HyperparameterError, match=rf"Reads.{name}: .*lazycell.replace\(net, {name}="):
        setattr(net, name, value)


class Above(LazyCell):
    """Hands all of itself down."""

    width: int = 2
    pad: int | None = None
    inner: Any = child(lambda config: Reads(config.width), SELF)


def test_what_is_handed_down_whole_may_not() -> None:
    """The child has the old one."""
    with pytest.raises(HyperparameterError, match="Above.pad"):
        Above().pad = 1
