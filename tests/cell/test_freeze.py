"""Freezing parameters by pattern, and thawing them."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, nn, ops

import lazycell
from lazycell import Buffer, LazyCell, Param, child, children, no_init_parameters, param, tie


class Layer(LazyCell):
    width: int
    weight: Param["normal", (width, width)]
    bias: Param["zeros", (width,)]
    fixed: Parameter = param("ones", (width,), trainable=False)
    mean: Buffer["zeros", (width,)]

    def construct(self, x: Any) -> Any:
        return ops.dense(x, self.weight, self.bias) * self.fixed


class Net(LazyCell):
    width: int = 4
    embed: Layer = child(Layer, width)
    layers: list[Layer] = children(2, Layer, width)
    head: Layer = child(Layer, width)
    tied = tie("head.weight", "embed.weight")

    def construct(self, x: Any) -> Any:
        x = self.embed(x)
        for layer in self.layers:
            x = layer(x)
        return self.head(x)


def trained(net: nn.Cell) -> set[str]:
    return {name for name, parameter in net.parameters_and_names() if parameter.requires_grad}


def plain() -> nn.Cell:
    with no_init_parameters():
        return nn.SequentialCell(nn.Dense(3, 4), nn.BatchNorm1d(4))


def test_by_pattern_in_the_nets_order() -> None:
    """What matches is frozen, and named; a second time there is nothing to freeze."""
    net = Net()
    before = trained(net)
    assert lazycell.freeze(net, "*.bias", "layers.1.*") == [
        "embed.bias",
        "layers.0.bias",
        "layers.1.weight",
        "layers.1.bias",
        "head.bias",
    ]
    assert trained(net) == {"embed.weight", "layers.0.weight"}
    assert lazycell.freeze(net, "*.bias") == []
    assert {entry.name for entry in net.manifest() if entry.trainable} == {"embed.weight", "layers.0.weight"}
    assert lazycell.unfreeze(net, "layers.*") == ["layers.0.bias", "layers.1.weight", "layers.1.bias"]
    assert set(lazycell.unfreeze(net)) == {"embed.bias", "head.bias"}
    assert trained(net) == before


def test_all_of_it_and_what_was_never_trained_stays_so() -> None:
    """Buffers and `trainable=False` are not thawed: no more are the statistics of a plain net."""
    for net in (Net(), plain()):
        before = trained(net)
        assert set(lazycell.freeze(net)) == before
        assert trained(net) == set()
        assert set(lazycell.unfreeze(net)) == before
        assert trained(net) == before
        assert lazycell.unfreeze(net) == []


def test_a_tied_parameter_goes_by_either_name() -> None:
    """It is one, so it is frozen in both places."""
    net = Net()
    assert lazycell.freeze(net, "head.weight") == ["embed.weight"]
    assert not net.head.weight.requires_grad
    assert lazycell.unfreeze(net, "head.weight") == ["embed.weight"]


def test_values_come_and_go_as_before(tmp_path: Any) -> None:
    """A frozen net is initialized, saved, loaded, copied and thawed like any."""
    net = Net()
    lazycell.freeze(net, "layers.*")
    net.init_parameters_data(seed=1)
    net.save_checkpoint(tmp_path / "net.safetensors")
    others = [Net(), copy.deepcopy(net), pickle.loads(pickle.dumps(net))]
    lazycell.freeze(others[0], "layers.*")
    others[0].load_checkpoint(tmp_path / "net.safetensors")
    for other in others:
        assert trained(other) == {"embed.weight", "embed.bias", "head.bias"}
        assert len(lazycell.unfreeze(other)) == 4
        np.testing.assert_array_equal(other.layers[1].weight.asnumpy(), net.layers[1].weight.asnumpy())


def test_a_copy_of_a_declared_net_is_frozen_too() -> None:
    """Before there are values."""
    net = Net()
    lazycell.freeze(net, "layers.*")
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert trained(other) == trained(net)
        assert len(lazycell.unfreeze(other, "layers.0.*")) == 2


def test_training_changes_only_the_others() -> None:
    """An optimizer that is made afterwards has them alone."""
    net = Net()
    lazycell.freeze(net, "layers.*", "*.bias")
    optimizer = nn.SGD(net.trainable_params(), 0.1)
    x = Tensor(np.ones((1, 4), np.float32))
    net.init_parameters_data(seed=1)
    before = {name: parameter.asnumpy().copy() for name, parameter in net.parameters_and_names()}
    gradients = ms.value_and_grad(lambda x: net(x).sum(), None, optimizer.parameters)(x)[1]
    optimizer(gradients)
    changed = {name for name, each in net.parameters_and_names() if (each.asnumpy() != before[name]).any()}
    assert changed == {"embed.weight"}


@pytest.mark.parametrize(
    ("patterns", "error", "words"),
    [
        (("layers.0",), ValueError, "'layers.0' is the name of a Layer: write 'layers.0.*'"),
        (("layers.*", "lyers.0.weight"), ValueError, "no parameter has a name like 'lyers.0.weight'; did you mean"),
        ((["layers.*"],), TypeError, "a name pattern is a string"),
    ],
)
def test_what_matches_nothing_is_refused(patterns: Any, error: type[Exception], words: str) -> None:
    """And nothing is frozen."""
    net = Net()
    before = trained(net)
    with pytest.raises(error, match=words):
        lazycell.freeze(net, *patterns)
    assert trained(net) == before


def test_what_was_never_frozen_is_not_thawed_by_name() -> None:
    """The message says what to write."""
    with pytest.raises(ValueError, match=r"embed.mean: .* buffer is never trained.*requires_grad = True"):
        lazycell.unfreeze(Net(), "embed.mean")


def test_only_cells_have_parameters_to_freeze() -> None:
    """A list of parameters, say."""
    with pytest.raises(TypeError, match=r"freeze\(\) takes a cell"):
        lazycell.freeze(Net().trainable_params(), "*")  # type: ignore[arg-type]
