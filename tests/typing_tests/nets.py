"""A net goes wherever a cell goes: into lazycell's functions, also where no checker is told what MindSpore's cells are."""

from pathlib import Path

import mindspore.nn as nn
import numpy as np

import lazycell
from lazycell.typed import LazyCell, Parameter, child, hyper, param


class Linear(LazyCell):
    in_features: int = hyper()
    out_features: int = hyper()

    weight: Parameter = param("normal", (out_features, in_features))


class Net(LazyCell):
    hidden: int = 8

    head: Linear = child(Linear, hidden, 2)


def widened(old: Linear, out_features: int) -> Linear:
    return Linear(old.in_features, out_features)


def load(net: Net, path: Path) -> None:
    lazycell.load_checkpoint(path, net)
    lazycell.load_checkpoint(net=net, path=path)
    lazycell.load_param_into_net(net, {"head.weight": np.zeros((2, 8))})
    lazycell.load_adapter(net, path, "first")
    lazycell.set_adapter(net, "first")
    lazycell.save_adapter(path, net)
    lazycell.plan(net, path)
    lazycell.reduce_gradients(net, ())


def plain(net: nn.Cell) -> None:
    lazycell.status(net)
    lazycell.manifest(net)
    lazycell.save_checkpoint(net, "plain.safetensors")


def build() -> None:
    """Build a net, and ask after it."""
    net = Net()
    lazycell.freeze(net, "head.*")
    lazycell.unfreeze(net, "head.*")
    lazycell.swap(net, "head", widened, out_features=4)
    lazycell.init_parameters_data(lazycell.replace(net, hidden=4))
    print(lazycell.status(net), lazycell.uninitialized(net), lazycell.manifest(net).size)
