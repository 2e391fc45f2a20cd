"""LazyCells of which parts are replaced, added and deleted after they are built."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, nn, ops

import lazycell
from lazycell import LazyCell, Param, child, children, no_init_parameters, tie


class Linear(LazyCell):
    inputs: int
    outputs: int
    weight: Param["normal", (outputs, inputs)]

    def construct(self, x):
        return ops.matmul(x, self.weight.T)


class Only(LazyCell):
    """Whose one parameter may be replaced: nothing else tells where it stands."""

    width: int
    inner: Linear = child(Linear, width, width)

    def construct(self, x):
        return self.inner(x)


class Layer(LazyCell):
    width: int
    query: Linear = child(Linear, width, width)
    value: nn.Dense = child(nn.Dense, width, width)
    only: Only = child(Only, width)

    def construct(self, x):
        return x + self.only(self.value(self.query(x)))


class Net(LazyCell):
    n_layers: int = 2
    width: int = 4
    embed: Linear = child(Linear, width, width)
    layers: list[Layer] = children(n_layers, Layer, width)
    head: Linear = child(Linear, width, width)
    tied = tie("head.weight", "embed.weight")

    def construct(self, x):
        x = self.embed(x)
        for layer in self.layers:
            x = layer(x)
        return self.head(x)


class LoRA(nn.Cell):
    """A plain cell that keeps the cell that it replaces."""

    def __init__(self, old: nn.Cell) -> None:
        super().__init__()
        outputs, inputs = old.weight.shape
        self.old = old
        self.down = Parameter(Tensor(np.full((2, inputs), 0.5, np.float32)), name="down")
        self.up = nn.Dense(2, outputs, has_bias=False)

    def construct(self, x):
        return self.old(x) + self.up(ops.matmul(x, self.down.T))


class LazyLoRA(LazyCell):
    """The same, declared."""

    inputs: int
    outputs: int
    old: Any
    down: Param["normal", (2, inputs)]
    up: Linear = child(Linear, 2, outputs)

    def construct(self, x):
        return self.old(x) + self.up(ops.matmul(x, self.down.T))


def lora(old: Any) -> nn.Cell:
    return LazyLoRA(4, 4, old)


def replace_in_layers(make: Callable[[Any], nn.Cell], *names: str) -> Callable[[Net], None]:
    def replace(net: Net) -> None:
        for layer in net.layers:
            for name in names:
                owner = layer.only if name == "inner" else layer
                setattr(owner, name, make(getattr(owner, name)))

    return replace


def replace_entries(net: Net) -> None:
    net.layers[0] = Layer(4)
    net.layers[1] = nn.SequentialCell(Layer(4), nn.Dense(4, 4))


def lengthen(net: Net) -> None:
    net.layers.append(copy.deepcopy(net.layers[0]))
    net.layers.insert(0, Layer(4))
    net.layers.extend([nn.Dense(4, 4)])


def shorten(net: Net) -> None:
    del net.layers[0]
    del net.layers[0].only


def replace_parameters(net: Net) -> None:
    for layer in net.layers:
        layer.query.weight = Parameter(ops.ones((4, 4)), name="weight")
        layer.only.inner.gain = Parameter(ops.ones((4,)))


def add(net: Net) -> None:
    net.extra = nn.Dense(4, 4)
    for layer in net.layers:
        layer.extra = nn.SequentialCell(nn.Dense(4, 4), Linear(4, 4))


def reach_into_plain_cells(net: Net) -> None:
    add(net)
    for layer in net.layers:
        layer.extra[0].norm = nn.LayerNorm((4,))
        layer.extra[1].weight = Parameter(ops.ones((4, 4)), name="weight")


CHANGES: dict[str, Callable[[Net], None]] = {
    "nothing": lambda net: None,
    "plain": replace_in_layers(LoRA, "query", "inner"),
    "declared": replace_in_layers(lora, "query", "inner"),
    "twice": replace_in_layers(lambda old: LoRA(old) if hasattr(old, "weight") else nn.Dense(4, 4), "query", "query"),
    "other shape": replace_in_layers(lambda old: nn.SequentialCell(Linear(4, 8), nn.Dense(8, 4)), "query"),
    "without values": replace_in_layers(no_init_parameters(lambda old: nn.Dense(4, 4)), "value", "inner"),
    "entries": replace_entries,
    "more entries": lengthen,
    "fewer": shorten,
    "parameters": replace_parameters,
    "added": add,
    "within plain cells": reach_into_plain_cells,
    "tied": lambda net: setattr(net, "head", LoRA(net.head)),
    "stored": lambda net: setattr(net, "embed", LoRA(net.embed)),
    "stored anew": lambda net: setattr(net, "embed", Linear(4, 4)),
    "untied": lambda net: setattr(net, "head", Linear(4, 4)),
}
changed = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


def built(change: Callable[[Net], None], seed: int | None = 1) -> Net:
    net = Net()
    change(net)
    if seed is not None:
        lazycell.init_parameters_data(net, seed)
    return net


def values(net: nn.Cell) -> dict[str, np.ndarray]:
    return {path: parameter.asnumpy().copy() for path, parameter in net.parameters_and_names()}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def paths(net: nn.Cell) -> list[str]:
    """Give the paths of a net's parameters, found by nothing of lazycell's."""
    found: dict[int, str] = {}
    for path, cell in nn.Cell.cells_and_names(net):
        for name, parameter in cell._params.items():
            found.setdefault(id(parameter), f"{path}.{name}" if path else name)
    return list(found.values())


X = Tensor(np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4))


@changed
def test_names_are_paths(change: Callable[[Net], None]) -> None:
    """Everywhere, and none is lost: in lists, state dicts, manifests and status, declared or not."""
    net = built(change, seed=None)
    expected = [name for name, _ in net.parameters_and_names()]
    assert [each.name for each in net.get_parameters()] == expected == paths(net)
    assert list(net.state_dict()) == list(net.parameters_dict()) == expected
    assert [entry.name for entry in net.manifest()] == list(lazycell.status(net)) == expected
    assert set(lazycell.uninitialized(net)) <= {*expected}
    for path, cell in net.cells_and_names():  # a part knows its names, too
        assert all(each.name == f"{path}.{name}".lstrip(".") for name, each in cell.parameters_and_names())


@changed
def test_streams_do_not_coincide(change: Callable[[Net], None]) -> None:
    """Each parameter draws from that of its full name."""
    net = built(change)
    drawn = [name for name, each in lazycell.status(net).items() if each.origin.seed == 1]
    normal = [name for name in drawn if net.manifest()[name].initializer == "normal"]
    numbers = values(net)
    assert len({numbers[name].tobytes() for name in normal}) == len(normal)
    for name in normal:
        assert np.array_equal(numbers[name], lazycell.initial_values("normal", numbers[name].shape, name=name, seed=1))


@changed
@pytest.mark.parametrize("suffix", ["safetensors", "ckpt"])
def test_what_is_saved_is_loaded(tmp_path: Path, change: Callable[[Net], None], suffix: str) -> None:
    """By lazycell and by MindSpore, of whichever wrote it; and the net computes the same."""
    source, path, other = built(change), str(tmp_path / f"net.{suffix}"), str(tmp_path / f"other.{suffix}")
    assert lazycell.save_checkpoint(source, path).tensors == len(paths(source))
    ms.save_checkpoint(source, other, format=suffix)
    for file in (path, other):
        net = built(change, seed=None)
        assert lazycell.plan(net, file).initialize == ()
        assert len(net.load_checkpoint(file).loaded) == len(paths(source))
        assert same(values(net), values(source))
        net = built(change, seed=None)
        assert ms.load_param_into_net(net, ms.load_checkpoint(file, format=suffix), strict_load=True) == ([], [])
        assert same(values(net), values(source))
    net.load_state_dict(source.state_dict())
    if change is not shorten:
        assert np.array_equal(net(X).asnumpy(), source(X).asnumpy())


@changed
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))], ids=["copy", "pickle"])
@pytest.mark.parametrize("seed", [None, 1], ids=["declared", "filled"])
def test_a_copy_is_the_net(change: Callable[[Net], None], copied: Any, seed: int | None) -> None:
    """Names, ties, states and values, with plain cells in it; what is done to it concerns the original not at all."""
    net = built(change, seed)
    other = copied(net)
    assert paths(other) == paths(net) == [each.name for each in other.get_parameters()]
    assert other.manifest() == net.manifest()
    assert {name: each.state for name, each in lazycell.status(other).items()} == {
        name: each.state for name, each in lazycell.status(net).items()
    }
    for each in (net, other):
        lazycell.init_parameters_data(each, 1)
    before = values(net)
    assert same(values(other), before)
    if change is not shorten:
        assert np.array_equal(other(X).asnumpy(), net(X).asnumpy())
    for each in other.get_parameters():
        each.set_data(ops.zeros_like(each))
    assert same(values(net), before)


@pytest.mark.parametrize("change", [CHANGES["plain"], CHANGES["declared"], CHANGES["stored"], reach_into_plain_cells])
def test_training_after_a_change(tmp_path: Path, change: Callable[[Net], None]) -> None:
    """The optimizer takes the net, wrapped or not; and goes on from its file bit for bit."""

    def training(seed: int) -> nn.Cell:
        net = built(change, seed)
        for name, each in net.parameters_and_names():
            each.requires_grad = ".old." not in name
        optimizer = nn.Adam(net.trainable_params(), learning_rate=0.05)
        return nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), optimizer).set_train()

    whole, resumed, path = training(1), training(2), tmp_path / "step.ckpt"
    start = values(whole)
    for _ in range(2):
        whole(X, X)
    lazycell.save_checkpoint(whole, path)
    lazycell.load_checkpoint(path, resumed)
    assert same(values(resumed), values(whole))
    whole(X, X)
    resumed(X, X)
    assert same(values(resumed), values(whole))
    moved = {name for name, value in values(whole).items() if not np.array_equal(value, start[name])}
    frozen = {name for name in start if ".old." in name and "moment" not in name}
    assert moved
    assert not moved & frozen


@pytest.mark.parametrize(
    "change", [CHANGES["plain"], CHANGES["stored anew"], replace_parameters, shorten, replace_entries]
)
def test_a_compiled_net_that_is_changed_is_compiled_again(change: Callable[[Net], None]) -> None:
    """Else it would go on computing with the parts that it had."""
    ms.set_context(mode=ms.GRAPH_MODE)
    net = built(CHANGES["nothing"])
    net(X)
    change(net)
    if change is shorten:
        net.layers[0].only = nn.Identity()
    lazycell.init_parameters_data(net, 1)
    result = net(X).asnumpy()
    ms.set_context(mode=ms.PYNATIVE_MODE)
    assert np.allclose(result, net(X).asnumpy(), atol=1e-6)


def test_hooks_stay() -> None:
    """Of the net, of what is replaced, and of what replaces it."""
    net, called = built(CHANGES["nothing"]), []
    for name, cell in (("net", net), ("old", net.layers[0].query)):
        cell.register_forward_hook(lambda cell, inputs, output, name=name: called.append(name))
    net.layers[0].query = LoRA(net.layers[0].query)
    net.layers[0].query.register_forward_hook(lambda cell, inputs, output: called.append("new"))
    net(X)
    assert called == ["old", "new", "net"]


def test_a_part_that_does_not_fit_its_declaration() -> None:
    """Is listed as it is, and a file of the declared net is refused with both shapes."""
    net, stored = built(CHANGES["nothing"]), Net()
    lazycell.init_parameters_data(stored, 1)
    net.layers[1].query = nn.SequentialCell(Linear(4, 8), nn.Dense(8, 4))
    changes = str(stored.manifest().diff(net.manifest()))
    assert "layers.1.query.0.weight" in changes
    net.layers[1].query = Linear(4, 6)
    assert net.manifest()["layers.1.query.weight"].shape == (6, 4)
    with pytest.raises(lazycell.CheckpointMismatchError, match=r"layers\.1\.query\.weight[\s\S]*\(4, 4\)"):
        net.load_checkpoint(dict(stored.state_dict()))


def test_a_part_of_a_part_of_a_wrapped_net() -> None:
    """The prefix of what the net was attached to comes first; a net of one parameter knows its own, too."""

    class Wrapped(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.net = Net()

    class Twice(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Wrapped()

    outer = Twice()
    net = outer.inner.net
    replace_in_layers(LoRA, "query")(net)
    names = [each.name for each in outer.get_parameters()]
    assert names == paths(outer)
    assert "inner.net.layers.1.query.old.weight" in names
    assert list(lazycell.status(outer)) == names


def test_a_parameter_of_another_place_keeps_its_name() -> None:
    """Shared by hand, it is one parameter: its name is the one of the place that comes first."""
    net = built(CHANGES["nothing"], seed=None)
    net.layers[1].query.weight = net.layers[0].query.weight
    assert [each.name for each in net.get_parameters()] == paths(net)
    assert "layers.1.query.weight" not in paths(net)


def test_a_name_that_somebody_has_given_stays() -> None:
    """As in MindSpore: only what lacks its beginning is completed."""
    net = built(CHANGES["nothing"], seed=None)
    net.layers[0].query.weight.name = "mine"
    net.layers[1].query = LoRA(net.layers[1].query)
    names = [each.name for each in net.get_parameters()]
    assert "mine" in names
    assert "layers.1.query.old.weight" in names
    assert lazycell.uninitialized(net)[1] == "layers.0.query.weight"  # a path, as in the manifest
