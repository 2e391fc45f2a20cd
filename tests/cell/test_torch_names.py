"""PyTorch's names in a file: when they are taken, what is said of it, and what is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
import safetensors.numpy
from mindspore import Parameter, Tensor, nn

import lazycell
from lazycell import CheckpointMismatchError, DeclarationError, LazyCell, Param, child, rename, torch_names

Arrays = dict[str, Any]


def array(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


class Net(nn.Cell):
    """Names of both kinds, numbered layers, and one parameter that both call alike."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.table = nn.Embedding(5, width)
        self.layers = nn.CellList([nn.SequentialCell(nn.Dense(width, width), nn.LayerNorm((width,))) for _ in range(2)])
        self.norm = nn.BatchNorm1d(width)


def torch_state(width: int = 4) -> Arrays:
    """What torch would save of such a net; all tensors have values of their own."""
    state = {"table.weight": array(5, width)}
    for i in range(2):
        state[f"layers.{i}.0.weight"] = array(width, width) + i
        state |= {f"layers.{i}.{name}": array(width) + i for name in ("0.bias", "1.weight", "1.bias")}
    state |= {f"norm.{name}": array(width) + len(name) for name in ("weight", "bias", "running_mean", "running_var")}
    return state


WORDS = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}


def in_mindspore(name: str) -> str:
    """Give MindSpore's name of a tensor of `torch_state`."""
    path, _, word = name.rpartition(".")
    if path == "table":
        return "table.embedding_table"
    return name if path.endswith(".0") else f"{path}.{WORDS[word]}"


def values(net: nn.Cell) -> Arrays:
    return {name: each.asnumpy().copy() for name, each in net.parameters_and_names()}


def same(one: Arrays, other: Arrays) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def written(net: nn.Cell, path: Path, **words: Any) -> Arrays:
    lazycell.save_checkpoint(net, path, **words)
    return {name: lazycell.read_tensor(each) for name, each in lazycell.open_checkpoint(path).tensors.items()}


# -------------------------------------------------------------------------------------------------------------- loads


def test_the_report_and_the_plan_say_whose_names_they_are() -> None:
    """As data, and in words; with what every parameter came from."""
    net, state = Net(), {**torch_state(), "norm.num_batches_tracked": np.int64(7)}
    plan = lazycell.plan(net, state)
    report = lazycell.load_checkpoint(state, net)
    assert plan.naming == report.naming == "torch"
    for text in (str(plan), str(report)):
        assert "the names are PyTorch's" in text
    assert report.unused == ("norm.num_batches_tracked",)
    assert same(values(net), {in_mindspore(name): state[name] for name in torch_state()})
    assert {each.key: each.parameter for each in report.renamed} == {
        name: in_mindspore(name) for name in torch_state() if name != in_mindspore(name)
    }


def test_mindspores_names_are_no_ones_else() -> None:
    """Nothing is said of them, and PyTorch's bookkeeping beside them is a stranger."""
    state = {in_mindspore(name): value for name, value in torch_state().items()}
    report = lazycell.load_checkpoint(state, Net())
    assert (report.naming, report.renamed) == ("", ())
    with pytest.raises(CheckpointMismatchError, match="num_batches_tracked"):
        lazycell.load_checkpoint({**state, "norm.num_batches_tracked": np.int64(7)}, Net())


def test_the_options_of_a_load_are_about_either_name() -> None:
    """`missing` by PyTorch's or the net's; prefixes by the file's; `strict_load` is about dtypes."""
    state = torch_state()
    del state["table.weight"]
    for pattern in ("table.weight", "table.embedding_table"):
        report = lazycell.load_checkpoint(state, Net(), missing=[pattern])
        assert (report.naming, report.initialized, report.lacking) == ("torch", ("table.embedding_table",), ())
    assert lazycell.load_checkpoint(state, Net(), missing="init").initialized == ("table.embedding_table",)
    assert lazycell.load_checkpoint(torch_state(), Net(), filter_prefix="table").ignored == ("table.weight",)
    assert lazycell.load_param_into_net(Net(), torch_state(), strict_load=True) == ([], [])
    half = {name: value.astype(np.float16) for name, value in torch_state().items()}
    assert len(lazycell.load_checkpoint(half, Net()).cast) == len(half)
    with pytest.raises(CheckpointMismatchError, match="float16"):
        lazycell.load_checkpoint(half, Net(), strict_load=True)


def test_behind_a_prefix_only_the_prefix_is_proposed() -> None:
    """And what it proposes is what loads."""
    state = {f"module.{name}": value for name, value in torch_state().items()}
    with pytest.raises(CheckpointMismatchError) as caught:
        lazycell.load_checkpoint(state, Net())
    (cause,) = caught.value.causes
    assert cause.rename == {"module.{*rest}": "{*rest}"}
    net = Net()
    assert lazycell.load_checkpoint(state, net, rename=cause.rename).naming == "torch"
    assert np.array_equal(net.norm.gamma.asnumpy(), state["module.norm.weight"])


def test_a_misspelt_name_is_told_in_pytorchs_words() -> None:
    """What it should be is not what MindSpore calls it."""
    state = torch_state()
    state["layers.0.1.wieght"] = state.pop("layers.0.1.weight")
    net = Net()
    before = values(net)
    with pytest.raises(CheckpointMismatchError, match=r"layers\.0\.1\.weight[\s\S]*did you mean [^\n]*wieght"):
        lazycell.load_checkpoint(state, net)
    assert same(values(net), before)


@pytest.mark.parametrize("few", ["norm.weight", "table.weight"])
@pytest.mark.parametrize("permitted", [{}, {"missing": "init", "unexpected": "ignore"}])
def test_names_of_both_kinds_are_refused(few: str, permitted: Arrays) -> None:
    """Whatever is permitted: half would be loaded. The advice, followed, loads all."""
    state = torch_state()
    state[in_mindspore(few)] = state.pop(few)
    net = Net()
    before = values(net)
    with pytest.raises(CheckpointMismatchError) as caught:
        lazycell.load_checkpoint(state, net, **permitted)
    (cause,) = caught.value.causes
    assert (cause.kind, cause.rename) == ("mixed names", {in_mindspore(few): few})
    assert same(values(net), before)
    lazycell.load_checkpoint(state, net, rename=cause.rename, **permitted)
    assert same(values(net), {in_mindspore(name): value for name, value in torch_state().items()})


def test_one_parameter_under_both_names_is_refused() -> None:
    """There is nothing to rename then."""
    state = torch_state()
    state["norm.gamma"] = 2 * state["norm.weight"]
    with pytest.raises(CheckpointMismatchError, match=r"norm\.gamma[\s\S]*no parameter two") as caught:
        lazycell.load_checkpoint(state, Net())
    assert not any(cause.rename for cause in caught.value.causes)


def test_a_rule_that_gives_mindspores_names_is_taken_at_its_word() -> None:
    """As conversions by hand are written: for some cells, or for all."""
    rules = {"{*path}.running_mean": "{*path}.moving_mean", "table.weight": "table.embedding_table"}
    net = Net()
    assert lazycell.load_checkpoint(torch_state(), net, rename=rules).naming == "torch"
    assert same(values(net), {in_mindspore(name): value for name, value in torch_state().items()})


# --------------------------------------------------------------------------------------------- what only one of both has


class Adaptive(nn.Cell):
    """Norms without affine, as diffusion transformers have them."""

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.LayerNorm((4,))
        self.blocks = nn.CellList([nn.LayerNorm((4,)) for _ in range(2)])
        self.group = nn.GroupNorm(2, 4, affine=False)
        self.head = nn.Dense(4, 2)


def test_norms_without_affine_are_initialized_and_said_so() -> None:
    """None of the file's blocks has one; that of the output has no bias."""
    state = {"out.weight": array(4), "head.weight": array(2, 4), "head.bias": array(2)}
    with lazycell.no_init_parameters():
        net = Adaptive()
    report = lazycell.load_checkpoint(state, net)
    words = ("gamma", "beta")
    expected = ["out.beta", *(f"{path}.{word}" for path in ("blocks.0", "blocks.1", "group") for word in words)]
    assert sorted(report.lacking) == sorted(expected) == sorted(report.initialized)
    assert "PyTorch has none" in str(report)
    lazycell.init_parameters_data(net)
    assert net.blocks[0].gamma.asnumpy().tolist() == [1] * 4


@pytest.mark.parametrize("lost", [["blocks.1.weight", "blocks.1.bias"], ["blocks.1.weight"], ["head.bias"]])
def test_a_norm_that_other_layers_have_is_missing(lost: list[str]) -> None:
    """Nor is anything left to its initializer that is not a norm's; all that is missing is in the message."""
    state = {"out.weight": array(4), "out.bias": array(4), "head.weight": array(2, 4), "head.bias": array(2)}
    state |= {f"blocks.{i}.{word}": array(4) for i in range(2) for word in ("weight", "bias")}
    for name in lost:
        del state[name]
    with pytest.raises(CheckpointMismatchError) as caught:
        lazycell.load_checkpoint(state, Adaptive())
    assert {problem.name for problem in caught.value.problems} == {*lost}


def test_beside_what_is_missing_all_norms_are() -> None:
    """A part of a net was saved, then, and perhaps the norms are in the other part."""
    state = {"out.weight": array(4), "out.bias": array(4)}
    with pytest.raises(CheckpointMismatchError) as caught:
        lazycell.load_checkpoint(state, Adaptive())
    assert {problem.name for problem in caught.value.problems} >= {"head.weight", "blocks.0.weight", "blocks.1.bias"}


def test_a_file_without_a_name_of_either_kind_has_no_norms_of_pytorchs() -> None:
    """It may be a part of one of MindSpore's."""
    with pytest.raises(CheckpointMismatchError, match=r"out\.gamma"):
        lazycell.load_checkpoint({"head.weight": array(2, 4), "head.bias": array(2)}, Adaptive())


def test_statistics_that_are_read_are_not_left_to_their_initializers() -> None:
    """But where the norm takes those of the batch, as PyTorch's does without."""
    state = {"0.weight": array(4), "0.bias": array(4)}
    with pytest.raises(CheckpointMismatchError, match=r"0\.running_mean"):
        lazycell.load_checkpoint(state, nn.SequentialCell(nn.BatchNorm2d(4)))
    report = lazycell.load_checkpoint(state, nn.SequentialCell(nn.BatchNorm2d(4, use_batch_statistics=True)))
    assert report.lacking == ("0.moving_mean", "0.moving_variance")


def test_a_frozen_norm_that_other_layers_have_is_missing() -> None:
    """It looks as one without affine does."""
    net = nn.SequentialCell(nn.BatchNorm2d(4), nn.BatchNorm2d(4))
    state = {f"{i}.{word}": array(4) for i in range(2) for word in ("weight", "bias", "running_mean", "running_var")}
    for parameter in net.get_parameters():
        parameter.requires_grad = False
    assert lazycell.load_checkpoint(state, net).lacking == ()
    del state["1.weight"]
    with pytest.raises(CheckpointMismatchError, match=r"1 parameter missing[\s\S]*1\.weight"):
        lazycell.load_checkpoint(state, net)


def test_a_shape_tells_as_a_name_does() -> None:
    """Where the names are the same, and the axes are not."""
    net = nn.SequentialCell(nn.Conv1d(2, 3, 5), nn.Conv1d(2, 3, 5))
    assert lazycell.load_checkpoint({f"{i}.weight": array(3, 2, 5) for i in range(2)}, net).naming == "torch"
    assert lazycell.load_checkpoint({f"{i}.weight": array(3, 2, 1, 5) for i in range(2)}, net).naming == ""
    with pytest.raises(CheckpointMismatchError, match=r"two kinds[\s\S]*shape that another library has"):
        lazycell.load_checkpoint({"0.weight": array(3, 2, 5), "1.weight": array(3, 2, 1, 5)}, net)


class WithBuffers(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm((4,))
        self.position_ids = Tensor(np.arange(3)[None])
        self.register_buffer("mask", Tensor(np.ones(2, np.float32)))


def test_buffers_of_the_net_are_left_out() -> None:
    """In this shape; another, and a name that the net does not have, are strangers."""
    state = {"norm.weight": array(4), "norm.bias": array(4)}
    buffers = {"position_ids": np.arange(3)[None], "mask": array(2)}
    assert set(lazycell.load_checkpoint({**state, **buffers}, WithBuffers()).computed) == {*buffers}
    for name, shape in (("position_ids", (1, 4)), ("masks", (2,))):
        with pytest.raises(CheckpointMismatchError, match=rf"{name}: float32"):
            lazycell.load_checkpoint({**state, name: array(*shape)}, WithBuffers())
    mindspores = {"norm.gamma": array(4), "norm.beta": array(4), **buffers}
    with pytest.raises(CheckpointMismatchError, match="position_ids"):
        lazycell.load_checkpoint(mindspores, WithBuffers())


# ------------------------------------------------------------------------------------------------------ kinds of nets


class Shared(nn.Cell):
    """A cell at two places, and a parameter at two."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(5, 4)
        self.one = nn.SequentialCell(nn.LayerNorm((4,)))
        self.other = self.one
        self.head = nn.Dense(4, 5, has_bias=False)
        self.head.weight = self.table.embedding_table


@pytest.mark.parametrize("tied", [["table.weight"], ["head.weight"], ["head.weight", "table.weight"]])
@pytest.mark.parametrize("shared", [["one"], ["other"], ["one", "other"]])
def test_what_is_at_two_places_goes_by_any_of_its_names(tied: list[str], shared: list[str]) -> None:
    """PyTorch's state dicts have all of them, Hugging Face's files one."""
    state = dict.fromkeys(tied, array(5, 4))
    state |= {f"{path}.0.{word}": array(4) + len(word) for path in shared for word in ("weight", "bias")}
    net = Shared()
    assert lazycell.load_checkpoint(state, net).naming == "torch"
    assert np.array_equal(net.one[0].gamma.asnumpy(), state[f"{shared[0]}.0.weight"])
    assert np.array_equal(net.head.weight.asnumpy(), state[tied[0]])


class Convolutions(nn.Cell):
    """One convolution at two places."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv1d(2, 3, 5)
        self.b = self.a


@pytest.mark.parametrize("name", ["a.weight", "b.weight"])
def test_a_form_is_one_under_every_name(name: str) -> None:
    """Which is the same in both, but for the axis of length 1."""
    net = Convolutions()
    lazycell.load_checkpoint({name: array(3, 2, 5)}, net)
    assert np.array_equal(net.a.weight.asnumpy()[:, :, 0], array(3, 2, 5))
    lazycell.load_checkpoint({name: array(3, 2, 1, 5)}, net)
    assert np.array_equal(net.a.weight.asnumpy(), array(3, 2, 1, 5))


def test_copies_that_differ_change_nothing() -> None:
    """As with ties that a class declares."""
    net, state = Shared(), {"table.weight": array(5, 4), "one.0.weight": array(4), "one.0.bias": array(4)}
    before = values(net)
    with pytest.raises(CheckpointMismatchError, match="differ"):
        lazycell.load_checkpoint({**state, "other.0.weight": array(4) + 1}, net)
    assert same(values(net), before)


def test_a_training_step_takes_the_file_of_its_net() -> None:
    """Whose names begin where the net does; the optimizer's own are missing."""
    net = Net()
    step = nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), nn.Momentum(net.trainable_params(), 0.1, 0.9))
    report = lazycell.load_checkpoint(torch_state(), step, missing=["*optimizer.*"])
    assert len(report.loaded) == len(torch_state())
    assert np.array_equal(net.norm.gamma.asnumpy(), torch_state()["norm.weight"])


class Plain(nn.LayerNorm):
    """A subclass that adds nothing."""


class Replaced(nn.LayerNorm):
    """A subclass with a parameter of its own that has PyTorch's name."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__(shape)
        self.weight = Parameter(Tensor(array(4)))


class ThreeAxes(nn.Conv1d):
    """A subclass that keeps its weight as PyTorch does."""

    def __init__(self) -> None:
        super().__init__(2, 3, 5)
        self.weight = Parameter(Tensor(array(3, 2, 5)))


def test_a_subclass_is_what_it_has() -> None:
    """It goes like its base, but for what it has put in the place of something."""
    net = nn.SequentialCell(Plain((4,)), Replaced((4,)), ThreeAxes())
    state = {f"{name}": array(4) + len(name) for name in ("0.weight", "0.bias", "1.gamma", "1.weight", "1.bias")}
    report = lazycell.load_checkpoint({**state, "2.weight": array(3, 2, 5)}, net)
    assert {each.parameter: each.key for each in report.renamed} == {
        "0.gamma": "0.weight",
        "0.beta": "0.bias",
        "1.beta": "1.bias",
    }


class Block(LazyCell):
    w: Param["normal", (4, 4)]
    norm: nn.LayerNorm = child(nn.LayerNorm, (4,))


class Moved(LazyCell):
    inner: Block = child(Block)
    rename({"encoder.{*rest}": "inner.{*rest}"})


class Own(Block):
    rename({"ln.weight": "norm.gamma", "ln.bias": "norm.beta"})


@pytest.mark.parametrize(
    ("cls", "prefix", "words", "whose"),
    [
        (Block, "norm", ("weight", "bias"), "torch"),
        (Block, "norm", ("gamma", "beta"), ""),
        (Moved, "encoder.norm", ("weight", "bias"), "torch"),
        (Moved, "encoder.norm", ("gamma", "beta"), ""),
        (Own, "ln", ("weight", "bias"), ""),
    ],
)
def test_a_plain_cell_inside_a_lazycell(
    cls: Callable[[], Any], prefix: str, words: tuple[str, str], whose: str, tmp_path: Path
) -> None:
    """By either kind of names, moved by the rules around it; what is declared about it counts first."""
    state = {f"{prefix}.{word}": array(4) + len(word) for word in words}
    state[f"{prefix.rpartition('.')[0]}.w".lstrip(".")] = array(4, 4)
    net = cls()
    assert net.load_checkpoint(state).naming == whose
    assert np.array_equal(dict(net.parameters_and_names())[_path(net)].asnumpy(), state[f"{prefix}.{words[0]}"])
    net.save_checkpoint(tmp_path / "m.safetensors")
    assert same(safetensors.numpy.load_file(tmp_path / "m.safetensors"), state)


class Normed(LazyCell):
    norm: nn.BatchNorm1d = child(nn.BatchNorm1d, 4)


class Around(LazyCell):
    inner: Normed = child(Normed)
    rename({"encoder.{*rest}": "inner.{*rest}"})


class Based(LazyCell):
    """A base with a head, for `partial`."""

    base_model_prefix = "model"

    model: Block = child(Block)
    head: Param["normal", (2, 4)]


def test_a_bases_file_has_pytorchs_names_below_the_prefix() -> None:
    """Which `partial` adds; what is whose is seen then."""
    state = {"norm.weight": array(4), "norm.bias": array(4), "w": array(4, 4)}
    net = Based()
    with pytest.warns(lazycell.HeadWarning):
        report = net.load_checkpoint(state, partial=True)
    assert (report.naming, report.new_head) == ("torch", ("head",))
    assert np.array_equal(net.model.norm.gamma.asnumpy(), state["norm.weight"])


def test_what_is_left_out_is_moved_as_well() -> None:
    """By the rules of a LazyCell around the norm."""
    words = ("weight", "bias", "running_mean", "running_var")
    state = {f"encoder.norm.{word}": array(4) for word in words} | {"encoder.norm.num_batches_tracked": np.int64(1)}
    assert Around().load_checkpoint(state).unused == ("encoder.norm.num_batches_tracked",)


def _path(net: Any) -> str:
    return next(name for name, _ in net.parameters_and_names() if name.endswith("gamma"))


# --------------------------------------------------------------------------------------------------------------- saves


def test_a_net_is_saved_under_the_names_that_it_came_from(tmp_path: Path) -> None:
    """But in a `.ckpt`, which MindSpore's loader reads; and as one asks."""
    net, state = Net(), torch_state()
    mindspores = {in_mindspore(name): value for name, value in state.items()}
    lazycell.load_checkpoint(state, net)
    assert same(written(net, tmp_path / "back.safetensors"), state)
    assert same(written(net, tmp_path / "m.safetensors", names="mindspore"), mindspores)
    lazycell.save_checkpoint(net, tmp_path / "m.ckpt")
    other = Net()
    assert ms.load_param_into_net(other, ms.load_checkpoint(str(tmp_path / "m.ckpt"))) == ([], [])
    assert same(values(other), mindspores)
    assert same(written(net, tmp_path / "torch.ckpt", names="torch"), state)
    lazycell.load_checkpoint(mindspores, net)
    assert same(written(net, tmp_path / "again.safetensors"), mindspores)
    assert same(written(net, tmp_path / "torch.safetensors", names="torch"), state)
    with pytest.raises(ValueError, match=r'names=.pytorch.: write "torch"'):
        lazycell.save_checkpoint(net, tmp_path / "no.safetensors", names="pytorch")


class Renamed(LazyCell):
    """Declares how it is stored, and has none of MindSpore's cells."""

    gamma: Param["ones", (3,)]
    rename({"weight": "gamma"})


def test_what_is_declared_is_saved_under_pytorch_s_names_where_no_cell_has_any(tmp_path: Path) -> None:
    """The names that a class declares are the file's, with cells of MindSpore's in it or without."""
    net = Renamed()
    net.init_parameters_data()
    assert written(net, tmp_path / "torch.safetensors", names="torch").keys() == {"weight"}


def test_what_pytorch_does_not_have_is_left_out_as_long_as_it_says_nothing(tmp_path: Path) -> None:
    """Nothing that was learned is lost, though PyTorch has no place for it."""
    state = {"out.weight": array(4), "head.weight": array(2, 4), "head.bias": array(2)}
    net = Adaptive()
    lazycell.load_checkpoint(state, net)
    assert same(written(net, tmp_path / "back.safetensors"), state)
    net.blocks[1].beta.set_data(Tensor(array(4)))
    assert written(net, tmp_path / "more.safetensors").keys() == {*state, "blocks.1.bias"}
    asked = written(Adaptive(), tmp_path / "asked.safetensors", names="torch")
    norms = {f"{path}.{word}" for path in ("out", "blocks.0", "blocks.1") for word in ("weight", "bias")}
    assert asked.keys() == {*norms, "head.weight", "head.bias"}


@pytest.mark.parametrize("spelling", ["weight_{}", "parametrizations.weight.original{}"])
def test_a_weight_normed_layer_is_composed_and_parted_again(spelling: str, tmp_path: Path) -> None:
    """weight = g * v / |v| over all axes but the first, as torch.nn.utils.weight_norm has it."""
    one, other = ("g", "v") if "_" in spelling else ("0", "1")
    g, v = np.abs(array(3, 1)) + 1, array(3, 4)
    state = {f"0.{spelling.format(one)}": g, f"0.{spelling.format(other)}": v, "0.bias": array(3)}
    net = nn.SequentialCell(nn.Dense(4, 3))
    report = lazycell.load_checkpoint(state, net)
    assert [each.how for each in report.rearranged] == [("composed",)]
    expected = g * v / np.linalg.norm(v, axis=1, keepdims=True)
    np.testing.assert_allclose(net[0].weight.asnumpy(), expected, rtol=1e-5)
    assert written(net, tmp_path / "back.safetensors").keys() == state.keys()


# ------------------------------------------------------------------------------------------------------- `torch_names`


@torch_names({"w_in.{*rest}": "up.{*rest}", "scale": "gamma", "mask": lazycell.UNUSED})
class Gated(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.up = nn.SequentialCell(nn.LayerNorm((4,)))
        self.gamma = Parameter(Tensor(array(4)))


@torch_names({"scales": "gamma"})
class Further(Gated):
    pass


@pytest.mark.parametrize(("cls", "scale"), [(Gated, "scale"), (Further, "scales")])
def test_a_cell_of_ones_own_has_the_names_that_it_is_given(cls: type[Gated], scale: str, tmp_path: Path) -> None:
    """A subclass inherits them and changes some; the cells below have theirs."""
    state = {"0.w_in.0.weight": array(4), "0.w_in.0.bias": array(4) + 1, f"0.{scale}": array(4) + 2}
    net = nn.SequentialCell(cls())
    assert lazycell.load_checkpoint({**state, "0.mask": array(1)}, net).unused == ("0.mask",)
    assert same(
        values(net),
        dict(zip(("0.gamma", "0.up.0.gamma", "0.up.0.beta"), [array(4) + 2, array(4), array(4) + 1], strict=True)),
    )
    assert same(written(net, tmp_path / "back.safetensors"), state)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"g": "gama"}, r'"g": "gama".*no `gama`[\s\S]*did you mean `gamma`'),
        ({"g": lazycell.squeezed("gamma", axis=0)}, r"leaves out an axis of length 1, and axis 0"),
        ({"g.weight": "up.0.beta", "g.bias": "gamma", "w_in.0.bias": "up.0.bias"}, None),
    ],
)
def test_rules_are_held_to_the_cell_when_they_are_used(rules: Arrays, message: str | None) -> None:
    """With the line that says them; names are those that the cells below show."""
    cls = torch_names(rules)(type("Tried", (Gated,), {}))
    if message is None:
        cls = torch_names({"w.weight": "up.0.weight", "w.bias": "up.0.bias", "s": "gamma"})(type("Fine", (Gated,), {}))
        report = lazycell.load_checkpoint({"w.weight": array(4), "w.bias": array(4), "s": array(4)}, cls())
        assert len(report.loaded) == 3
        return
    with pytest.raises(DeclarationError, match=message) as caught:
        lazycell.load_checkpoint({"g": array(4)}, cls())
    assert "test_torch_names.py" in str(caught.value)


@pytest.mark.parametrize(
    ("rules", "cls", "message"),
    [
        (["gamma"], Gated, "takes a mapping"),
        ({"g": 3}, Gated, r'"g": 3 is not a name'),
        ({"": "gamma"}, Gated, "PyTorch's name is a string"),
        ({"g": "gamma[q]"}, Gated, "has no sections"),
        ({"g": "gamma", "h": "gamma"}, Gated, "stored twice, as `g` too"),
        ({"g.{*rest}": "up.{*rest}", "h": "up.0.gamma"}, Gated, "stored twice, as `g.{.rest}` too"),
        ({"g.{i}": "gamma"}, Gated, "no inverse"),
        ({"g": "gamma"}, Block, r"write `rename"),
        ({"g": "gamma"}, int, "int is none"),
    ],
)
def test_rules_are_checked_when_they_are_given(rules: Any, cls: type, message: str) -> None:
    """Before any cell is built."""
    with pytest.raises(DeclarationError, match=message):
        torch_names(rules)(cls)
