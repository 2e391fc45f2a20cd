"""Tests of `lazycell.cell._built_with`: what a net was built with, and nets that are built otherwise."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import attrs
import mindspore as ms
import pytest
from mindspore import nn

import lazycell
from lazycell import DeclarationError, Hyperparameters, LazyCell, Param, hyper, replace, require


class Attention(LazyCell):
    hidden: int
    heads: int = hyper(4, converter=int)
    head_dim: int = hidden // heads
    sizes: Any = attrs.Factory(list)
    inner = heads * head_dim
    require(heads > 0, "there have to be heads")
    query: Param["normal", (inner, hidden)]


class Around(LazyCell):
    old: Any
    rank: int = 1


def test_a_mapping_in_order() -> None:
    """With the values that the net has, and no derived ones: another net can be built from it."""
    net = Attention(64, "8")
    assert list(net.hyperparameters.items()) == [("hidden", 64), ("heads", 8), ("head_dim", 8), ("sizes", [])]
    assert net.hyperparameters == {"hidden": 64, "heads": 8, "head_dim": 8, "sizes": []}
    assert Attention(**net.hyperparameters).hyperparameters == net.hyperparameters
    assert repr(Around(None).hyperparameters) == "Hyperparameters({'old': None, 'rank': 1})"
    with pytest.raises(TypeError):
        net.hyperparameters["hidden"] = 3  # type: ignore[index]


def test_another_value() -> None:
    """A new net, of the same dtype, without values; the old one is as it was."""
    net = Attention(64, dtype="float16")
    net.init_parameters_data(seed=1)
    wide = replace(net, hidden=128)
    assert isinstance(wide, Attention)
    assert (wide.query.shape, wide.query.dtype, net.query.shape) == ((128, 128), ms.float16, (64, 64))
    assert lazycell.uninitialized(wide) == ["query"]
    assert replace(net, dtype="bfloat16").query.dtype == ms.bfloat16


@pytest.mark.parametrize("made", [lambda net: net, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
@pytest.mark.parametrize(
    ("net", "head_dim"), [(Attention(64), 32), (Attention(64, head_dim=16), 16), (Attention(64, 4, 9), 9)]
)
def test_defaults_follow_and_what_was_given_stays(made: Any, net: Any, head_dim: int) -> None:
    """Also where what was given is what the default would have been."""
    assert replace(made(net), hidden=128).head_dim == head_dim
    assert replace(made(net).hyperparameters, hidden=128).head_dim == head_dim


def test_lists_are_not_shared() -> None:
    """Neither one that was given nor one that was made."""
    for net in (Attention(64), Attention(64, sizes=[1])):
        again = replace(net, heads=2)
        assert again.sizes == net.sizes
        assert again.sizes is not net.sizes


def test_what_is_no_hyperparameter() -> None:
    """The near name, or all of them."""
    net = Attention(64)
    with pytest.raises(TypeError, match=r"`hiden` is no hyperparameter of Attention; did you mean `hidden`\?"):
        replace(net, hiden=3)
    with pytest.raises(
        TypeError, match="`inner` is a derived value of Attention: it takes hidden, heads, head_dim, si"
    ):
        replace(net, inner=3)
    with pytest.raises(DeclarationError, match="there have to be heads"):
        replace(net, heads=0, head_dim=1)


def test_what_cannot_be_replaced() -> None:
    """Plain cells, constructors that nobody knows, and cells that would be in two nets."""

    class Own(LazyCell):
        width: int

        def __init__(self, text: str) -> None:
            if text:
                self.__lazy_init__(len(text))
            else:
                assert self.hyperparameters

    with pytest.raises(TypeError, match="and Dense declares none"):
        replace(nn.Dense(2, 2))
    with pytest.raises(TypeError, match=r"Own has none before `self\.__lazy_init__"):
        Own("")
    assert Own("abc").hyperparameters == {"width": 3}
    with pytest.raises(TypeError, match=r"Own, which writes its own `__init__`: write `Own\(…\)`"):
        replace(Own("abc"), width=2)
    with pytest.raises(TypeError, match=r"`old` is a cell, and.*`replace\(net, old=…\)`"):
        replace(Around(nn.ReLU()), rank=2)
    assert replace(Around(nn.ReLU()), rank=2, old=nn.Tanh()).rank == 2


def test_the_name_is_taken() -> None:
    """A class that declared it would hide it."""
    with pytest.raises(DeclarationError, match="`hyperparameters` is a name that every cell uses already"):

        class Wrong(LazyCell):
            hyperparameters: dict[str, int]

    assert isinstance(Around(1).hyperparameters, Hyperparameters)
