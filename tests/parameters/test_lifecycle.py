"""Status, initialisation by streams, the warning, saving, ties and computed buffers of whole nets."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, nn, ops
from mindspore.common.initializer import Constant, Normal, initializer

from lazycell._errors import UninitializedParameterError, UninitializedWarning
from lazycell.parameters._buffer import declare_buffer
from lazycell.parameters._declared import declare
from lazycell.parameters._foreign import ComputedTable
from lazycell.parameters._framework import parameter_of
from lazycell.parameters._lazy import building, no_init_parameters
from lazycell.parameters._life import Origin
from lazycell.parameters._lifecycle import (
    init_parameters_data,
    initialize_for_execution,
    refuse_while_saving,
    undeclare,
    uninitialized,
)
from lazycell.parameters._status import status
from lazycell.parameters._without_values import is_declared
from tests.parameters.filling import fill
from tests.versions import convert


class Layer(nn.Cell):  # type: ignore[misc]
    """One declared weight and one computed buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = declare(Normal(0.5), (3, 3), ms.float32, name="weight")
        table = declare_buffer(ComputedTable(lambda shape, dtype: np.arange(3.0)), (3,), ms.float16)
        self.register_buffer("table", table, persistent=False)

    def construct(self, x: Any) -> Any:
        """Run."""
        return x @ self.weight + self.table


class Net(nn.Cell):  # type: ignore[misc]
    """Two layers and a weight that the root itself reads."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.CellList([Layer(), Layer()])
        self.gain = declare(Constant(2.0), (3,), ms.bfloat16, name="gain", trainable=False)

    def construct(self, x: Any) -> Any:
        """Run."""
        for layer in self.layers:
            x = layer(x)
        return x * ops.cast(self.gain, x.dtype)  # before 2.9, no graph multiplies by a bfloat16 on CPU


def x() -> Tensor:
    return Tensor(np.ones((1, 3), np.float32))


def values(net: nn.Cell) -> dict[str, Any]:
    return {p.name: p.float().asnumpy().tolist() for p in net.get_parameters()}


FROM_FILE = Origin("checkpoint", "net.safetensors: gain")


# ----------------------------------------------------------------------------------------------------------- status


def test_status_tells_each_parameters_life() -> None:
    """State, shape, dtype, bytes and origin by full name; computed buffers are marked."""
    net = Net()
    fill(net.gain, np.ones(3, np.float32), FROM_FILE)
    net.layers[1].weight.init_data()
    seen = status(net)
    assert list(seen) == ["gain", "layers.0.weight", "layers.1.weight", "layers.0.table", "layers.1.table"]
    assert len(seen) == 5
    assert "gain" in seen
    gain, first, table = seen["gain"], seen["layers.0.weight"], seen["layers.1.table"]
    assert (gain.state, gain.shape, gain.dtype, gain.nbytes, gain.origin) == ("loaded", (3,), "float32", 12, FROM_FILE)
    assert (first.state, first.nbytes, first.origin, first.computed) == ("declared", 36, None, False)
    assert (table.state, table.dtype, table.nbytes, table.computed) == ("declared", "float16", 6, True)
    origin = seen["layers.1.weight"].origin
    assert origin is not None
    assert origin.kind == "initializer"
    assert origin.detail == "Normal(sigma=0.5, mean=0.0)"
    with pytest.raises(KeyError):
        seen["nothing"]


def test_status_prints_as_an_aligned_table() -> None:
    """One row a parameter, and a line of totals."""
    net = Net()
    fill(net.gain, np.ones(3, np.float32), FROM_FILE)
    init_parameters_data(net.layers[1], 7)
    assert str(status(net)).splitlines() == [
        "parameter        state                   shape   dtype    bytes  origin",
        "gain             loaded                  (3,)    float32     12  net.safetensors: gain",
        "layers.0.weight  declared                (3, 3)  float32     36",
        "layers.1.weight  initialized             (3, 3)  float32     36  Normal(sigma=0.5, mean=0.0), seed 7",
        "layers.0.table   declared (computed)     (3,)    float16      6",
        f"layers.1.table   initialized (computed)  (3,)    float16      6  {_table_name(net)}, seed 7",
        "5 in all, 96 bytes: 2 declared (42 bytes), 1 loaded (12 bytes), 2 initialized (42 bytes)",
    ]
    assert str(status(nn.ReLU())).splitlines()[-1] == "no parameters"


def _table_name(net: Net) -> str:
    origin = status(net)["layers.1.table"].origin
    assert origin is not None
    return origin.detail


def test_status_of_parameters_that_are_not_ours() -> None:
    """Eager ones are initialized; those that MindSpore's own context left without values are declared."""
    from mindspore.nn.utils import no_init_parameters as mindspores_own

    eager = nn.Dense(2, 2)
    with mindspores_own():
        theirs = nn.Dense(2, 2)
    assert {entry.state for entry in status(eager).values()} == {"initialized"}
    assert uninitialized(eager) == []
    assert uninitialized(theirs) == ["weight", "bias"]
    assert init_parameters_data(theirs)
    assert uninitialized(theirs) == []


def test_uninitialized_lists_names_once_without_computed_buffers() -> None:
    """A parameter at two places has one name."""
    net = Net()
    net.layers[1].weight = net.layers[0].weight
    assert len(uninitialized(net)) == len(set(uninitialized(net))) == 2
    assert len(status(net)) == 4
    init_parameters_data(net)
    assert uninitialized(net) == []
    assert net.layers[0].weight is net.layers[1].weight


def test_parameters_of_one_name_are_told_apart_by_path() -> None:
    """`insert_child_to_cell` puts no prefix, so that both weights are called "weight"; the paths are in the status."""
    net = nn.Cell()
    net.insert_child_to_cell("a", Layer())
    net.insert_child_to_cell("b", Layer())
    assert list(status(net))[:2] == ["a.weight", "b.weight"]


# -------------------------------------------------------------------------------------------------- initialisation


def test_initialize_gives_every_parameter_and_buffer_values() -> None:
    """In place, whatever is attached where; what has values keeps them."""
    net = Net()
    gain = net.gain
    fill(gain, np.full(3, 9, np.float32), FROM_FILE)
    replaced = init_parameters_data(net, 1)
    assert [p.name for p in replaced] == ["gain", "layers.0.weight", "layers.1.weight"]
    assert all(before is after for before, after in replaced.items())
    assert net.gain is gain
    assert (gain.asnumpy() == 9).all()
    assert type(net.layers[0].table) is Tensor
    assert net.layers[0].table.asnumpy().tolist() == [0, 1, 2]
    assert uninitialized(net) == []
    assert {each.state for each in status(net).values()} == {"loaded", "initialized"}


def test_values_do_not_depend_on_order_or_on_what_else_was_loaded() -> None:
    """MindSpore gives four different results for these; each path here gives the same."""
    ms.set_seed(5)
    expected = Net()
    init_parameters_data(expected)

    def one_by_one(net: Net) -> None:
        for parameter in reversed(list(net.get_parameters())):
            np.random.rand(3)
            parameter.init_data()

    def partly_loaded(net: Net) -> None:
        fill(net.gain, np.full(3, 2, np.float32), FROM_FILE)
        init_parameters_data(net)

    def graph(net: Net) -> None:
        ms.set_context(mode=ms.GRAPH_MODE)
        init_parameters_data(net)
        net(x())
        ms.set_context(mode=ms.PYNATIVE_MODE)

    def first_call(net: Net) -> None:
        initialize_for_execution(net)
        net(x())

    def with_seed(net: Net) -> None:
        ms.set_seed(99)
        init_parameters_data(net, 5)

    def by_mindspore(net: Net) -> None:
        net.init_parameters_data()

    for path in (one_by_one, partly_loaded, graph, first_call, with_seed, by_mindspore):
        net = Net()
        ms.set_seed(5)
        path(net)
        assert values(net) == values(expected), path.__name__
    assert values(expected)["layers.0.weight"] != values(expected)["layers.1.weight"]
    other = Net()
    init_parameters_data(other, 6)
    assert values(other)["layers.0.weight"] != values(expected)["layers.0.weight"]


def test_init_parameters_data_of_plain_cells() -> None:
    """Deferred parameters draw as MindSpore does; with streams=True or a seed, from streams, like strict ones."""

    def build(context: Any) -> nn.Cell:
        with context():
            return nn.SequentialCell(nn.Dense(3, 4), nn.Dense(4, 2))

    ms.set_seed(8)
    eager = nn.SequentialCell(nn.Dense(3, 4), nn.Dense(4, 2))
    ms.set_seed(8)
    plain = build(no_init_parameters)
    init_parameters_data(plain)
    assert values(plain) == values(eager)
    strict, streamed, seeded, other = (build(each) for each in (building, *[no_init_parameters] * 3))
    ms.set_seed(8)
    init_parameters_data(strict)
    ms.set_seed(8)
    init_parameters_data(streamed, streams=True)
    init_parameters_data(seeded, 8)
    init_parameters_data(other, 9)
    assert values(strict) == values(streamed) == values(seeded) != values(eager)
    assert values(other)["0.weight"] != values(seeded)["0.weight"]


def test_parameters_of_a_tuple_are_initialized() -> None:
    """Optimizers keep theirs in ParameterTuples, as MindSpore's init_parameters_data knows."""
    net = Net()
    with building():
        optimizer = nn.Momentum(net.trainable_params(), 0.1, 0.9)
    assert all(is_declared(p) for p in optimizer.moments)
    init_parameters_data(optimizer)
    assert not any(is_declared(p) for p in [*optimizer.moments, *optimizer.parameters])


# ---------------------------------------------------------------------------------------------------------- warning


def test_executing_warns_of_what_a_checkpoint_lacked() -> None:
    """One warning, with the names; none when nothing was loaded, or nothing lacked."""
    net = Net()
    fill(net.gain, np.ones(3, np.float32), FROM_FILE)
    with pytest.warns(UninitializedWarning) as caught:
        initialize_for_execution(net)
    assert [str(each.message) for each in caught] == [
        "2 parameter(s) were not in the checkpoint that was loaded, and are initialized now because the net is "
        "executed: layers.0.weight, layers.1.weight. Call `net.init_parameters_data()` first if this is meant"
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        initialize_for_execution(net)
        initialize_for_execution(Net())
        assigned = Net()
        assigned.gain.set_data(Tensor([1.0, 1.0, 1.0]))
        initialize_for_execution(assigned)


def test_mindspores_loading_counts_as_loading(tmp_path: Path) -> None:
    """load_checkpoint(path, net=net) is how most checkpoints are loaded."""
    path = str(tmp_path / "part.ckpt")
    ms.save_checkpoint({"gain": parameter_of(Tensor([1.0, 1.0, 1.0], ms.bfloat16))}, path)
    net = Net()
    ms.load_checkpoint(path, net=net)
    assert status(net)["gain"].origin == Origin("checkpoint", path)
    with pytest.warns(UninitializedWarning, match="2 parameter"):
        initialize_for_execution(net)


def test_a_long_list_is_cut() -> None:
    """A model has thousands of parameters."""
    net = nn.CellList([Layer() for _ in range(12)])
    fill(net[0].weight, np.ones((3, 3), np.float32), FROM_FILE)
    with pytest.warns(UninitializedWarning, match=r"11 parameter\(s\).*: 1.weight, .*8.weight and 3 more. Call"):
        initialize_for_execution(net)


# ---------------------------------------------------------------------------------------------------------- saving


def test_saving_is_recognised(tmp_path: Path) -> None:
    """A cell whose init_parameters_data initializes by streams refuses while MindSpore saves it."""

    class Guarded(Net):
        def init_parameters_data(self, auto_parallel_mode: bool = False) -> Any:
            refuse_while_saving(self)
            return init_parameters_data(self)

    net = Guarded()
    path = tmp_path / "net.ckpt"
    with pytest.raises(UninitializedParameterError) as caught:
        ms.save_checkpoint(net, str(path))
    assert str(caught.value) == (
        "3 parameter(s) of Guarded are declared and have no values to save: gain, layers.{0..1}.weight. "
        "Load a checkpoint that has them (`lazycell.load_checkpoint(path, net)`), or call "
        "`lazycell.init_parameters_data(net)` to initialize them, and save then"
    )
    assert not path.exists()
    assert len(uninitialized(net)) == 3
    net.init_parameters_data()
    ms.save_checkpoint(net, str(path))
    assert sorted(ms.load_checkpoint(str(path))) == ["gain", "layers.0.weight", "layers.1.weight"]


# -------------------------------------------------------------------------------------- buffers and undeclare


def test_computed_buffers_live_with_their_cell() -> None:
    """Not a parameter, not in the state dict; converted, copied and computed with the rest."""
    import copy

    net = Net()
    assert [p.name for p in net.get_parameters()] == ["gain", "layers.0.weight", "layers.1.weight"]
    assert "layers.0.table" not in net.state_dict()
    convert(net, ms.float32)
    twin = copy.deepcopy(net)
    init_parameters_data(twin)
    assert is_declared(net.layers[0].table)
    assert net.layers[0].table.dtype == ms.float32
    assert twin.layers[0].table.dtype == ms.float32
    assert twin.layers[0].table.asnumpy().tolist() == [0, 1, 2]
    net.load_state_dict(twin.state_dict())
    init_parameters_data(net)
    assert np.allclose(net(x()).asnumpy(), twin(x()).asnumpy())
    assert np.allclose(ms.jit(net)(x()).asnumpy(), twin(x()).asnumpy())


@pytest.mark.parametrize(
    "read", [lambda table: table + 1, lambda table: table.asnumpy() + 1, lambda table: ops.stack([*table]) + 1]
)
def test_computed_buffers_are_computed_at_their_first_read(read: Callable[[Any], Any]) -> None:
    """No checkpoint has other values, so nothing is there to wait for."""
    net = Net()
    assert read(net.layers[0].table).tolist() == [1, 2, 3]
    assert not is_declared(net.layers[0].table)
    assert is_declared(net.layers[1].table)
    assert len(uninitialized(net)) == 3


def test_buffers_that_are_drawn_are_not_drawn_by_reading() -> None:
    """Their stream has the name that they have in a net; nothing turns random silently."""
    table = declare_buffer(Normal(), (3,), ms.float32)
    with pytest.raises(UninitializedParameterError, match="a buffer"):
        table + 1


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (lambda weight: weight.zero_(), 0),
        (lambda weight: weight.fill_(2.5), 2.5),
        (lambda weight: weight.data.fill_(Tensor(3.0)), 3),
        (lambda weight: weight.__setitem__(..., 4), 4),
        (lambda weight: weight.__setitem__((slice(None), slice(None)), -1.5), -1.5),
    ],
)
def test_a_number_fills_what_is_declared(write: Callable[[Any], Any], expected: float) -> None:
    """All of it is written, so none of it has to be there; and it is declared as before, should it be given up."""
    net = Net()
    init_parameters_data(net, 3)
    before = values(net)
    undeclare(net)
    weight = net.layers[0].weight
    write(weight)
    assert (weight.asnumpy() == expected).all()
    assert uninitialized(net) == ["gain", "layers.1.weight"]
    undeclare(net)
    init_parameters_data(net, 3)
    assert values(net) == before


@pytest.mark.parametrize(
    ("method", "second", "mean", "deviation"), [("normal_", 2, 100, 2), ("uniform_", 101, 100.5, 12**-0.5)]
)
def test_a_draw_fills_what_is_declared(method: str, second: float, mean: float, deviation: float) -> None:
    """From the stream of the parameter where MindSpore has no such operator, as on a CPU; the record says by what."""
    weights = [declare(Normal(0.5), (30, 30), ms.float32, name="weight") for _ in range(2)]
    for weight in weights:
        ms.set_seed(5)
        getattr(weight, method)(100, second)
    drawn = weights[0].asnumpy()
    assert abs(drawn.mean() - mean) < 0.2
    assert drawn.std() == pytest.approx(deviation, rel=0.1)
    assert (drawn == weights[1].asnumpy()).all()


def test_what_fails_to_fill_leaves_it_declared() -> None:
    """A part needs the rest, and a CPU has none of the other draws."""
    weight = Net().layers[0].weight
    with pytest.raises(UninitializedParameterError):
        weight[0] = 1
    with pytest.raises(RuntimeError):
        weight.exponential_()
    with pytest.raises(UninitializedParameterError):
        weight.add_(1)
    assert is_declared(weight)
    init_parameters_data(weights := Net(), 3)
    assert weights.layers[0].weight.asnumpy().std() > 0


def test_undeclare_gives_up_values_and_memory() -> None:
    """What was declared once is declared again; what was never, keeps its values."""
    net = Net()
    net.insert_child_to_cell("plain", nn.Dense(2, 2))
    init_parameters_data(net, 3)
    before = values(net)
    undeclare(net.layers[0], recurse=False)
    assert uninitialized(net) == ["layers.0.weight"]
    undeclare(net)
    assert uninitialized(net) == ["gain", "layers.0.weight", "layers.1.weight"]
    init_parameters_data(net, 3)
    assert values(net) == before


def test_undeclare_frees_memory() -> None:
    """The storage goes with the values."""
    import gc
    import resource

    def resident() -> int:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    net = nn.Cell()
    net.insert_param_to_cell("w", declare(Constant(1.0), (64, 1024, 1024), ms.float32, name="w"))
    init_parameters_data(net)
    full = resident()
    undeclare(net)
    gc.collect()
    assert full - resident() > 200 * 2**20


def test_mixed_nets() -> None:
    """Strict, deferred and eager parameters below one plain cell."""
    with no_init_parameters():
        deferred = nn.Dense(3, 3)
    net = nn.SequentialCell(Layer(), deferred, nn.Dense(3, 3))
    assert len(uninitialized(net)) == 3
    with no_init_parameters():
        late = Parameter(initializer("ones", (3,), ms.float32), name="late")
    net.insert_param_to_cell("late", late)
    init_parameters_data(net)
    assert uninitialized(net) == []
    assert net(x()).shape == (1, 3)


@pytest.mark.parametrize("function", [status, uninitialized, init_parameters_data], ids=lambda each: each.__name__)
@pytest.mark.parametrize(
    ("given", "told"), [(3, "3"), (Layer, "the class Layer: build it first"), (None, "None")], ids=str
)
def test_what_is_no_cell_is_refused_by_name(function: Callable[..., Any], given: object, told: str) -> None:
    with pytest.raises(TypeError) as caught:
        function(given)
    assert str(caught.value) == f"{function.__name__}() takes a cell, not {told}"
