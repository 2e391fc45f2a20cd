"""Tests of `lazycell.cell._net_text`: what `repr` says of a net."""

from __future__ import annotations

import copy
import pickle
from types import SimpleNamespace
from typing import Any

import mindspore as ms
from mindspore import nn

from lazycell import LazyCell, Param, child, children, when


class Linear(LazyCell):
    n: int
    m: int = 4
    scale: float = 0.5
    bits: tuple[int, ...] = (1, 2)
    total: int = n * m
    use_bias: bool = True
    weight: Param["normal", (m, n)]
    bias: Param["zeros", (m,), ms.float16] = when(use_bias)


class Net(LazyCell):
    width: int
    config: Any = None
    gain: Param["ones", ()]
    layers: list[Linear] = children(2, Linear, width, use_bias=False)
    plain: nn.Dense = child(nn.Dense, width, 2)


class Around(LazyCell):
    old: Any
    rank: int = 1


class Named(Linear):
    def extend_repr(self) -> str:
        return "mine"


def test_what_was_given_what_is_there_and_how_much() -> None:
    """One line for a cell without others, in a plain cell too; the total is in that of a cell with others."""
    assert repr(Linear(3)) == "Linear(n=3; weight (4, 3), bias (4,) float16)"
    assert repr(Net(3)) == (
        "Net(\n"
        "  width=3; gain (); 33 elements, 132 B\n"
        "  (layers): CellList(\n"
        "    (0): Linear(n=3, use_bias=False; weight (4, 3))\n"
        "    (1): Linear(n=3, use_bias=False; weight (4, 3))\n"
        "  )\n"
        "  (plain): Dense(input_channels=3, output_channels=2, has_bias=True)\n"
        ")"
    )
    assert 1 + 2 * 4 * 3 + 3 * 2 + 2 == 33


def test_defaults_are_left_out() -> None:
    """As well where they were computed or copied; what differs is there, if only in its type."""
    for net in (Linear(3, scale=0.5), copy.deepcopy(Linear(3)), pickle.loads(pickle.dumps(Linear(3)))):
        assert repr(net).startswith("Linear(n=3; ")
    net = Linear(3, 4, scale=1, total=12)
    assert repr(net).startswith("Linear(n=3, scale=1, total=12; ")


def test_long_values_and_parts() -> None:
    """An object is told by its class, and a cell is shown as a part."""
    config = SimpleNamespace(text="x" * 50)
    assert "width=2, config=SimpleNamespace(…); " in repr(Net(2, config))
    assert repr(Around(nn.ReLU())) == "Around(\n  (old): ReLU()\n)"
    assert repr(Around(3)) == "Around(old=3)"


def test_a_class_may_say_it_itself() -> None:
    """As MindSpore documents; and before anything is built there is nothing to say."""

    class Early(LazyCell):
        n: int

        def __init__(self) -> None:
            nn.Cell.__init__(self)
            self.said = repr(self)
            self.__lazy_init__(3)

    assert repr(Named(3)) == "Named(mine)"
    assert Early().said == "Early()"
