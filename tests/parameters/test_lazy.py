"""Building without values: contexts, decorators, threads and tasks, and how plain cells live with it."""

from __future__ import annotations

import asyncio
import copy
import functools
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, load_checkpoint, nn, ops
from mindspore.common.initializer import initializer
from mindspore.experimental import optim as experimental
from mindspore.nn.utils import no_init_parameters as no_mindspore_values

import lazycell
from lazycell._errors import UninitializedParameterError
from lazycell.parameters._declared import DeferredParameter, UninitializedParameter
from lazycell.parameters._lazy import building, lazy, no_init_parameters
from lazycell.parameters._lifecycle import uninitialized
from lazycell.parameters._without_values import is_declared
from tests.versions import HAS_CELL_TO, convert


class Net(nn.Cell):  # type: ignore[misc]
    """Two layers; the parent also reads its child's weight."""

    def __init__(self, hidden: int = 4) -> None:
        super().__init__()
        self.first = nn.Dense(3, hidden)
        self.second = nn.Dense(hidden, 2)
        self.gain = Parameter(initializer("normal", (2,), ms.float32))

    def construct(self, x: Any) -> Any:
        """Run."""
        return self.second(ops.relu(self.first(x))) * self.gain + self.second.weight.sum()


def x_of(rows: int = 2) -> Tensor:
    return Tensor(np.linspace(-1, 1, 3 * rows, dtype=np.float32).reshape(rows, 3))


def lazy_net() -> Net:
    with no_init_parameters():
        return Net()


def eager_net(seed: int = 3) -> Net:
    ms.set_seed(seed)
    return Net()


def values(net: nn.Cell) -> dict[str, Any]:
    return {name: p.asnumpy().tolist() for name, p in net.parameters_and_names()}


def checkpoint(net: nn.Cell, tmp_path: Path) -> str:
    path = str(tmp_path / "net.ckpt")
    ms.save_checkpoint(net, path)
    return path


def is_lazy() -> bool:
    return is_declared(Parameter(initializer("ones", (2,), ms.float32)))


# ------------------------------------------------------------------------------------------- MindSpore's own example


def test_mindspores_documented_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example in the docstring of MindSpore's no_init_parameters, word for word but for the import."""
    monkeypatch.chdir(tmp_path)
    # fmt: off
    # isort: off
    import mindspore as ms
    from mindspore import nn, ops, load_checkpoint
    from mindspore.common.initializer import initializer

    from lazycell.parameters._lazy import no_init_parameters
    # 1. Add a context manager to the network that requires delayed initialization
    class Net(nn.Cell):
        def __init__(self, in_channels, out_channels):
            super().__init__()
            self.weight = ms.Parameter(initializer("normal", [in_channels, out_channels], ms.float32))
            self.bias = ms.Parameter(initializer("normal", [out_channels], ms.float32))
            self.matmul = ops.MatMul()
            self.add = ops.Add()

        def construct(self, x):
            x = self.matmul(x, self.weight)
            x = self.add(x, self.bias)
            return x
    trained = Net(28*28, 64)
    (tmp_path / "checkpoint").mkdir()
    ms.save_checkpoint(trained, "./checkpoint/test_net.ckpt")
    with no_init_parameters():
        # After instantiation, all parameters in the net are not initialized
        net = Net(28*28, 64)
    assert all(p.has_init for p in net.get_parameters())
    # 2. Load checkpoint parameters to the net
    load_checkpoint('./checkpoint/test_net.ckpt', net=net)
    # 3. After loading the checkpoint, manually call init_parameters_data() to initialize
    #    the uninitialized parameters in the net if needed. If the network is executed,
    #    the framework will automatically call this interface.
    net.init_parameters_data()
    # isort: on
    # fmt: on
    assert values(net) == values(trained)


# ------------------------------------------------------------------------------------------------ contexts and threads


def test_the_context_is_over_when_it_ends() -> None:
    """Nested, reused, and left by an exception."""
    assert not is_lazy()
    context = no_init_parameters()
    with context:
        assert is_lazy()
        with no_init_parameters(), context:
            assert is_lazy()
        assert is_lazy()
        with pytest.raises(ZeroDivisionError), no_init_parameters():
            raise ZeroDivisionError
        assert is_lazy()
    assert not is_lazy()


def test_parameters_from_tensors_have_their_values() -> None:
    """A user's: only `initializer` can be skipped, as MindSpore documents. RNN layers of MindSpore's make theirs so."""
    with no_init_parameters():
        assert not Parameter(Tensor([1.0])).has_init
        assert not Parameter(np.ones(2, np.float32)).has_init
        lstm = nn.LSTM(3, 4)
    assert len(uninitialized(lstm)) == 4
    assert lstm(Tensor(np.ones((1, 2, 3), np.float32)))[0].shape == (1, 2, 4)


@pytest.mark.parametrize("made", ["from a tensor", "with an initializer"])
def test_a_parameter_is_noted_down_as_mindspore_does(made: str) -> None:
    """It is made in less time, and has the attributes that MindSpore gives it all the same."""
    start = Tensor([1.0, 2.0]) if made == "from a tensor" else initializer("normal", (2,), ms.float32)
    with no_mindspore_values():
        theirs = Parameter(start, "w", False)
    with no_init_parameters():
        ours = Parameter(start, "w", False)
    own = {"_param_info", "load", "init_mode", "_initializer", "_declared_dtype", "_draw", "_resizable"}
    noted = [{name: each for name, each in made.__dict__.items() if name not in own} for made in (theirs, ours)]
    assert noted[0] == noted[1]
    assert noted[0]["is_default_input_init"] == (made != "from a tensor")
    facts = [name for name in dir(theirs.param_info) if name[0] != "_" and name not in {"obj", "key", "clone"}]
    assert facts
    for name in facts:
        found = [getattr(made.param_info, name, None) for made in (theirs, ours)]
        assert callable(found[0]) or found[0] == found[1], name
    assert ours.param_info.obj is ours


def test_inside_a_lazy_cell_everything_is_strict() -> None:
    """A child that is decorated with @lazy is strict there too; the outer context is as before afterwards."""
    with no_init_parameters():
        with building(), no_init_parameters():
            assert type(Parameter(initializer("ones", (2,), ms.float32))) is UninitializedParameter
        assert type(Parameter(initializer("ones", (2,), ms.float32))) is DeferredParameter


def test_other_threads_are_eager() -> None:
    """A thread that starts, or runs, while another is in the context is not in it."""
    results: list[bool] = []
    inside, done = threading.Event(), threading.Event()

    def holder() -> None:
        with no_init_parameters():
            inside.set()
            done.wait(10)
            results.append(is_lazy())

    thread = threading.Thread(target=holder)
    thread.start()
    inside.wait(10)
    assert not is_lazy()
    with no_init_parameters():
        assert is_lazy()
    assert not is_lazy()
    with no_init_parameters():
        other = threading.Thread(target=lambda: results.append(is_lazy()))
        other.start()
        other.join()
    done.set()
    thread.join()
    assert results == [False, True]


def test_other_tasks_are_eager() -> None:
    """A task that runs while another is in the context, also one started inside it, is not in it."""

    async def inside(entered: asyncio.Event, leave: asyncio.Event) -> bool:
        with no_init_parameters():
            entered.set()
            await leave.wait()
            return is_lazy()

    async def probe() -> bool:
        return is_lazy()

    async def run() -> list[bool]:
        entered, leave = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(inside(entered, leave))
        await entered.wait()
        seen = [is_lazy(), await asyncio.create_task(probe())]
        with no_init_parameters():
            seen += [await probe(), await asyncio.create_task(probe()), await asyncio.to_thread(is_lazy), is_lazy()]
        leave.set()
        return [*seen, await task, is_lazy()]

    assert asyncio.run(run()) == [False, False, True, False, False, True, True, False]


# ------------------------------------------------------------------------------------------------------- decorators


def test_functions_and_methods_are_decorated() -> None:
    """With and without parentheses; name, doc and signature stay; results come through."""

    @no_init_parameters()
    def build(hidden: int) -> Net:
        """Build."""
        return Net(hidden)

    @no_init_parameters
    def bare() -> Net:
        return Net()

    class Factory:
        @no_init_parameters()
        def method(self) -> Net:
            return Net()

        @no_init_parameters
        @classmethod
        def of_class(cls) -> Net:
            return Net()

        @staticmethod
        @no_init_parameters
        def static() -> Net:
            return Net()

    assert build.__name__ == "build"
    assert build.__doc__ == "Build."
    for net in (build(5), bare(), Factory().method(), Factory.of_class(), Factory.static()):
        assert len(uninitialized(net)) == 5
    assert no_init_parameters(functools.partial(Net, 7))().first.weight.shape == (7, 3)
    assert not is_lazy()


def test_coroutine_functions_are_decorated() -> None:
    """The context is open while the body runs, not while the coroutine is made; interleaved bodies do not mix."""

    @no_init_parameters()
    async def build() -> list[bool]:
        seen = [is_lazy()]
        await asyncio.sleep(0)
        return [*seen, is_lazy()]

    async def eager() -> list[bool]:
        seen = [is_lazy()]
        await asyncio.sleep(0)
        return [*seen, is_lazy()]

    async def run() -> Any:
        coroutine = build()
        assert not is_lazy()
        return await asyncio.gather(coroutine, eager(), build())

    assert asyncio.run(run()) == [[True, True], [False, False], [True, True]]


def test_generator_functions_are_refused() -> None:
    """Their bodies interleave with the caller's."""

    def generate() -> Iterator[Net]:
        yield Net()

    async def generate_later() -> Any:
        yield Net()

    for function in (generate, generate_later):
        with pytest.raises(TypeError, match=r"cannot decorate .*generate.*, a generator function.*Write `with"):
            no_init_parameters(function)
        with pytest.raises(TypeError, match="generator"):
            no_init_parameters()(function)


def test_what_cannot_be_decorated_is_refused() -> None:
    """A net that exists already, for one; @lazy wants a class."""
    with pytest.raises(TypeError, match="was given 3"):
        no_init_parameters(3)  # type: ignore[type-var]
    with pytest.raises(TypeError, match="use @no_init_parameters"):
        lazy(lambda: None)  # type: ignore[type-var]


@pytest.mark.parametrize("decorator", [lazy, no_init_parameters, no_init_parameters()])
def test_classes_are_decorated(decorator: Any) -> None:
    """Every instance, of subclasses too, whose own constructors make parameters before and after super()."""

    @decorator
    class Base(nn.Cell):  # type: ignore[misc]
        def __init__(self, width: int) -> None:
            super().__init__()
            self.w = Parameter(initializer("normal", (width,), ms.float32))

    class Derived(Base):
        registered: Any = None

        def __init_subclass__(cls, **keywords: Any) -> None:
            super().__init_subclass__(**keywords)

        def __init__(self, width: int) -> None:
            early = Parameter(initializer("normal", (width,), ms.float32))
            super().__init__(width)
            self.early = early
            self.late = Parameter(initializer("normal", (width,), ms.float32))

    class Further(Derived):
        def __init__(self) -> None:
            super().__init__(3)
            self.last = Parameter(initializer("normal", (2,), ms.float32))

    assert uninitialized(Base(2)) == ["w"]
    assert sorted(uninitialized(Derived(2))) == ["early", "late", "w"]
    assert sorted(uninitialized(Further())) == ["early", "last", "late", "w"]
    assert isinstance(Base(2), Base)
    assert not is_lazy()


def test_lazy_keeps_the_hook_of_the_class() -> None:
    """A class with its own __init_subclass__ still has it called, with its keywords."""
    seen = []

    @lazy
    class Base(nn.Cell):  # type: ignore[misc]
        def __init_subclass__(cls, tag: str = "", **keywords: Any) -> None:
            super().__init_subclass__(**keywords)
            seen.append((cls.__name__, tag))

    class Derived(Base, tag="a"):
        def __init__(self) -> None:
            super().__init__()
            self.w = Parameter(initializer("normal", (2,), ms.float32))

    assert seen == [("Derived", "a")]
    assert uninitialized(Derived()) == ["w"]


# ------------------------------------------------------------------------------------------------- plain cells: running


def test_values_are_those_of_an_eager_build_with_a_seed_that_is_set_later() -> None:
    """`set_seed` right before init_parameters_data, after the build: as with MindSpore's own context."""
    ms.set_seed(3)
    eager = nn.SequentialCell(nn.Dense(3, 4), nn.Dense(4, 2))
    with no_init_parameters():
        net = nn.SequentialCell(nn.Dense(3, 4), nn.Dense(4, 2))
    ms.set_seed(3)
    net.init_parameters_data()
    assert values(net) == values(eager)


@pytest.mark.parametrize("run", ["call", "construct", "method", "jit", "jit of net", "jit of child", "graph"])
def test_running_initializes_what_is_left(run: str) -> None:
    """However it is run: MindSpore raises, late, or reads zeros in half of these."""
    net = lazy_net()
    net.second.weight.set_data(Tensor(np.ones((2, 4), np.float32)))
    x = x_of()
    if run == "call":
        result = net(x)
    elif run == "construct":
        result = net.construct(x)
    elif run == "method":
        result = Net.construct(net, x)
    elif run == "jit":
        result = ms.jit(running(net))(x)
    elif run == "jit of net":
        result = ms.jit(net)(x)
    elif run == "jit of child":
        child = net.first
        result = ms.jit(running(child))(x)
        assert np.allclose(result.asnumpy(), child(x).asnumpy(), atol=1e-6)
        assert np.abs(result.asnumpy()).sum() > 0
        return
    else:
        ms.set_context(mode=ms.GRAPH_MODE)
        result = net(x)
        ms.set_context(mode=ms.PYNATIVE_MODE)
    assert uninitialized(net) == []
    assert (net.second.weight.asnumpy() == 1).all()
    assert np.abs(net.first.weight.asnumpy()).sum() > 0
    expected = _copied(net)(x)
    assert np.allclose(result.asnumpy(), expected.asnumpy(), atol=1e-5)


def running(net: Any) -> Any:
    def run(x: Any) -> Any:
        return net(x)

    return run


def _copied(net: Net) -> Net:
    eager = Net()
    for p, q in zip(eager.get_parameters(), net.get_parameters(), strict=True):
        p.set_data(Tensor(q.asnumpy()))
    return eager


@pytest.mark.parametrize("mode", [ms.PYNATIVE_MODE, ms.GRAPH_MODE])
def test_a_compiled_graph_sees_a_later_load(mode: int, tmp_path: Path) -> None:
    """Load after jit, and after a run in graph mode."""
    path = checkpoint(eager_net(), tmp_path)
    expected = eager_net()
    result = expected(x_of())
    net = lazy_net()
    pairs = list(zip(net.get_parameters(), expected.get_parameters(), strict=True))
    ms.set_context(mode=mode)
    run = ms.jit(running(net)) if mode == ms.PYNATIVE_MODE else net
    assert run(x_of()).asnumpy().tolist() != result.asnumpy().tolist()
    for load in (
        lambda: load_checkpoint(path, net=net),
        lambda: net.load_state_dict(load_checkpoint(path)),
        lambda: [p.set_data(Tensor(q.asnumpy())) for p, q in pairs],
        lambda: [setattr(p, "data", q) for p, q in pairs],
    ):
        net.first.weight.set_data(Tensor(np.zeros((4, 3), np.float32)))
        assert not np.allclose(run(x_of()).asnumpy(), result.asnumpy())
        load()
        assert np.allclose(run(x_of()).asnumpy(), result.asnumpy(), atol=1e-5)


def test_jit_before_load_reads_the_loaded_values(tmp_path: Path) -> None:
    """The graph is defined before the load, compiled after it."""
    path = checkpoint(eager_net(), tmp_path)
    net = lazy_net()
    run = ms.jit(running(net))
    load_checkpoint(path, net=net)
    assert np.allclose(run(x_of()).asnumpy(), eager_net()(x_of()).asnumpy(), atol=1e-5)


# -------------------------------------------------------------------------------------------- plain cells: loading

_LOADS: dict[str, Any] = {
    "load_checkpoint": lambda net, path: load_checkpoint(path, net=net),
    "load_param_into_net": lambda net, path: ms.load_param_into_net(net, load_checkpoint(path)),
    "load_state_dict": lambda net, path: net.load_state_dict(load_checkpoint(path)),
    "state_dict of a net": lambda net, path: net.load_state_dict(eager_net().state_dict()),
}


@pytest.mark.parametrize("context", [no_init_parameters, building])
@pytest.mark.parametrize("way", _LOADS)
def test_loaded_values_stay(way: str, context: Any, tmp_path: Path) -> None:
    """MindSpore's load_state_dict into a deferred net was re-randomised by the next read or run."""
    expected = eager_net()
    path = checkpoint(expected, tmp_path)
    with context():
        net = Net()
    _LOADS[way](net, path)
    assert uninitialized(net) == []
    result = net(x_of())
    assert values(net) == values(expected)
    assert result.asnumpy().tolist() == expected(x_of()).asnumpy().tolist()


@pytest.mark.parametrize("context", [no_init_parameters, building])
def test_two_nets_from_one_dict_do_not_train_each_other(context: Any, tmp_path: Path) -> None:
    """MindSpore shares the dict's storage with both."""
    path = checkpoint(eager_net(), tmp_path)
    with context():
        first, second = Net(), Net()
    loaded = load_checkpoint(path)
    for net in (first, second):
        ms.load_param_into_net(net, loaded)
    _train(first, nn.SGD(first.trainable_params(), 0.1))
    assert values(second) == values(eager_net()) != values(first)
    assert {name: p.asnumpy().tolist() for name, p in loaded.items()} == values(second)


def test_state_dict_of_a_deferred_net_loads_elsewhere() -> None:
    """Its values are drawn, once, for both."""
    source, target = lazy_net(), lazy_net()
    target.load_state_dict(source.state_dict())
    assert values(source) == values(target)
    assert uninitialized(source) == uninitialized(target) == []


@pytest.mark.parametrize("context", [no_init_parameters, building])
def test_a_partial_load_then_a_run(context: Any, tmp_path: Path) -> None:
    """What was loaded stays, what was not is initialized."""
    path = str(tmp_path / "part.ckpt")
    ms.save_checkpoint({"first.weight": eager_net().first.weight}, path)
    with context():
        net = Net()
    load_checkpoint(path, net=net)
    assert uninitialized(net) == ["gain", "first.bias", "second.weight", "second.bias"]
    net.init_parameters_data()
    net(x_of())
    assert net.first.weight.asnumpy().tolist() == eager_net().first.weight.asnumpy().tolist()


# ------------------------------------------------------------------------------------------- plain cells: conversion


@pytest.mark.parametrize("context", [no_init_parameters, building])
@pytest.mark.parametrize("wrap", [False, True])
def test_to_before_a_load(context: Any, wrap: bool, tmp_path: Path) -> None:
    """`.to(fp16)`, also twice and under a plain parent, then load: MindSpore crashes (rc -11)."""
    path = checkpoint(eager_net(), tmp_path)
    with context():
        net = Net()
    root = nn.SequentialCell(nn.ReLU()) if wrap else net
    if wrap:
        root.insert_child_to_cell("net", net)
    convert(root, ms.float16)
    convert(root, ms.float16)
    assert {p.dtype for p in net.get_parameters()} == {ms.float16}
    assert len(uninitialized(net)) == 5
    load_checkpoint(path, net=net)
    assert uninitialized(net) == []
    expected = convert(eager_net(), ms.float16)
    assert values(net) == values(expected)
    convert(net, ms.float32)
    assert net.gain.dtype == ms.float32
    assert np.allclose(net.gain.asnumpy(), expected.gain.asnumpy())


@pytest.mark.parametrize("context", [no_init_parameters, building])
def test_to_before_initialisation_equals_to_after(context: Any) -> None:
    """The values are drawn as declared and rounded then."""
    ms.set_seed(3)
    with context():
        net, other = Net(), Net()
    convert(net, ms.bfloat16)
    ms.set_seed(3)
    net.init_parameters_data()
    ms.set_seed(3)
    other.init_parameters_data()
    convert(other, ms.bfloat16)
    assert [p.float().asnumpy().tolist() for p in net.get_parameters()] == [
        p.float().asnumpy().tolist() for p in other.get_parameters()
    ]


@pytest.mark.parametrize("context", [no_init_parameters, building])
def test_to_empty_keeps_the_initializers(context: Any) -> None:
    """MindSpore fails on it before the load (null pointer)."""
    with context():
        net = Net()
    if not HAS_CELL_TO:
        assert not hasattr(net, "to_empty")  # of plain cells
        return
    net.to_empty()
    assert len(uninitialized(net)) == 5
    net.init_parameters_data()
    assert np.abs(net.gain.asnumpy()).sum() > 0


def test_to_float_and_mixed_precision() -> None:
    """Neither reads values."""
    for change in (
        lambda net: net.to_float(ms.float16),
        lambda net: ms.amp.auto_mixed_precision(net, "O2"),
        lambda net: ms.amp.auto_mixed_precision(net, "O3"),
    ):
        net = change(lazy_net())
        assert len(uninitialized(net)) == 5
        assert net(x_of()).shape == (2, 2)
        assert uninitialized(net) == []


# --------------------------------------------------------------------------------------------- plain cells: training

_OPTIMIZERS: dict[str, Any] = {
    "SGD": lambda parameters: nn.SGD(parameters, 0.1),
    "Momentum": lambda parameters: nn.Momentum(parameters, 0.1, 0.9),
    "Adam": lambda parameters: nn.Adam(parameters, 0.1),
    "AdamWeightDecay": lambda parameters: nn.AdamWeightDecay(parameters, 0.1),
    "RMSProp": lambda parameters: nn.RMSProp(parameters, 0.01),
    "Adagrad": lambda parameters: nn.Adagrad(parameters, learning_rate=0.1),
}


def _train(net: nn.Cell, optimizer: nn.Cell, steps: int = 3) -> list[float]:
    target = Tensor(np.ones((2, 2), np.float32))

    def loss_of(x: Any) -> Any:
        return ((net(x) - target) ** 2).mean()

    step = ms.value_and_grad(loss_of, None, net.trainable_params())
    losses = []
    for _ in range(steps):
        loss, gradients = step(x_of())
        optimizer(gradients)
        losses.append(float(loss.asnumpy()))
    return losses


@pytest.mark.parametrize("context", [no_init_parameters, building])
@pytest.mark.parametrize("optimizer", _OPTIMIZERS)
def test_an_optimizer_made_before_loading_trains_as_eagerly(optimizer: str, context: Any, tmp_path: Path) -> None:
    """Three steps give the same losses and weights: MindSpore raises "init can't be None"."""
    eager = eager_net()
    path = checkpoint(eager, tmp_path)
    with context():
        net = Net()
    made = _OPTIMIZERS[optimizer](net.trainable_params())
    load_checkpoint(path, net=net)
    assert _train(net, made) == _train(eager, _OPTIMIZERS[optimizer](eager.trainable_params()))
    assert values(net) == values(eager)


_EVERY_OPTIMIZER: dict[str, Any] = {
    **{
        f"nn.{kind.__name__}": kind
        for kind in (
            *(nn.SGD, nn.Adam, nn.AdamWeightDecay, nn.LazyAdam, nn.AdamOffload, nn.AdaMax, nn.Adagrad, nn.Adadelta),
            *(nn.RMSProp, nn.Rprop, nn.ASGD, nn.FTRL, nn.ProximalAdagrad),
        )
    },
    "nn.Momentum": lambda parameters: nn.Momentum(parameters, 0.1, 0.9),
    "nn.AdaFactor": lambda parameters: nn.AdaFactor(parameters, learning_rate=None),
    **{
        f"experimental.{kind.__name__}": kind
        for kind in vars(experimental).values()
        if isinstance(kind, type) and kind is not experimental.Optimizer
    },
    "experimental.SGD": lambda parameters: experimental.SGD(parameters, 0.1, momentum=0.9),
}
_NOT_ON_THE_CPU = {"nn.Lamb", "nn.LARS"}  # "Kernel select failed", eagerly too
_WRAPPERS = {"nn.Optimizer", "nn.OptTFTWrapper"}  # the base, and one around another


def test_every_optimizer_of_mindspore_is_among_those_that_are_compared() -> None:
    """One that MindSpore adds has to be added here."""
    kinds = (kind for kind in vars(nn).values() if isinstance(kind, type) and issubclass(kind, nn.Optimizer))
    names = {f"nn.{kind.__name__}" for kind in kinds}
    assert names == {name for name in _EVERY_OPTIMIZER if name.startswith("nn.")} | _NOT_ON_THE_CPU | _WRAPPERS
    assert len(_EVERY_OPTIMIZER) == len(names) - 4 + 11


@pytest.mark.parametrize(
    ("optimizer", "mode"),  # those of `nn` compile themselves in either mode
    [*((name, ms.PYNATIVE_MODE) for name in _EVERY_OPTIMIZER), ("nn.Rprop", ms.GRAPH_MODE), ("nn.Adam", ms.GRAPH_MODE)],
)
def test_an_optimizer_built_in_the_context_trains_as_eagerly(optimizer: str, mode: int, tmp_path: Path) -> None:
    """Its own parameters are deferred too: the same losses and weights, bit for bit, in six steps."""
    eager = eager_net()
    path = checkpoint(eager, tmp_path)
    with no_init_parameters():
        net = Net()
        made = _EVERY_OPTIMIZER[optimizer](net.trainable_params())
    load_checkpoint(path, net=net)
    expected = _EVERY_OPTIMIZER[optimizer](eager.trainable_params())
    assert any(map(is_declared, made.get_parameters()))
    ms.set_context(mode=mode)
    losses = _train(net, made, steps=6)
    assert losses == _train(eager, expected, steps=6)
    assert len(set(losses)) == 6
    assert values(net) == values(eager)


@pytest.mark.parametrize("context", [no_init_parameters, building])
@pytest.mark.parametrize("optimizer", [*_OPTIMIZERS, "experimental.AdamW"])
def test_an_optimizer_made_for_a_net_without_values_has_none_either(
    optimizer: str, context: Any, tmp_path: Path
) -> None:
    """Made outside the context: its moments wait, are saved as they begin, and the training is an eager one's."""
    eager = eager_net()
    path = checkpoint(eager, tmp_path)
    with context():
        net = Net()
    made = _EVERY_OPTIMIZER.get(optimizer, _OPTIMIZERS.get(optimizer))(net.trainable_params())
    expected = _EVERY_OPTIMIZER.get(optimizer, _OPTIMIZERS.get(optimizer))(eager.trainable_params())
    moments = [each for each in made.get_parameters() if len(each.shape) == 2]
    assert moments
    assert all(map(is_declared, moments))
    load_checkpoint(path, net=net)
    lazycell.save_checkpoint(made, tmp_path / "optimizer.ckpt")
    saved = ms.load_checkpoint(str(tmp_path / "optimizer.ckpt"))
    assert {each.name: each.asnumpy().tolist() for each in expected.get_parameters()} == {
        name: each.asnumpy().tolist() for name, each in saved.items()
    }
    assert _train(net, made) == _train(eager, expected)
    assert values(net) == values(eager)
    assert values(made) == values(expected)


@pytest.mark.parametrize("context", [no_init_parameters, building])
@pytest.mark.parametrize("mode", [ms.PYNATIVE_MODE, ms.GRAPH_MODE])
def test_training_from_a_lazy_start(mode: int, context: Any) -> None:
    """Three TrainOneStepCell steps of a net that nobody initialized equal those of an eager net with its values."""
    ms.set_seed(4)
    with context():
        net = Net()
    ms.set_context(mode=mode)
    target = Tensor(np.ones((2, 2), np.float32))
    train = nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), nn.Adam(net.trainable_params(), 0.1))
    ms.set_seed(4)
    train.init_parameters_data()
    eager = _copied(net)
    losses = [float(train(x_of(), target).asnumpy()) for _ in range(3)]
    again = nn.TrainOneStepCell(nn.WithLossCell(eager, nn.MSELoss()), nn.Adam(eager.trainable_params(), 0.1))
    assert losses == [float(again(x_of(), target).asnumpy()) for _ in range(3)]
    assert losses[2] < losses[0]
    assert values(net) == values(eager)


@pytest.mark.parametrize("mode", [ms.PYNATIVE_MODE, ms.GRAPH_MODE])
def test_training_with_nobody_initializing(mode: int) -> None:
    """The first step does it, wherever the first read happens to be."""
    ms.set_seed(3)
    net = lazy_net()
    ms.set_context(mode=mode)
    target = Tensor(np.ones((2, 2), np.float32))
    train = nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), nn.Adam(net.trainable_params(), 0.1))
    losses = [float(train(x_of(), target).asnumpy()) for _ in range(3)]
    assert losses[2] < losses[0]
    assert uninitialized(net) == []


def test_network_and_optimizer_built_in_the_context(tmp_path: Path) -> None:
    """As mindformers does: both deferred, then load, then init_parameters_data."""
    eager = eager_net()
    trained = nn.Adam(eager.trainable_params(), 0.1)
    _train(eager, trained, 2)
    both = nn.CellList([eager, trained])
    path = str(tmp_path / "both.ckpt")
    ms.save_checkpoint({p.name: p for p in both.get_parameters()}, path)
    with no_init_parameters():
        net = Net()
        optimizer = nn.Adam(net.trainable_params(), 0.1)
    moments = [p for p in optimizer.get_parameters() if p.name.startswith("moment")]
    assert moments
    assert all(p.has_init for p in moments)
    renamed = {name.split(".", 1)[1]: p for name, p in load_checkpoint(path).items()}
    ms.load_param_into_net(net, renamed)
    ms.load_param_into_net(optimizer, renamed)
    net.init_parameters_data()
    optimizer.init_parameters_data()
    assert not any(p.has_init for p in [*net.get_parameters(), *optimizer.get_parameters()])
    assert _train(net, optimizer, 2) == _train(eager, trained, 2)


# ------------------------------------------------------------------------------------------- plain cells: call sites


def test_a_wrapped_factory() -> None:
    """As vllm-mindspore does."""

    def make(build: Any, *args: Any, **kwargs: Any) -> Any:
        with no_init_parameters():
            return build(*args, **kwargs)

    assert len(uninitialized(make(Net, hidden=5))) == 5


def test_layers_of_a_live_net_are_replaced(tmp_path: Path) -> None:
    """As golden-stick does: new layers inside the context, then update_parameters_name."""
    net = eager_net()
    path = checkpoint(net, tmp_path)
    with no_init_parameters():
        layer = nn.Dense(4, 2)
    del net.second
    net.insert_child_to_cell("second", layer)
    net.update_parameters_name("root.")
    assert uninitialized(net) == ["second.weight", "second.bias"]  # paths
    loaded = {f"root.{name}": p for name, p in load_checkpoint(path).items()}
    ms.load_param_into_net(net, loaded)
    assert net(x_of()).asnumpy().tolist() == eager_net()(x_of()).asnumpy().tolist()


@pytest.mark.parametrize("context", [no_init_parameters, building])
def test_copies_of_nets(context: Any, tmp_path: Path) -> None:
    """A deep copy of a net without values has none; it fills by itself."""
    path = checkpoint(eager_net(), tmp_path)
    with context():
        net = Net()
    twin = copy.deepcopy(net)
    assert len(uninitialized(twin)) == 5
    load_checkpoint(path, net=twin)
    assert len(uninitialized(net)) == 5
    assert values(twin) == values(eager_net())
    assert values(copy.deepcopy(twin)) == values(twin)
    with context():
        again = copy.deepcopy(twin)
    assert values(again) == values(twin)


class Affine(nn.Cell):  # type: ignore[misc]
    """A cell that can be pickled (those of MindSpore that hold a Reshape cannot)."""

    def __init__(self) -> None:
        super().__init__()
        self.w = Parameter(initializer("normal", (64, 64), ms.float32))

    def construct(self, x: Any) -> Any:
        """Run."""
        return x @ self.w


@pytest.mark.parametrize("context", [no_init_parameters, building])
def test_pickled_nets_stay_without_values(context: Any) -> None:
    """MindSpore initializes the copy. One with values keeps them."""
    with context():
        net = Affine()
    twin = pickle.loads(pickle.dumps(net))
    assert uninitialized(twin) == uninitialized(net) == ["w"]
    assert len(pickle.dumps(net)) < 4096
    twin.init_parameters_data()
    again = pickle.loads(pickle.dumps(twin))
    assert uninitialized(again) == []
    assert values(again) == values(twin)


@pytest.mark.parametrize("context", [no_init_parameters, building])
def test_export(context: Any, tmp_path: Path) -> None:
    """Exporting compiles, and compiling is executing."""
    with context():
        net = Net()
    ms.export(net, x_of(), file_name=str(tmp_path / "net"), file_format="MINDIR")
    assert uninitialized(net) == []
    loaded = nn.GraphCell(ms.load(str(tmp_path / "net.mindir")))
    assert np.allclose(loaded(x_of()).asnumpy(), net(x_of()).asnumpy(), atol=1e-5)


@pytest.mark.parametrize("context", [no_init_parameters, building])
def test_the_layers_of_mindspore_run(context: Any) -> None:
    """A SequentialCell of the common ones, built, moved, run."""
    with context():
        net = nn.SequentialCell(
            nn.Conv2d(1, 4, 3, has_bias=True),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.GroupNorm(2, 4),
            nn.PReLU(4),
            nn.Flatten(),
            nn.Dense(4 * 5 * 5, 6),
            nn.LayerNorm((6,)),
        )
        embedding = nn.Embedding(7, 3)
        attention = nn.MultiheadAttention(8, 2)
    assert len(uninitialized(net)) >= 10
    assert net(Tensor(np.ones((2, 1, 5, 5), np.float32))).shape == (2, 6)
    assert embedding(Tensor([1, 2], ms.int32)).shape == (2, 3)
    query = Tensor(np.ones((3, 2, 8), np.float32))
    if context is building:  # it reads the weight of a child that is not called: a LazyCell initializes all of itself
        with pytest.raises(UninitializedParameterError, match=r"'out_proj\.weight'"):
            attention(query, query, query)
        attention.init_parameters_data()
    assert attention(query, query, query)[0].shape == (3, 2, 8)
    for cell in (net, embedding, attention):
        assert uninitialized(cell) == []


def test_a_task_that_gets_the_id_of_one_that_is_gone_is_not_lazy() -> None:
    """Tasks inherit the context variable; the task that entered the context is told by itself, not by its id."""
    built: list[bool] = []

    async def enter_and_start() -> list[asyncio.Task[None]]:
        with no_init_parameters():
            return [asyncio.create_task(build()) for _ in range(50)]

    async def build() -> None:
        await asyncio.sleep(0)
        built.append(Net().first.weight.has_init)

    async def main() -> None:
        for _ in range(5):
            for task in await asyncio.create_task(enter_and_start()):
                await task

    asyncio.run(main())
    assert built == [False] * 250


def test_lazy_refuses_a_class_that_is_no_cell() -> None:
    """It would do nothing there."""
    with pytest.raises(TypeError, match="@lazy decorates a Cell class"):
        lazy(type("Plain", (), {}))
