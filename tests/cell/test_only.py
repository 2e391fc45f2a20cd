"""A part of a checkpoint, chosen by the names of the file, whose names are others than the net's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from mindspore import nn

import lazycell
from lazycell import LazyCell, Param, fused, rename

SHAPES = {"first.weight": (4, 3), "first.bias": (4,), "second.weight": (2, 4), "second.bias": (2,)}


class Net(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Dense(3, 4)
        self.second = nn.Dense(4, 2)


class Fused(LazyCell):
    """Whose two parameters are one tensor in a file."""

    query: Param["normal", (2, 3)]
    key: Param["normal", (2, 3)]
    gain: Param["ones", (3,)]
    rename({"attn.qk": fused(q="query", k="key")})


def stored(prefix: str) -> dict[str, np.ndarray]:
    return {f"{prefix}{name}": np.full(shape, 7, np.float32) for name, shape in SHAPES.items()}


WORDS: list[dict[str, Any]] = [
    {"choice_func": lambda name: "second" not in name},
    {"specify_prefix": "ema.first"},
    {"filter_prefix": ["ema.second"]},
]


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize(
    "names",
    [{"ema.{*rest}": "{*rest}"}, {"ema.first.{*rest}": "first.{*rest}", "ema.second.{*rest}": "second.{*rest}"}],
    ids=["one rule", "a rule for what is left out"],
)
def test_what_is_left_out_is_renamed_too(words: dict[str, Any], names: dict[str, str]) -> None:
    """The parameter that it would have been keeps what it has; a rule about nothing else is no mistake."""
    net = Net()
    before = net.second.weight.asnumpy().copy()
    report = lazycell.load_checkpoint(stored("ema."), net, rename=names, **words)
    assert report.loaded == ("first.weight", "first.bias")
    assert report.ignored == ("ema.second.weight", "ema.second.bias")
    assert np.array_equal(net.second.weight.asnumpy(), before)
    assert (net.first.bias.asnumpy() == 7).all()


def test_one_of_two_sets_of_weights() -> None:
    """The other set, under the net's own names, is passed over."""
    net, both = Net(), {**{name: 0 * each for name, each in stored("").items()}, **stored("ema.")}
    report = lazycell.load_checkpoint(both, net, rename={"ema.{*rest}": "{*rest}"}, specify_prefix="ema.")
    assert report.loaded == tuple(SHAPES)
    assert all((each.asnumpy() == 7).all() for each in net.get_parameters())


def test_a_rule_about_nothing_is_a_mistake_still() -> None:
    """Neither of what is loaded nor of what is left out."""
    names = {"ema.{*rest}": "{*rest}", "third.{*rest}": "second.{*rest}"}
    with pytest.raises(lazycell.CheckpointMismatchError, match=r"third\.\{\*rest\}"):
        lazycell.load_checkpoint(stored("ema."), Net(), rename=names, filter_prefix="ema.second")


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"attn.qk": np.ones((4, 3), np.float32)}, None),
        ({"attn.kq": np.ones((4, 3), np.float32)}, {"attn.kq": fused(k="key", q="query")}),
    ],
    ids=["declared", "renamed"],
)
def test_all_parameters_of_a_tensor_that_is_left_out(given: dict[str, np.ndarray], names: Any) -> None:
    """Declared to be stored in one, or renamed to a form."""
    net = Fused()
    report = lazycell.load_checkpoint(
        {**given, "gain": np.full(3, 5, np.float32)}, net, rename=names, filter_prefix="attn"
    )
    assert (report.loaded, report.ignored) == (("gain",), tuple(given))
    assert lazycell.uninitialized(net) == ["query", "key"]
