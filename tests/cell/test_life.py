"""The life of the parameters of a LazyCell, on real MindSpore: what LANGUAGE promises of every route to their values."""

from __future__ import annotations

import copy
import pickle
import warnings

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn, ops

import lazycell
from lazycell import (
    InitializationError,
    LazyCell,
    Param,
    UninitializedParameterError,
    UninitializedWarning,
    buffer,
    child,
    children,
    tie,
    when,
)
from tests.versions import convert


class Linear(LazyCell):
    in_features: int
    out_features: int
    use_bias: bool = True

    weight: Param["he_uniform", (out_features, in_features)]
    bias: Param["normal", (out_features,)] = when(use_bias)

    def construct(self, x):
        return ops.dense(x, self.weight, self.bias)


class MLP(LazyCell):
    n_layers: int = 2
    width: int = 4

    layers: list[Linear] = children(n_layers, Linear, width, width)
    head: nn.Dense = child(nn.Dense, width, 3)

    def construct(self, x):
        for layer in self.layers:
            x = ops.relu(layer(x))
        return self.head(x)


class ReadsItsChild(LazyCell):
    width: int = 4
    inner: Linear = child(Linear, width, width)

    def construct(self, x):
        return ops.matmul(x, self.inner.weight)


def batch(width: int = 4) -> Tensor:
    return Tensor(np.arange(2 * width, dtype=np.float32).reshape(2, width) / 7)


def values(net: nn.Cell) -> dict[str, np.ndarray]:
    return {name: parameter.asnumpy().copy() for name, parameter in net.parameters_and_names()}


def initialized(seed: int = 7, **hyperparameters: int) -> MLP:
    net = MLP(**hyperparameters)
    net.init_parameters_data(seed)
    return net


def assert_equal(left: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> None:
    assert left.keys() == right.keys()
    for name in left:
        np.testing.assert_array_equal(left[name], right[name], err_msg=name)


@pytest.fixture(autouse=True)
def _seeded():
    ms.set_seed(7)
    yield
    ms.set_context(mode=ms.PYNATIVE_MODE)


def save(net: nn.Cell, path) -> str:
    """Write a checkpoint with MindSpore's own writer."""
    ms.save_checkpoint(net, str(path), format="safetensors" if str(path).endswith("safetensors") else "ckpt")
    return str(path)


# --------------------------------------------------------------------------------------------------- without values


def test_everything_but_the_values_is_known_at_birth():
    """Name, shape, dtype, size and requires_grad of a declared parameter can be read, and it stays declared."""
    net = MLP(n_layers=1)
    weight = net.layers[0].weight
    assert (weight.name, tuple(weight.shape), weight.dtype) == ("layers.0.weight", (4, 4), ms.float32)
    assert (weight.size, weight.nbytes, weight.ndim, weight.requires_grad) == (16, 64, 2, True)
    assert "layers.0.weight" in repr(weight)
    assert lazycell.uninitialized(net) == ["layers.0.weight", "layers.0.bias", "head.weight", "head.bias"]
    assert lazycell.status(net)["head.bias"].state == "declared"


@pytest.mark.parametrize(
    "read",
    [
        lambda p: p.asnumpy(),
        lambda p: np.asarray(p),
        lambda p: p + 1,
        lambda p: 1 - p,
        lambda p: batch() + p[0],
        lambda p: ops.relu(p),
        lambda p: ops.dense(batch(), p),
        lambda p: ops.stop_gradient(p),
        lambda p: p.value(),
        lambda p: p[0],
        lambda p: p.sum(),
        lambda p: p.T,
        lambda p: p.tolist(),
        lambda p: list(p),
        lambda p: Tensor(p),
        lambda p: ops.stack((p, p)),
        lambda p: ops.concat((p, p)),
        lambda p: ms.mint.add(p, 1),
    ],
)
def test_every_way_to_read_values_that_are_not_there_is_an_error(read):
    """Reading the values of a declared parameter raises at once, names it, and leaves it declared."""
    net = MLP(n_layers=1)
    with pytest.raises(UninitializedParameterError, match=r"layers\.0\.weight"):
        read(net.layers[0].weight)
    assert len(lazycell.uninitialized(net)) == 4


@pytest.mark.parametrize("suffix", ["ckpt", "safetensors"])
def test_saving_what_has_no_values_is_an_error_and_writes_nothing(tmp_path, suffix):
    """A checkpoint of random numbers is never written silently."""
    net = MLP()
    path = tmp_path / f"net.{suffix}"
    with pytest.raises(UninitializedParameterError):
        save(net, path)
    assert not path.exists()
    assert len(lazycell.uninitialized(net)) == 6


# --------------------------------------------------------------------------------------------------------- execution


def run_jit_function(net, x):
    @ms.jit
    def run(x):
        return net(x)

    return run(x)


def run_graph(net, x):
    ms.set_context(mode=ms.GRAPH_MODE)
    try:
        return net(x)
    finally:
        ms.set_context(mode=ms.PYNATIVE_MODE)


RUNS = {
    "pynative": lambda net, x: net(x),
    "graph": run_graph,
    "jit_net": lambda net, x: ms.jit(net)(x),
    "jit_function": run_jit_function,
    "sequential": lambda net, x: nn.SequentialCell(net)(x),
}


@pytest.mark.parametrize("make", [MLP, ReadsItsChild])
@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS.keys())
def test_executing_initializes_and_computes_as_if_done_by_hand(make, run):
    """Every way to execute a net first initializes what has no values, a child's weight that the parent reads included."""
    by_hand = make()
    by_hand.init_parameters_data(7)  # the seed of the first net, whatever it is attached to
    expected = by_hand(batch()).asnumpy()
    net = make()
    np.testing.assert_allclose(run(net, batch()).asnumpy(), expected, rtol=1e-5, atol=1e-6)
    assert lazycell.uninitialized(net) == []


def test_a_child_that_is_called_directly_initializes_itself_alone():
    """Calling a sub-cell gives values to its parameters, not to its siblings'."""
    net = MLP()
    net.layers[0](batch())
    assert lazycell.uninitialized(net) == ["layers.1.weight", "layers.1.bias", "head.weight", "head.bias"]


def test_a_jit_function_that_closes_over_a_parameter():
    """A compiled function that uses a declared parameter computes with its values, not with zeros."""
    net = Linear(4, 4)

    @ms.jit
    def run(x):
        return ops.matmul(x, net.weight)

    result = run(batch()).asnumpy()
    np.testing.assert_allclose(result, batch().asnumpy() @ net.weight.asnumpy(), rtol=1e-5, atol=1e-6)


def test_a_graph_compiled_before_a_load_sees_it(tmp_path):
    """Loading after `ms.jit` has compiled changes what the compiled function computes."""
    path = save(initialized(1), tmp_path / "net.safetensors")
    net = MLP()
    run = ms.jit(net)
    before = run(batch()).asnumpy()
    net.load_checkpoint(path)
    after = run(batch()).asnumpy()
    np.testing.assert_allclose(after, initialized(1)(batch()).asnumpy(), rtol=1e-5, atol=1e-6)
    assert not np.allclose(before, after)


def test_a_graph_compiled_after_a_load_computes_with_what_was_loaded(tmp_path):
    """Compiling after a load uses the loaded values."""
    path = save(initialized(1), tmp_path / "net.safetensors")
    net = MLP()
    net.load_checkpoint(path)
    np.testing.assert_allclose(ms.jit(net)(batch()).asnumpy(), initialized(1)(batch()).asnumpy(), rtol=1e-5, atol=1e-6)


def test_running_a_net_that_a_checkpoint_filled_in_part_warns_once_and_lists_the_rest(tmp_path):
    """After a load with missing="init", execution warns of what was not in the checkpoint, once."""
    path = save(Linear_only_first(), tmp_path / "part.safetensors")
    net = MLP(n_layers=1)
    net.load_checkpoint(path, missing="init")
    with pytest.warns(UninitializedWarning, match=r"head\.weight") as caught:
        net(batch())
    assert len(caught) == 1
    assert "layers.0.weight" not in str(caught[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net(batch())


def test_calling_a_part_that_the_checkpoint_lacked_warns_too(tmp_path):
    """A sub-cell of which nothing was loaded knows that its net was."""
    net = MLP(n_layers=2)
    net.load_checkpoint(save(Linear_only_first(), tmp_path / "part.safetensors"), missing="init")
    with pytest.warns(UninitializedWarning, match=r"layers\.1\.weight"):
        net.layers[1](batch())


def test_what_was_given_up_is_not_taken_for_what_the_checkpoint_lacked(tmp_path):
    """After to_empty nothing is left of the load, and running does not warn."""
    net = MLP(n_layers=1)
    net.load_checkpoint(save(Linear_only_first(), tmp_path / "part.safetensors"), missing="init")
    net.init_parameters_data()
    net.to_empty()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net(batch())


def Linear_only_first() -> nn.Cell:
    class Part(LazyCell):
        layers: list[Linear] = children(1, Linear, 4, 4)

    net = Part()
    net.init_parameters_data(3)
    return net


def test_running_a_fresh_net_does_not_warn():
    """Where nothing was loaded, initializing is what everybody expects."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MLP()(batch())


# ----------------------------------------------------------------------------------------------------------- streams


def test_values_do_not_depend_on_the_path_that_made_them():
    """By hand, by a call, by a graph, attached to another cell, after a partial load: one seed, the same values."""
    expected = values(initialized(7))

    def partly_loaded(net: MLP) -> None:
        net.layers[0].weight.set_data(Tensor(expected["layers.0.weight"]))
        net.init_parameters_data()

    def attached(net: MLP) -> None:
        nn.SequentialCell(nn.SequentialCell(net))(batch())

    def one_by_one(net: MLP) -> None:
        for parameter in reversed(list(net.get_parameters())):
            parameter.init_data()

    for make in (lambda net: net(batch()), lambda net: run_graph(net, batch()), partly_loaded, attached, one_by_one):
        ms.set_seed(7)
        net = MLP()
        make(net)
        assert_equal({name.removeprefix("0.0."): each for name, each in values(net).items()}, expected)


def test_the_next_net_is_another_and_its_seed_repeats_it():
    """Since `set_seed`, each net that is initialized has a seed of its own, which `status` tells; names count from it."""
    nets = [MLP() for _ in range(4)]
    nets[0].init_parameters_data()
    nets[1](batch())
    for parameter in nets[2].get_parameters():
        parameter.init_data()
    nn.SequentialCell(nets[3])(batch())
    first, *others = [{each.origin.seed for each in lazycell.status(net).values()} for net in nets]
    assert first == {7}
    assert all(len(seeds) == 1 for seeds in others)
    assert len(set.union(first, *others)) == 4
    for net, (seed,) in zip(nets[1:], others, strict=True):
        assert_equal(values(initialized(seed)), {name.removeprefix("0."): each for name, each in values(net).items()})
    ms.set_seed(7)
    again = [MLP() for _ in range(2)]
    for net in again:
        net.init_parameters_data()
    assert [next(iter(lazycell.status(net).values())).origin.seed for net in again] == [7, *others[0]]


def test_a_part_counts_as_a_net():
    """Its names count from it: the same part of another net has the same values under the same seed."""
    net, alone = MLP(), MLP().layers[1]
    net.layers[1].init_parameters_data()
    net.init_parameters_data()
    seeds = [lazycell.status(net)[name].origin.seed for name in ("layers.1.weight", "layers.0.weight", "head.weight")]
    assert seeds[0] == 7
    assert seeds[1] == seeds[2] != 7
    alone.init_parameters_data(7)
    np.testing.assert_array_equal(alone.weight.asnumpy(), net.layers[1].weight.asnumpy())


def test_what_fails_or_has_nothing_to_draw_takes_no_seed():
    """A net that has its values, one whose initializer fails, and buffers that are read count for nothing."""
    net = initialized(1)
    net.init_parameters_data()

    class Failing(LazyCell):
        weight: Param[lambda shape, dtype: 1 / 0, (2,)]

    with pytest.raises(InitializationError):
        Failing().init_parameters_data()
    last = MLP()
    last.init_parameters_data()
    assert {each.origin.seed for each in lazycell.status(last).values()} == {7}


def test_every_parameter_has_a_stream_of_its_own():
    """Two parameters of one shape and one initializer differ, and so do two seeds."""
    net = initialized(7)
    assert not np.array_equal(net.layers[0].weight.asnumpy(), net.layers[1].weight.asnumpy())
    assert not np.array_equal(net.layers[0].weight.asnumpy(), initialized(8).layers[0].weight.asnumpy())


def test_initializing_leaves_the_global_generator_alone():
    """numpy's global random state is the same before and after."""
    np.random.seed(3)
    expected = np.random.rand(3)
    np.random.seed(3)
    MLP().init_parameters_data()
    np.testing.assert_array_equal(np.random.rand(3), expected)


# ----------------------------------------------------------------------------------- what else MindSpore does to nets


def test_a_deep_copy_of_a_declared_net_is_declared_and_gets_the_same_values():
    """copy.deepcopy neither initializes nor shares."""
    net = MLP()
    twin = copy.deepcopy(net)
    assert lazycell.uninitialized(twin) == lazycell.uninitialized(net) != []
    assert twin.layers[0].weight is not net.layers[0].weight
    net.init_parameters_data(5)
    assert lazycell.uninitialized(twin) != []
    twin.init_parameters_data(5)
    assert_equal(values(net), values(twin))


def test_a_pickle_of_a_declared_net_stays_declared_and_small():
    """pickle carries the declaration, not values."""
    net = Linear(4096, 4096)
    data = pickle.dumps(net)
    assert len(data) < 50_000
    twin = pickle.loads(data)
    assert lazycell.uninitialized(twin) == ["weight", "bias"]
    assert twin.weight.shape == (4096, 4096)


def test_a_pickle_and_a_copy_of_a_filled_net_keep_its_values():
    """pickle and deepcopy of a net with values give nets with the same values."""
    net = Linear(4, 4)  # MindSpore's own Dense cannot be pickled
    net.init_parameters_data()
    assert_equal(values(pickle.loads(pickle.dumps(net))), values(net))
    net = initialized()
    assert_equal(values(copy.deepcopy(net)), values(net))


def test_load_state_dict_fills_a_declared_net_for_good():
    """What load_state_dict gives is what a run computes with, and the source is not shared."""
    source = initialized(1)
    net = MLP()
    net.load_state_dict(source.state_dict())
    assert lazycell.uninitialized(net) == []
    net.init_parameters_data(9)
    assert_equal(values(net), values(source))
    ops.assign_add(net.head.bias, ops.ones_like(net.head.bias))
    assert not np.array_equal(net.head.bias.asnumpy(), source.head.bias.asnumpy())


def test_state_dict_of_a_declared_net_lists_every_parameter():
    """state_dict works without values, and gives the parameters themselves."""
    net = MLP(n_layers=1)
    assert list(net.state_dict()) == ["layers.0.weight", "layers.0.bias", "head.weight", "head.bias"]
    assert lazycell.uninitialized(net) != []


def test_two_nets_loaded_from_one_dict_do_not_train_each_other(tmp_path):
    """load_param_into_net copies into a LazyCell: the dict and the nets stay apart."""
    parameters = ms.load_checkpoint(save(initialized(1), tmp_path / "net.ckpt"))
    one, two = MLP(), MLP()
    ms.load_param_into_net(one, parameters)
    ms.load_param_into_net(two, parameters)
    ops.assign_add(one.head.bias, ops.ones_like(one.head.bias))
    np.testing.assert_array_equal(two.head.bias.asnumpy(), parameters["head.bias"].asnumpy())
    assert not np.array_equal(one.head.bias.asnumpy(), two.head.bias.asnumpy())


@pytest.mark.parametrize("suffix", ["ckpt", "safetensors"])
def test_mindspores_own_loader_fills_a_declared_net(tmp_path, suffix):
    """ms.load_checkpoint(path, net=net) loads a LazyCell, which remembers it."""
    path = save(initialized(1), tmp_path / f"net.{suffix}")
    net = MLP()
    ms.load_checkpoint(path, net=net, format=suffix)
    assert lazycell.uninitialized(net) == []
    assert lazycell.status(net)["head.weight"].state == "loaded"
    assert_equal(values(net), values(initialized(1)))


def test_casting_a_declared_net_keeps_it_declared():
    """`.to(dtype)`, twice, and then initializing gives the converted values."""
    net = MLP()
    convert(net, ms.float16)
    assert net.layers[0].weight.dtype == ms.float16
    assert net.head.weight.dtype == ms.float16
    convert(net, ms.float16)
    assert lazycell.uninitialized(net) != []
    net.init_parameters_data(7)
    for name, array in values(initialized(7)).items():
        np.testing.assert_array_equal(values(net)[name], array.astype(np.float16))


def test_casting_under_a_plain_parent_and_then_loading(tmp_path):
    """`.to` on a plain parent keeps the declared parameters declared; a load afterwards converts."""
    path = save(initialized(1), tmp_path / "net.safetensors")
    net = MLP()
    convert(nn.SequentialCell(net), ms.float16)
    for name, parameter in net.parameters_and_names():
        parameter.name = name
    report = net.load_checkpoint(path)
    assert len(report.cast) == 6
    for name, array in values(initialized(1)).items():
        np.testing.assert_array_equal(values(net)[name], array.astype(np.float16))


@pytest.mark.parametrize("run", [RUNS["pynative"], RUNS["graph"]])
def test_to_empty_gives_up_the_values_and_says_so(run):
    """After to_empty, parameters are declared again: no zeros, no random numbers, an error or an initializer."""
    net = initialized(7)
    run(net, batch())
    net.to_empty()
    assert len(lazycell.uninitialized(net)) == 6
    with pytest.raises(UninitializedParameterError):
        net.head.weight.asnumpy()
    run(net, batch())
    assert_equal(values(net), values(initialized(7)))


@pytest.mark.parametrize(
    "make",
    [
        lambda parameters: nn.Adam(parameters, learning_rate=0.01),
        lambda parameters: nn.SGD(parameters, learning_rate=0.1, momentum=0.9),
        lambda parameters: nn.Momentum(parameters, learning_rate=0.1, momentum=0.9),
        lambda parameters: nn.AdamWeightDecay(parameters, learning_rate=0.01),
        lambda parameters: nn.RMSProp(parameters, learning_rate=0.01),
        lambda parameters: nn.Adagrad(parameters, learning_rate=0.01),
    ],
    ids=["Adam", "SGD", "Momentum", "AdamWeightDecay", "RMSProp", "Adagrad"],
)
def test_three_steps_from_a_lazy_start_equal_three_from_an_eager_start(make):
    """An optimizer made before anything has values trains as one made after."""

    def losses(net):
        optimizer = make(net.trainable_params())
        loss = nn.MSELoss()
        step = nn.TrainOneStepCell(nn.WithLossCell(net, loss), optimizer)
        target = Tensor(np.ones((2, 3), np.float32))
        return [float(step(batch(), target).asnumpy()) for _ in range(3)]

    lazy = losses(MLP())
    assert lazy == losses(initialized(7))
    assert lazy[2] < lazy[0]


def test_an_optimizer_made_before_the_load_trains_what_was_loaded(tmp_path):
    """The optimizer's parameters are the very objects that the load fills."""
    path = save(initialized(1), tmp_path / "net.safetensors")
    net, expected = MLP(), initialized(1)

    def train(net, optimizer):
        grad = ms.value_and_grad(lambda x: net(x).sum(), None, net.trainable_params())
        for _ in range(2):
            _, gradients = grad(batch())
            optimizer(gradients)

    optimizer = nn.Adam(net.trainable_params(), learning_rate=0.01)
    net.load_checkpoint(path)
    train(net, optimizer)
    train(expected, nn.Adam(expected.trainable_params(), learning_rate=0.01))
    assert_equal(values(net), values(expected))


def test_a_wrong_shape_is_refused_and_changes_nothing():
    """set_data with another shape raises; MindSpore alone changes the parameter's shape."""
    net = Linear(4, 4)
    with pytest.raises(ValueError, match="weight"):
        net.weight.set_data(Tensor(np.zeros((2, 2), np.float32)))
    assert net.weight.shape == (4, 4)
    assert "weight" in lazycell.uninitialized(net)


def test_assigning_to_a_declared_parameter_is_a_fill():
    """ops.assign, copy_ and set_data give values that later initialization leaves alone."""
    ones = np.ones((4, 4), np.float32)
    for give in (
        lambda p: ops.assign(p, Tensor(ones)),
        lambda p: p.copy_(Tensor(ones)),
        lambda p: p.set_data(Tensor(ones)),
        lambda p: p.assign_value(Tensor(ones)),
    ):
        net = Linear(4, 4)
        give(net.weight)
        net.init_parameters_data(1)
        np.testing.assert_array_equal(net.weight.asnumpy(), ones)


@pytest.mark.parametrize("level", ["O0", "O1", "O2", "O3", "auto"])
def test_mixed_precision_of_a_declared_net(level, tmp_path, monkeypatch):
    """ms.amp.auto_mixed_precision works on declared parameters, which then run."""
    monkeypatch.chdir(tmp_path)  # O1 rewrites the source, and writes it into the working directory
    net = ms.amp.auto_mixed_precision(MLP(), level, ms.float16)
    result = net(batch()).asnumpy()
    np.testing.assert_allclose(result, initialized(7)(batch()).asnumpy(), rtol=2e-2, atol=2e-2)


def test_to_float_of_a_declared_net():
    """to_float computes in float16; the parameters keep their dtype."""
    net = MLP().to_float(ms.float16)
    assert net(batch()).dtype == ms.float16
    assert net.layers[0].weight.dtype == ms.float32


def test_export_writes_the_values_that_init_would_give(tmp_path):
    """ms.export executes the net: the MINDIR file computes what the net computes."""
    net = MLP()
    ms.export(net, batch(), file_name=str(tmp_path / "net"), file_format="MINDIR")
    graph = nn.GraphCell(ms.load(str(tmp_path / "net.mindir")))
    np.testing.assert_allclose(graph(batch()).asnumpy(), initialized(7)(batch()).asnumpy(), rtol=1e-5, atol=1e-6)


def test_a_second_initialization_changes_nothing():
    """init_parameters_data fills what is declared, and nothing else."""
    net = initialized(7)
    before = values(net)
    assert net.init_parameters_data(8) == {} or set(net.init_parameters_data(8)) <= set(net.get_parameters())
    assert_equal(values(net), before)


def test_an_initializer_that_fails_names_the_parameter():
    """The error says which parameter, which initializer and why; the parameter stays declared."""

    class Net(LazyCell):
        gain: Param["orthogonal", (3,)]

    net = Net()
    with pytest.raises(lazycell.InitializationError, match=r"parameter 'gain' \(shape \(3,\), float32\) .*Orthogonal"):
        net.init_parameters_data()
    assert lazycell.uninitialized(net) == ["gain"]


# --------------------------------------------------------------------------------------------------- ties and buffers


class Tied(LazyCell):
    size: int = 6
    width: int = 4
    embed: Linear = child(Linear, width, size, use_bias=False)
    head: Linear = child(Linear, width, size, use_bias=False)
    tied = tie("head.weight", "embed.weight")

    def construct(self, x):
        return self.head(x) + self.embed(x)


class Outer(LazyCell):
    net: Tied = child(Tied)

    def construct(self, x):
        return self.net(x)


def test_a_tie_is_one_parameter_stored_once(tmp_path):
    """Two levels deep, a checkpoint has the source's name alone, and both places see one value."""
    net = Outer()
    assert net.net.head.weight is net.net.embed.weight
    assert [name for name, _ in net.parameters_and_names()] == ["net.embed.weight"]
    net.init_parameters_data()
    assert list(ms.load_checkpoint(save(net, tmp_path / "tied.ckpt"))) == ["net.embed.weight"]


@pytest.mark.parametrize("keys", [["net.embed.weight"], ["net.head.weight"], ["net.embed.weight", "net.head.weight"]])
def test_either_name_of_a_tie_fills_it(tmp_path, keys):
    """A checkpoint, or a state dict, may have either name, or both with equal values."""
    from safetensors.numpy import save_file

    table = np.arange(24, dtype=np.float32).reshape(6, 4)
    save_file(dict.fromkeys(keys, table), str(tmp_path / "model.safetensors"))
    for net in (Outer(), Outer()):
        net.load_checkpoint(tmp_path / "model.safetensors")
        np.testing.assert_array_equal(net.net.head.weight.asnumpy(), table)
    net = Outer()
    net.load_state_dict({key: Tensor(table) for key in keys})
    np.testing.assert_array_equal(net.net.head.weight.asnumpy(), table)


@pytest.mark.parametrize("keys", [["net.embed.weight"], ["net.head.weight"], ["net.embed.weight", "net.head.weight"]])
def test_mindspores_loader_fills_a_tie_by_either_name(keys):
    """load_param_into_net finds a tied parameter under the name that the dict has, and reports nothing as missed."""
    table = np.arange(24, dtype=np.float32).reshape(6, 4)
    net = Outer()
    missed, left_over = ms.load_param_into_net(net, {key: ms.Parameter(Tensor(table)) for key in keys})
    assert (missed, left_over) == ([], keys[1:])
    np.testing.assert_array_equal(net.net.head.weight.asnumpy(), table)
    assert [name for name, _ in net.parameters_and_names()] == ["net.embed.weight"]
    assert net.net.embed.weight.name == "net.embed.weight"


def test_whoever_assigns_a_parameter_to_the_name_that_a_tie_gave_up_undoes_the_tie(tmp_path):
    """From then on they are two: in the manifest, in a checkpoint, and in a state dict."""
    net = Outer()
    net.net.head.weight = ms.Parameter(Tensor(np.zeros((6, 4), np.float32)))
    assert [entry.name for entry in net.manifest()] == ["net.embed.weight", "net.head.weight"]
    assert net.manifest().ties == {}
    net.load_checkpoint(
        {f"net.{name}.weight": np.full((6, 4), i, np.float32) for i, name in enumerate(("embed", "head"))}
    )
    net.save_checkpoint(tmp_path / "untied.safetensors")
    net.load_state_dict({name: Tensor(parameter.asnumpy()) for name, parameter in net.parameters_and_names()})
    net.load_checkpoint(tmp_path / "untied.safetensors")
    assert (net.net.embed.weight.asnumpy() == 0).all()
    assert (net.net.head.weight.asnumpy() == 1).all()


def test_mindspores_loader_refuses_two_values_for_a_tie():
    """Both names with different values are an error, and the net stays declared."""
    table = np.zeros((6, 4), np.float32)
    both = {"net.embed.weight": ms.Parameter(Tensor(table)), "net.head.weight": ms.Parameter(Tensor(table + 1))}
    net = Outer()
    with pytest.raises(lazycell.CheckpointMismatchError, match=r"net\.head\.weight"):
        ms.load_param_into_net(net, both)
    assert lazycell.uninitialized(net) == ["net.embed.weight"]


def test_two_names_with_different_values_are_refused(tmp_path):
    """Both names of a tie with different values are an error, and the net stays declared."""
    from safetensors.numpy import save_file

    table = np.zeros((6, 4), np.float32)
    save_file({"net.embed.weight": table, "net.head.weight": table + 1}, str(tmp_path / "model.safetensors"))
    net = Outer()
    with pytest.raises(lazycell.CheckpointMismatchError, match=r"net\.head\.weight"):
        net.load_checkpoint(tmp_path / "model.safetensors")
    with pytest.raises(lazycell.CheckpointMismatchError, match=r"net\.head\.weight"):
        net.load_state_dict({"net.embed.weight": Tensor(table), "net.head.weight": Tensor(table + 1)})
    assert lazycell.uninitialized(net) == ["net.embed.weight"]


@pytest.mark.parametrize("change", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))], ids=["copy", "pickle"])
def test_a_tie_survives_copies(change):
    """A copy ties its own two places, and not to the original."""
    net = Outer()
    twin = change(net)
    assert twin.net.head.weight is twin.net.embed.weight
    assert twin.net.head.weight is not net.net.head.weight
    twin(batch())
    assert twin.net.head.weight is twin.net.embed.weight


class WithBuffers(LazyCell):
    width: int = 4
    mean: Tensor = buffer("zeros", (width,))
    table: Tensor = buffer(lambda shape, dtype: np.arange(shape[0], dtype=dtype), (width,), persistent=False)
    scale: Param["ones", (width,)]

    def construct(self, x):
        ops.assign_add(self.mean, ops.ones_like(self.mean))
        return x * self.scale + self.table


@pytest.mark.parametrize("run", [RUNS["pynative"], RUNS["graph"], RUNS["jit_net"]])
def test_buffers_are_state_and_not_trained(run):
    """A buffer is initialized with the rest, written by construct, and not among the trainable parameters."""
    net = WithBuffers()
    result = run(net, batch()).asnumpy()
    np.testing.assert_array_equal(result, batch().asnumpy() + np.arange(4, dtype=np.float32))
    np.testing.assert_array_equal(net.mean.asnumpy(), np.ones(4, np.float32))
    assert [parameter.name for parameter in net.trainable_params()] == ["scale"]


def test_a_buffer_that_is_not_persistent_is_neither_saved_nor_missed(tmp_path):
    """It is in no checkpoint and in no manifest entry, and a stored copy of it is ignored and reported."""
    net = WithBuffers()
    net.init_parameters_data()
    path = save(net, tmp_path / "net.safetensors")
    assert sorted(ms.load_checkpoint(path, format="safetensors")) == ["mean", "scale"]
    assert [entry.name for entry in net.manifest()] == ["mean", "scale"]
    fresh = WithBuffers()
    assert fresh.load_checkpoint(path).computed == ()


# ----------------------------------------------------------------------------------------------------------- loading


def test_a_failed_load_leaves_every_parameter_as_it_was(tmp_path):
    """One wrong shape among many: nothing is replaced, declared parameters stay declared."""
    from safetensors.numpy import save_file

    arrays = values(initialized(1))
    arrays["head.weight"] = arrays["head.weight"].T.copy()
    save_file(arrays, str(tmp_path / "bad.safetensors"))
    declared, filled = MLP(), initialized(2)
    before = values(filled)
    for net in (declared, filled):
        with pytest.raises(lazycell.CheckpointMismatchError, match=r"head\.weight"):
            net.load_checkpoint(tmp_path / "bad.safetensors")
    assert len(lazycell.uninitialized(declared)) == 6
    assert_equal(values(filled), before)


def test_all_problems_come_in_one_error(tmp_path):
    """Missing, unexpected and misshapen parameters are all in one message, with the declaring line."""
    from safetensors.numpy import save_file

    arrays = values(initialized(1))
    del arrays["layers.1.bias"]
    arrays["layers.0.weigth"] = arrays.pop("layers.0.weight")
    arrays["head.weight"] = np.zeros((7, 4), np.float32)
    save_file(arrays, str(tmp_path / "bad.safetensors"))
    with pytest.raises(lazycell.CheckpointMismatchError) as caught:
        MLP().load_checkpoint(tmp_path / "bad.safetensors")
    text = str(caught.value)
    for part in ("layers.1.bias", "layers.0.weigth", "head.weight", "(7, 4)", "(3, 4)"):
        assert part in text
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize("suffix", ["ckpt", "safetensors"])
def test_a_load_fills_the_parameters_that_are_there(tmp_path, suffix):
    """The objects stay; state and origin say which file and key; the report counts."""
    path = save(initialized(1), tmp_path / f"net.{suffix}")
    net = MLP()
    before = dict(net.parameters_and_names())
    report = net.load_checkpoint(path)
    assert {name: id(each) for name, each in net.parameters_and_names()} == {n: id(p) for n, p in before.items()}
    assert_equal(values(net), values(initialized(1)))
    assert len(report.loaded) == 6
    assert report.nbytes == net.manifest().nbytes
    entry = lazycell.status(net)["layers.0.weight"]
    assert entry.state == "loaded"
    assert f"net.{suffix}" in str(entry.origin)
    assert "layers.0.weight" in str(entry.origin)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_load_converts_to_the_models_dtype(tmp_path, dtype):
    """A float32 file into a 16-bit net is rounded to nearest even, as ml_dtypes does."""
    import ml_dtypes

    path = save(initialized(1), tmp_path / "net.safetensors")
    net = MLP(dtype=dtype)
    report = net.load_checkpoint(path)
    assert {cast.target for cast in report.cast} == {dtype}
    expected = initialized(1).layers[0].weight.asnumpy().astype(getattr(ml_dtypes, dtype, None) or dtype)
    got = net.layers[0].weight
    assert lazycell.status(net)["layers.0.weight"].dtype == dtype
    np.testing.assert_array_equal(got.astype(ms.float32).asnumpy(), expected.astype(np.float32))


def test_loading_again_fills_the_storage_that_is_there(tmp_path):
    """Neither parameters nor memory are replaced: nothing is left behind for the garbage collector."""
    net = MLP()
    net.load_checkpoint(save(initialized(1), tmp_path / "one.safetensors"))
    before = {name: (id(each), each.data_ptr()) for name, each in net.parameters_and_names()}
    net.load_checkpoint(save(initialized(2), tmp_path / "two.safetensors"))
    assert {name: (id(each), each.data_ptr()) for name, each in net.parameters_and_names()} == before
    assert_equal(values(net), values(initialized(2)))


def test_a_key_that_only_ends_like_a_parameter_does_not_fill_it(tmp_path):
    """MindSpore's loader falls back on suffixes; this one names both keys and changes nothing."""
    from safetensors.numpy import save_file

    save_file({"other.weight": np.ones((2, 3), np.float32)}, str(tmp_path / "net.safetensors"))
    net = Linear(3, 2, use_bias=False)
    with pytest.raises(lazycell.CheckpointMismatchError, match=r"(?s)weight.*other\.weight"):
        net.load_checkpoint(tmp_path / "net.safetensors")
    assert lazycell.uninitialized(net) == ["weight"]


def test_tables_come_back_after_to_empty():
    """What was computed is computed again: nothing is lost with the storage, as it is on MindSpore's meta device."""

    class Net(LazyCell):
        kept: Tensor = buffer(lambda shape, dtype: np.arange(3, dtype=dtype), (3,))
        table: Tensor = buffer(lambda shape, dtype: np.arange(4, dtype=dtype), (4,), persistent=False)

    net = Net()
    net.init_parameters_data()
    net.to_empty()
    assert lazycell.uninitialized(net) == ["kept"]
    net.init_parameters_data()
    np.testing.assert_array_equal(net.kept.asnumpy(), np.arange(3, dtype=np.float32))
    np.testing.assert_array_equal(net.table.asnumpy(), np.arange(4, dtype=np.float32))


def test_a_changed_file_does_not_change_a_loaded_net(tmp_path):
    """Replacing the file by rename after a load leaves the net's values alone."""
    path = tmp_path / "net.safetensors"
    save(initialized(1), path)
    net = MLP()
    net.load_checkpoint(path)
    save(initialized(2), tmp_path / "other.safetensors")
    (tmp_path / "other.safetensors").replace(path)
    assert_equal(values(net), values(initialized(1)))


def test_training_a_loaded_net_does_not_write_into_the_file(tmp_path):
    """The file is mapped copy-on-write."""
    path = tmp_path / "net.safetensors"
    save(initialized(1), path)
    content = path.read_bytes()
    net = MLP()
    net.load_checkpoint(path)
    ops.assign_add(net.head.weight, ops.ones_like(net.head.weight))
    assert path.read_bytes() == content


def test_a_dtype_that_mindspore_has_no_tensors_of_is_named_and_nothing_changes(tmp_path):
    """float8 can be cast, and not be kept."""
    import ml_dtypes
    from safetensors.numpy import save_file

    class Pair(LazyCell):
        one: Param["zeros", (2,)]
        two: Param["zeros", (2,)]

    path = tmp_path / "f8.safetensors"
    eight = np.ones(2, ml_dtypes.float8_e4m3fn)
    save_file({"one": np.ones(2, np.float32), "two": eight}, str(path))
    net = Pair()
    with pytest.raises(lazycell.CheckpointError, match="'two': MindSpore makes no tensor of float8_e4m3fn"):
        net.load_checkpoint(path, dtype="checkpoint")
    assert lazycell.uninitialized(net) == ["one", "two"]
    net.load_checkpoint(path)
    np.testing.assert_array_equal(net.two.asnumpy(), np.ones(2, np.float32))
