"""Loading, saving and listing cells that nobody declared, called as MindSpore's functions are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, mint, nn, ops
from mindspore.common.initializer import initializer

import lazycell
from lazycell import LazyCell, Param, no_init_parameters


class Net(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Dense(3, 4)
        self.second = nn.Dense(4, 2)

    def construct(self, x):
        return self.second(ops.relu(self.first(x)))


class Tied(nn.Cell):
    """One parameter at two places."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(5, 3)
        self.head = nn.Dense(3, 5, has_bias=False)
        self.head.weight = self.table.embedding_table


class Shared(nn.Cell):
    """One cell at two places: its path is `a`, and MindSpore names its parameters by `b`."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Dense(3, 3)
        self.b = self.a


class Scale(LazyCell):
    weight: Param["normal", (4,)]


class Mixed(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Dense(4, 4)
        self.scale = Scale()


def lazily(cls: type) -> Any:
    with no_init_parameters():
        return cls()


def values(net: nn.Cell) -> dict[str, np.ndarray]:
    return {path: parameter.asnumpy().copy() for path, parameter in net.parameters_and_names()}


def arrays(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = {"first.weight": (4, 3), "first.bias": (4,), "second.weight": (2, 4), "second.bias": (2,)}
    return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


# ------------------------------------------------------------------------------------------------------------ calls


@pytest.mark.parametrize(
    "call",
    [
        lambda path, net: lazycell.load_checkpoint(path, net),
        lambda path, net: lazycell.load_checkpoint(net, path),
        lambda path, net: lazycell.load_checkpoint(path, net=net),
        lambda path, net: lazycell.load_checkpoint(ckpt_file_name=path, net=net),
        lambda path, net: lazycell.load_checkpoint(net, ckpt_file_name=path),
    ],
)
def test_net_and_path_in_any_order(tmp_path: Path, call: Any) -> None:
    """As MindSpore's function is called, and as the others that have the net first."""
    source, path = Net(), str(tmp_path / "net.ckpt")
    ms.save_checkpoint(source, path)
    net = lazily(Net)
    assert call(path, net).loaded == tuple(arrays())
    assert same(values(net), values(source))
    assert lazycell.status(net)["first.bias"].state == "loaded"


def test_mindspores_documented_example_by_changing_an_import(tmp_path: Path) -> None:
    """The one of `mindspore.nn.utils.no_init_parameters`."""
    from lazycell import load_checkpoint, no_init_parameters

    class Documented(nn.Cell):
        def __init__(self, in_channels: int, out_channels: int) -> None:
            super().__init__()
            self.weight = Parameter(initializer("normal", [in_channels, out_channels], ms.float32))
            self.bias = Parameter(initializer("normal", [out_channels], ms.float32))
            self.matmul, self.add = ops.MatMul(), ops.Add()

        def construct(self, x):
            return self.add(self.matmul(x, self.weight), self.bias)

    source, path, x = Documented(6, 4), str(tmp_path / "test_net.ckpt"), ops.ones((2, 6))
    ms.save_checkpoint(source, path)
    with no_init_parameters():
        net = Documented(6, 4)
    assert lazycell.uninitialized(net) == ["weight", "bias"]
    load_checkpoint(path, net=net)
    net.init_parameters_data()
    assert np.array_equal(net(x).asnumpy(), source(x).asnumpy())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda net: lazycell.load_checkpoint("a.ckpt"), r"no net: write `lazycell\.load_checkpoint\(path, net\)`"),
        (lambda net: lazycell.load_checkpoint(net), "a net and no path"),
        (lambda net: lazycell.load_checkpoint(net, net), "two nets and no path"),
        (lambda net: lazycell.load_checkpoint("a.ckpt", "b.ckpt"), "given 'a.ckpt' and 'b.ckpt'"),
        (lambda net: lazycell.load_checkpoint("a", net, ckpt_file_name="a"), "`ckpt_file_name` is the path"),
        (lambda net: lazycell.load_checkpoint({}, net, filter_prefix=[3]), "the beginning of names"),
        (lambda net: lazycell.load_checkpoint({}, net, choice_func="first"), "a function of a tensor's name"),
        (lambda net: lazycell.load_param_into_net(net, "a.ckpt"), r"`lazycell\.load_checkpoint\(path, net\)`"),
        (lambda net: lazycell.load_param_into_net({}, {}), "fills a cell"),
        (lambda net: lazycell.save_checkpoint(net), "a net and no path"),
        (lambda net: lazycell.save_checkpoint(net, "a", save_obj=net), "`save_obj` is the net"),
        (lambda net: lazycell.save_checkpoint([{"name": "a"}], "a.ckpt"), "takes a net and a path"),
        (lambda net: lazycell.manifest(Net), r"with lazycell\.no_init_parameters\(\): net = Net\("),
        (lambda net: lazycell.manifest(Scale), r"write `Scale\.manifest\("),
    ],
)
def test_what_means_nothing_is_refused(call: Any, message: str) -> None:
    """With what to write instead."""
    with pytest.raises(TypeError, match=message):
        call(Net())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda net: lazycell.load_checkpoint({}, net, remove_redundancy=True), "whole checkpoints"),
        (lambda net: lazycell.load_checkpoint({}, net, format="hdf5"), "leave it out"),
        (lambda net: lazycell.load_checkpoint(arrays(), net, specify_prefix="third"), "none of its 4 tensors"),
        (lambda net: lazycell.load_checkpoint({}, net, choice_func=len, filter_prefix="a"), "leave out one"),
        (lambda net: lazycell.load_checkpoint({}, net, strict_load=True, missing="init"), "missing='init' permits"),
        (lambda net: lazycell.save_checkpoint(net, "a.ckpt", async_save=True), "leave it out"),
        (lambda net: lazycell.save_checkpoint(net, "a.ckpt", integrated_save=False), "leave it out"),
        (lambda net: lazycell.save_checkpoint(net, "a.ckpt", append_dict={"epoch": 1}), "a Parameter of the net"),
        (lambda net: lazycell.save_checkpoint(net, "a.ckpt", choice_func=len), "choose when you load"),
    ],
)
def test_words_of_mindspore_that_are_not_followed_are_refused(call: Any, message: str) -> None:
    """Not passed over."""
    with pytest.raises(ValueError, match=message):
        call(Net())


# ------------------------------------------------------------------------------------- what MindSpore's loader gets wrong


@pytest.mark.parametrize("build", [Net, lambda: lazily(Net)])
def test_a_wrong_shape_changes_nothing(build: Any) -> None:
    """Where MindSpore's loader has filled half of the net."""
    net = build()
    declared = lazycell.uninitialized(net)
    before = {} if declared else values(net)
    wrong = {**arrays(), "second.bias": np.zeros(3, np.float32)}
    with pytest.raises(lazycell.CheckpointMismatchError, match=r"second\.bias"):
        lazycell.load_param_into_net(net, wrong)
    assert lazycell.uninitialized(net) == declared
    assert declared or same(values(net), before)


def test_no_name_is_taken_for_another_that_ends_alike() -> None:
    """MindSpore's loader fills `first.weight` from `ema.first.weight`."""
    net = Net()
    before = values(net)
    with pytest.raises(lazycell.CheckpointMismatchError, match=r'rename=\{"ema\.\{\*rest\}": "\{\*rest\}"\}'):
        lazycell.load_param_into_net(net, {f"ema.{name}": value for name, value in arrays().items()})
    assert same(values(net), before)


@pytest.mark.parametrize("strict_load", [False, True])
def test_what_is_missing_is_an_error(strict_load: bool) -> None:
    """MindSpore's loader logs it, with `strict_load` too."""
    given = arrays()
    del given["second.bias"]
    with pytest.raises(lazycell.CheckpointMismatchError, match=r"missing[\s\S]*second\.bias"):
        lazycell.load_param_into_net(Net(), given, strict_load)


def test_strict_load_takes_no_other_dtype() -> None:
    """Which is cast else."""
    half = {name: value.astype(np.float16) for name, value in arrays().items()}
    with pytest.raises(lazycell.CheckpointMismatchError, match="float16"):
        lazycell.load_param_into_net(Net(), half, strict_load=True)
    net = Net()
    assert lazycell.load_param_into_net(net, half) == ([], [])
    assert same(values(net), {name: value.astype(np.float32) for name, value in half.items()})


def test_load_param_into_net_returns_what_was_left() -> None:
    """As MindSpore's does: what of the net was not filled, and what of the dict was not used."""
    net, given = Net(), {**arrays(), "epoch": np.int32([3])}
    bias = net.second.bias.asnumpy().copy()
    del given["second.bias"]
    left = lazycell.load_param_into_net(net, given, missing=["second.bias"], unexpected=["epoch"])
    assert left == (["second.bias"], ["epoch"])
    assert np.array_equal(net.second.bias.asnumpy(), bias)


def test_two_nets_of_one_dict_share_nothing() -> None:
    """MindSpore's loader lets them train each other."""
    one, other = Net(), Net()
    given = {name: Parameter(Tensor(value), name=name) for name, value in arrays().items()}
    for net in (one, other):
        lazycell.load_param_into_net(net, given)
    one.first.weight.set_data(ops.zeros((4, 3)))
    ops.assign(one.first.bias, ops.zeros((4,)))
    assert same(values(other), arrays())
    assert np.array_equal(given["first.bias"].asnumpy(), arrays()["first.bias"])


@pytest.mark.parametrize(
    "words",
    [{"choice_func": lambda name: "second" not in name}, {"filter_prefix": "second"}, {"specify_prefix": ["first"]}],
)
def test_a_part_of_a_checkpoint(words: Any) -> None:
    """What is not chosen keeps what it has, and the report says so."""
    net = Net()
    before = values(net)
    report = lazycell.load_checkpoint(arrays(), net, **words)
    assert (report.loaded, report.ignored) == (
        ("first.weight", "first.bias"),
        ("second.weight", "second.bias"),
    )
    assert same(values(net), {**arrays(), **{name: before[name] for name in report.ignored}})


# ------------------------------------------------------------------------------------------------------ kinds of cells


@pytest.mark.parametrize("suffix", ["ckpt", "safetensors"])
@pytest.mark.parametrize("cls", [Net, Tied, Shared, Mixed])
def test_what_is_saved_is_loaded(tmp_path: Path, cls: type, suffix: str) -> None:
    """By either library, and what MindSpore saved too; each parameter is written once."""
    source, path = cls(), str(tmp_path / f"net.{suffix}")
    lazycell.init_parameters_data(source)
    lazycell.save_checkpoint(source, path)
    assert len(lazycell.open_checkpoint(path).tensors) == len(list(source.parameters_and_names()))
    ms.save_checkpoint(source, other := str(tmp_path / f"other.{suffix}"), format=suffix)
    for file in (path, other):
        net = lazily(cls)
        assert len(lazycell.plan(net, file).steps) == len(values(source))
        lazycell.load_checkpoint(file, net)
        assert same(values(net), values(source))
        assert [entry.name for entry in lazycell.manifest(net)] == [*values(source)]
    if suffix == "ckpt":
        net = cls()
        assert ms.load_param_into_net(net, ms.load_checkpoint(path), strict_load=True) == ([], [])
        assert same(values(net), values(source))


@pytest.mark.parametrize(
    "names", [["table.embedding_table"], ["head.weight"], ["head.weight", "table.embedding_table"]]
)
def test_a_tied_parameter_goes_by_any_of_its_names(names: list[str]) -> None:
    """PyTorch's state dicts have both; they have to agree."""
    net, value = lazily(Tied), np.arange(15, dtype=np.float32).reshape(5, 3)
    lazycell.load_checkpoint(dict.fromkeys(names, value), net)
    assert net.head.weight is net.table.embedding_table
    assert np.array_equal(net.head.weight.asnumpy(), value)


def test_a_declared_net_is_loaded_by_its_own_method() -> None:
    """Which its class may have changed; a part of a checkpoint is loaded into it likewise."""

    class Doubled(Scale):
        def load_checkpoint(self, path: Any, **options: Any) -> Any:
            return super().load_checkpoint({"weight": 2 * path["weight"]}, **options)

    stored, net, other = {"weight": np.ones(4, np.float32)}, Doubled(), Scale()
    lazycell.load_checkpoint(stored, net)
    assert net.weight.asnumpy().tolist() == [2] * 4
    lazycell.load_checkpoint({**stored, "ema.weight": stored["weight"]}, other, filter_prefix="ema.")
    assert other.weight.asnumpy().tolist() == [1] * 4


def test_a_tie_that_the_checkpoint_has_broken() -> None:
    """Changes nothing."""
    net = Tied()
    before = values(net)
    stored = {"head.weight": np.zeros((5, 3), np.float32), "table.embedding_table": np.ones((5, 3), np.float32)}
    with pytest.raises(lazycell.CheckpointMismatchError, match="differ"):
        lazycell.load_checkpoint(stored, net)
    assert same(values(net), before)


def test_a_path_comes_before_a_name() -> None:
    """A parameter whose `Parameter.name` is the path of another takes nothing from it."""
    net = Net()
    net.first.bias.name = "second.bias"
    lazycell.load_checkpoint(arrays(), net)
    assert same(values(net), arrays())


def test_a_net_without_values_is_not_saved(tmp_path: Path) -> None:
    """The message says what to call for a cell that has no such methods."""
    with pytest.raises(lazycell.UninitializedParameterError, match=r"lazycell\.load_checkpoint\(path, net\)"):
        lazycell.save_checkpoint(lazily(Net), tmp_path / "net.ckpt")
    assert list(tmp_path.iterdir()) == []


def test_the_manifest_of_any_cell_is_data() -> None:
    """With what a declaration would say: names, shapes, sizes, the viewer's page; nothing is drawn for it."""
    net = lazily(Net)
    listed = lazycell.manifest(net)
    assert (listed["first.weight"].shape, listed.nbytes) == ((4, 3), 4 * (12 + 4 + 8 + 2))
    assert lazycell.uninitialized(net) == [entry.name for entry in listed]
    changed = listed.diff(lazycell.manifest(nn.SequentialCell(Net())))
    assert "first.weight" in str(changed)
    assert lazycell.manifest(nn.ReLU()).nbytes == 0


def test_the_package_and_the_function_have_one_name() -> None:
    """Whatever is imported first: `lazycell.manifest` is called, and its modules are found."""
    import lazycell.manifest.diff as diff
    from lazycell import manifest

    assert manifest is lazycell.manifest
    assert callable(manifest)
    assert diff.__name__ == "lazycell.manifest.diff"


def test_mindspores_defaults_may_be_written(tmp_path: Path) -> None:
    """As code does that passes on what it was given; and with a key they are what they say."""
    net, path = Net(), str(tmp_path / "net.ckpt")
    for key in (None, b"0123456789ABCDEF"):
        lazycell.save_checkpoint(
            net,
            path,
            integrated_save=True,
            async_save=False,
            enc_key=key,
            enc_mode="AES-GCM",
            crc_check=False,
            format="ckpt",
        )
        other = lazily(Net)
        lazycell.load_checkpoint(
            path,
            other,
            strict_load=False,
            filter_prefix=None,
            dec_key=key,
            dec_mode="AES-GCM",
            crc_check=False,
            format="ckpt",
        )
        assert same(values(other), values(net))


def test_crc_check_verifies(tmp_path: Path) -> None:
    """A bit that has changed is found, and nothing of the net is."""
    path = tmp_path / "net.ckpt"
    lazycell.save_checkpoint(Net(), path)
    content = bytearray(path.read_bytes())
    content[content.index(b"first.weight") + 40] ^= 1
    path.write_bytes(content)
    net = lazily(Net)
    with pytest.raises(lazycell.CheckpointError):
        lazycell.load_checkpoint(path, net, crc_check=True)
    assert len(lazycell.uninitialized(net)) == 4
    lazycell.load_checkpoint(path, net)


# ---------------------------------------------------------------------------------------------------------- training


def training(optimizer: type, seed: int) -> nn.TrainOneStepCell:
    ms.set_seed(seed)
    net = Net()
    more = {"momentum": 0.9} if optimizer is nn.Momentum else {}
    step = nn.TrainOneStepCell(
        nn.WithLossCell(net, nn.MSELoss()), optimizer(net.trainable_params(), learning_rate=0.05, **more)
    )
    return step.set_train()


def train(step: nn.Cell, batches: range) -> None:
    for seed in batches:
        rng = np.random.default_rng(seed)
        step(Tensor(rng.standard_normal((8, 3)), ms.float32), Tensor(rng.standard_normal((8, 2)), ms.float32))


@pytest.mark.parametrize("suffix", ["ckpt", "safetensors"])
@pytest.mark.parametrize("optimizer", [nn.Momentum, nn.Adam])
def test_a_training_that_is_resumed_equals_one_that_is_not_interrupted(
    tmp_path: Path, optimizer: type, suffix: str
) -> None:
    """Bit for bit: weights, moments and counters are in the one file; and so from what MindSpore saves."""
    whole, path, other = training(optimizer, 1), tmp_path / f"step.{suffix}", str(tmp_path / f"other.{suffix}")
    train(whole, range(3))
    lazycell.save_checkpoint(whole, path)
    ms.save_checkpoint(whole, other, format=suffix)
    train(whole, range(3, 6))
    for file in (path, other):
        resumed = training(optimizer, 2)
        report = lazycell.load_checkpoint(file, resumed)
        assert len(report.loaded) == len(values(whole))
        assert lazycell.status(resumed)["optimizer.global_step"].state == "loaded"
        train(resumed, range(3, 6))
        assert same(values(resumed), values(whole))


def test_what_an_optimizer_keeps_in_its_groups_is_saved(tmp_path: Path) -> None:
    """The largest moments of `amsgrad`, which are no attributes. On CPU no operator writes them, so that a test has to."""
    optimizers = [mint.optim.Adam(Net().trainable_params(), amsgrad=True) for _ in range(2)]
    largest = [optimizer.param_groups[0]["max_exp_avg_sq"] for optimizer in optimizers]
    for number, each in enumerate(largest[0]):
        each.set_data(ops.full_like(each, number + 1.0))
    lazycell.save_checkpoint(optimizers[0], tmp_path / "optimizer.safetensors")
    report = lazycell.load_checkpoint(tmp_path / "optimizer.safetensors", optimizers[1])
    assert {each.name for each in largest[1]} < {*report.loaded}
    assert [each.asnumpy().max() for each in largest[1]] == [number + 1.0 for number in range(len(largest[0]))]


def test_the_optimizer_alone_and_the_net_alone(tmp_path: Path) -> None:
    """An optimizer is a cell; and of the file of a training a net takes what is its."""
    source, path = training(nn.Adam, 1), tmp_path / "optimizer.ckpt"
    train(source, range(2))
    lazycell.save_checkpoint(save_obj=source.optimizer, ckpt_file_name=path)
    step = training(nn.Adam, 2)
    lazycell.load_checkpoint(path, step.optimizer)
    assert same(values(step.optimizer), values(source.optimizer))
    net = lazily(Net)
    with pytest.raises(lazycell.CheckpointMismatchError, match="optimizer's state"):
        lazycell.load_checkpoint(path, net)
    lazycell.load_checkpoint(path, net, unexpected="ignore")
    assert same(values(net), {name: values(source.optimizer)[name] for name in values(net)})
