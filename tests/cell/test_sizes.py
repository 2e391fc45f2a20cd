"""Sizes against what MindSpore really allocates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, nn
from mindspore.mint import optim

from lazycell import Buffer, LazyCell, Param, child, param, tie
from lazycell.manifest.sizes._optimizers import OPTIMIZERS

MAKERS: dict[str, Callable[[Any], Any]] = {
    "sgd": nn.SGD,
    "momentum": lambda parameters: nn.Momentum(parameters, 0.1, 0.9),
    "adam": nn.Adam,
    "adamw": optim.AdamW,
    "adamweightdecay": nn.AdamWeightDecay,
    "adamoffload": nn.AdamOffload,
    "lazyadam": nn.LazyAdam,
    "adamax": nn.AdaMax,
    "lamb": lambda parameters: nn.Lamb(parameters, 0.1),
    "adagrad": nn.Adagrad,
    "adadelta": nn.Adadelta,
    "adafactor": lambda parameters: nn.AdaFactor(parameters, learning_rate=None),
    "rmsprop": nn.RMSProp,
    "rprop": nn.Rprop,
    "asgd": nn.ASGD,
    "ftrl": nn.FTRL,
    "proximaladagrad": nn.ProximalAdagrad,
}


class Part(LazyCell):
    n: int
    matrix: Param["normal", (n, 2 * n)]
    frozen: Any = param("ones", (n, n), trainable=False)
    running: Buffer["zeros", (n,)]


class Net(LazyCell):
    n: int = 6
    scalar: Param["zeros", ()]
    vector: Param["zeros", (7,)]
    cube: Param["normal", (2, 3, n)]
    kernel: Param["normal", (2, 3, 1, 5)]
    part: Part = child(Part, n)
    other: Part = child(Part, n)
    same = tie("other.matrix", "part.matrix")


def _nbytes(parameters: list[Parameter]) -> int:
    return sum(each.nbytes for each in parameters)


def test_every_optimizer_is_held_to_the_real_one() -> None:
    """None is believed without having been made."""
    assert MAKERS.keys() == OPTIMIZERS.keys()


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        (name, dtype)
        for name in OPTIMIZERS
        for dtype in (ms.float32, ms.float16, ms.bfloat16)
        # MindSpore makes its state by way of numpy, whose version 2 gets no bfloat16 from it.
        if not (name == "adafactor" and dtype == ms.bfloat16 and np.__version__ >= "2")
    ],
    ids=str,
)
def test_optimizer_state(name: str, dtype: Any) -> None:
    """The bytes are those of every parameter that MindSpore's optimizer has beside the net's own, to the last one."""
    net = Net(dtype=dtype)
    optimizer = MAKERS[name](net.trainable_params())
    module, _, cls = OPTIMIZERS[name].origin.rpartition(".")
    assert (type(optimizer).__module__ + ".").startswith(module + ".")
    assert type(optimizer).__name__ == cls
    own = {id(each) for each in net.get_parameters()}
    state = {id(each): each for each in optimizer.get_parameters() if id(each) not in own}
    assert _nbytes(list(state.values())) == net.manifest().sizes(optimizer=name).optimizer


@pytest.mark.parametrize("dtype", [ms.float32, ms.float16], ids=str)
def test_parameters_and_gradients(dtype: Any) -> None:
    """Values and gradients take what those of a net that runs take; ties once, buffers among the values."""
    net = Net(dtype=dtype)
    sizes = net.manifest().sizes(gradients=True)
    net.init_parameters_data(0)

    def loss() -> Any:
        return sum((each.astype(ms.float32) ** 2).sum() for each in net.trainable_params())

    gradients = ms.value_and_grad(loss, None, weights=net.trainable_params())()[1]
    assert sizes.gradients == sum(each.nbytes for each in gradients)
    assert {each.dtype for each in gradients} == {dtype}
    buffers = [buffer for _, cell in net.cells_and_names() for buffer in cell._buffers.values()]
    assert sizes.total.nbytes == _nbytes(list(net.get_parameters())) + _nbytes(buffers)
    assert sizes.by_trainable["trainable"].nbytes == _nbytes(net.trainable_params())
    assert sizes.total.parameters == len(list(net.get_parameters())) + len(buffers)


def test_sizes_of_a_net_that_is_only_declared() -> None:
    """Nothing is allocated to tell the sizes; those of the class are those of the net."""
    net = Net()
    assert net.manifest().sizes(optimizer="lamb", gradients=True) == Net.manifest().sizes(
        optimizer="lamb", gradients=True
    )
    assert all(each.has_init for each in net.get_parameters())
