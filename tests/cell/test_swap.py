"""Children swapped by pattern: named, drawn, saved and listed as if they had been declared so."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn, ops

import lazycell
from lazycell import LazyCell, Param, child, children, no_init_parameters, tie


class Linear(LazyCell):
    inputs: int
    outputs: int
    weight: Param["normal", (outputs, inputs)]

    def construct(self, x: Any) -> Any:
        return ops.matmul(x, self.weight.T)


class Adapted(LazyCell):
    """A linear map with a small one beside it."""

    base: Linear
    rank: int = 2
    down: Param["normal", (rank, base.inputs)]
    up: Param["zeros", (base.outputs, rank)]

    def construct(self, x: Any) -> Any:
        return self.base(x) + ops.matmul(ops.matmul(x, self.down.T), self.up.T)


class Layer(LazyCell):
    width: int
    query: Linear = child(Linear, width, width)
    key: Linear = child(Linear, width, width)

    def construct(self, x: Any) -> Any:
        return self.query(x) + self.key(x)


class Net(LazyCell):
    width: int = 4
    embed: Linear = child(Linear, width, width)
    layers: list[Layer] = children(2, Layer, width)
    head: Linear = child(Linear, width, width)
    tied = tie("head.weight", "embed.weight")

    def construct(self, x: Any) -> Any:
        x = self.embed(x)
        for layer in self.layers:
            x = layer(x)
        return self.head(x)


def x() -> Tensor:
    return Tensor(np.ones((1, 4), np.float32))


QUERIES = ["layers.0.query", "layers.1.query"]


def test_before_any_value_it_is_as_if_it_had_been_written_so(tmp_path: Path) -> None:
    """No memory, full names, the streams of these names, the manifest, and a checkpoint that loads into another."""
    net = Net()
    assert lazycell.swap(net, "*.query", Adapted, rank=3) == QUERIES
    names = [entry.name for entry in net.manifest()]
    assert names[1:5] == [f"layers.0.{each}" for each in ("query.down", "query.up", "query.base.weight", "key.weight")]
    assert set(lazycell.uninitialized(net)) == set(names)
    assert [parameter.name for parameter in net.get_parameters()] == names
    assert net.manifest()["layers.1.query.down"].expression == "(rank, base.inputs)"
    net.init_parameters_data(seed=5)
    for name in names:
        entry = net.manifest()[name]
        expected = lazycell.initial_values(entry.initializer.split("(")[0], entry.shape, name=name, seed=5)
        np.testing.assert_array_equal(dict(net.parameters_and_names())[name].asnumpy(), expected)
    net.save_checkpoint(tmp_path / "net.safetensors")
    other = Net()
    lazycell.swap(other, "*.query", Adapted, rank=3)
    assert other.manifest() == net.manifest()
    other.load_checkpoint(tmp_path / "net.safetensors")
    np.testing.assert_array_equal(other(x()).asnumpy(), net(x()).asnumpy())


@pytest.mark.parametrize("mode", [ms.PYNATIVE_MODE, ms.GRAPH_MODE])
def test_after_a_load_and_a_run_what_is_kept_has_its_values(mode: int) -> None:
    """The zeros of the adapter change nothing; it is initialized by the next run."""
    net = Net()
    net.init_parameters_data(seed=1)
    ms.set_context(mode=mode)
    before = net(x()).asnumpy()
    origin = lazycell.status(net)["layers.0.query.weight"].origin
    lazycell.swap(net, "*.query", Adapted)
    assert lazycell.status(net)["layers.0.query.base.weight"].origin == origin
    assert len(lazycell.uninitialized(net)) == 4
    np.testing.assert_array_equal(net(x()).asnumpy(), before)
    assert lazycell.uninitialized(net) == []
    net.layers[0].query.up.set_data(ops.ones((4, 2)))
    assert (net(x()).asnumpy() != before).any()


def test_the_dtype_is_the_parents() -> None:
    """Of declared and plain children alike; one that is asked for counts, and what is kept is as it was."""
    net = Net(dtype=ms.float16)
    lazycell.swap(net, "layers.0.query", Adapted)
    lazycell.swap(net, "layers.0.key", lambda old: nn.Dense(old.inputs, old.outputs))
    lazycell.swap(net, "layers.1.query", Adapted, dtype="float32")
    dtypes = {name: each.dtype for name, each in lazycell.status(net).items()}
    assert {name for name, dtype in dtypes.items() if dtype == "float32"} == {
        "layers.1.query.down",
        "layers.1.query.up",
    }


def test_a_tied_part_stays_tied() -> None:
    """The one parameter stays where it is used."""
    net = Net()
    lazycell.swap(net, "embed", lambda old: Linear(old.inputs, old.outputs))
    assert {"embed.weight", "head.weight"} <= {
        entry.name for entry in net.manifest()
    }  # two now: the new one has a weight of its own
    kept = Net()
    lazycell.swap(kept, "embed", Adapted)
    assert kept.head.weight is kept.embed.base.weight
    assert kept.manifest().ties == {"head.weight": "embed.base.weight"}


def test_plain_nets_lists_and_shared_children() -> None:
    """In a CellList, a SequentialCell, a CellDict, and a cell at two places, which stays one."""

    class Plain(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.rows = nn.CellList([nn.Dense(4, 4), nn.Dense(4, 4)])
            self.chain = nn.SequentialCell(nn.Dense(4, 4), nn.ReLU())
            self.ways = nn.CellDict({"up": nn.Dense(4, 4)})
            self.again = self.rows[0]

        def construct(self, x: Any) -> Any:
            return self.again(self.ways["up"](self.chain(self.rows[1](self.rows[0](x)))))

    class Doubled(nn.Cell):
        def __init__(self, inner: nn.Cell) -> None:
            super().__init__()
            self.inner = inner

        def construct(self, x: Any) -> Any:
            return 2 * self.inner(x)

    with no_init_parameters():
        net = Plain()
    before = net(x()).asnumpy()
    ends = [name for name, _ in net.parameters_and_names()]
    found = lazycell.swap(net, ["rows.*", "chain.0", "ways.up", "again"], Doubled)
    assert found == ["rows.0", "rows.1", "chain.0", "ways.up", "again"]
    assert net.again is net.rows[0]
    names = [parameter.name for parameter in net.get_parameters()]
    assert names == [name for name, _ in net.parameters_and_names()]
    assert names == [f"{end.rpartition('.')[0]}.inner.{end.rpartition('.')[2]}" for end in ends]
    assert (net(x()).asnumpy() != before).any()
    assert type(net.chain.cell_list[0]) is Doubled


def test_the_outer_of_two_that_match_is_replaced() -> None:
    """`*` matches dots: what is inside went with it."""
    net = Net()
    assert lazycell.swap(net, "layers.*", lambda old: old.query) == ["layers.0", "layers.1"]
    assert isinstance(net.layers[1], Linear)
    assert net.layers[1].weight.name == "layers.1.weight"


def test_a_failure_leaves_the_net_as_it_was() -> None:
    """Names too, which a cell has changed that took a child."""
    net = Net()
    manifest, names = net.manifest(), [parameter.name for parameter in net.get_parameters()]

    def second_fails(old: nn.Cell) -> nn.Cell:
        if old is net.layers[1].query:
            raise KeyboardInterrupt
        return Adapted(old)

    with pytest.raises(KeyboardInterrupt):
        lazycell.swap(net, "*.query", second_fails)
    assert [parameter.name for parameter in net.get_parameters()] == names
    assert net.manifest() == manifest
    assert net.layers[0].query.manifest()["weight"].name == "weight"


def test_a_copy_is_swapped_alone() -> None:
    """The original keeps its parts."""
    net = Net()
    other = copy.deepcopy(net)
    lazycell.swap(other, "*.query", Adapted)
    assert isinstance(net.layers[0].query, Linear)
    assert "layers.0.query.weight" in net.manifest()


@pytest.mark.parametrize(
    ("pattern", "factory", "error", "words"),
    [
        ("*.qery", Adapted, ValueError, r"no child has a name like '\*\.qery'"),
        ("layers.0.qery", Adapted, ValueError, "did you mean `layers.0.query`"),
        ("*.query.weight", Adapted, ValueError, "a parameter, and children are swapped: write 'layers.0.query'"),
        ("*.query", lambda old: 1, TypeError, "made 1 of `layers.0.query`: a child has to be an nn.Cell"),
        ("*.query", 3, TypeError, "takes a function that makes a cell of a child"),
        (3, Adapted, TypeError, "a list of name patterns"),
    ],
)
def test_what_cannot_be_is_refused(pattern: Any, factory: Any, error: type[Exception], words: str) -> None:
    """And nothing is swapped."""
    net = Net()
    with pytest.raises(error, match=words):
        lazycell.swap(net, pattern, factory)
    assert net.manifest() == Net().manifest()
