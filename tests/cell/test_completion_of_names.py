"""What a prompt or an editor completes after `net.`: it asks `dir`."""

from __future__ import annotations

import rlcompleter
from typing import Any

from mindspore import Tensor, nn

from lazycell import LazyCell, Param, buffer, child, children, when


class Inner(LazyCell):
    """A part."""

    width: int

    weight: Param["zeros", (width,)]


class Net(LazyCell):
    """One of each kind."""

    width: int
    use_bias: bool = False
    double = 2 * width

    gain: Param["ones", (width,)]
    bias: Param["zeros", (width,)] = when(use_bias)
    table: Tensor = buffer("zeros", (width,))
    inner: Inner = child(Inner, width)
    layers: list[Inner] = children(2, Inner, width)
    act: Any = child(nn.ReLU)


def test_dir_lists_what_is_declared() -> None:
    """Hyperparameters, parameters, buffers, children, and the methods; each can be asked for."""
    net = Net(3)
    names = dir(net)
    assert {"width", "double", "gain", "bias", "table", "inner", "layers", "act", "load_checkpoint"} <= {*names}
    assert names == sorted({*names})
    assert all(hasattr(net, name) for name in ("gain", "bias", "table", "inner", "layers", "act"))
    net.added = Inner(2)
    assert "added" in dir(net)


def test_a_prompt_completes_them() -> None:
    """Also below a child."""
    complete = rlcompleter.Completer({"net": Net(3)}).complete
    assert str(complete("net.lay", 0)).rstrip("(") == "net.layers"
    assert complete("net.inner.wei", 0) == "net.inner.weight"
