"""The life of a parameter that is a part: whatever makes another of it makes a part."""

from __future__ import annotations

import copy
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mindspore as ms
import pytest
from mindspore import ParameterTuple, Tensor, nn

import lazycell
from lazycell import CheckpointError
from lazycell.mesh import Mesh, Place
from lazycell.parameters import mark_part, part_of
from lazycell.parameters._part import CARRIED
from tests.versions import convert

from .parts import COLUMNS, ROWS, Net, bits, cut, net_of, place, whole_net

MESH = Mesh(tp=2, rank=1)
UP, DOWN = place(ROWS, MESH), place(COLUMNS, MESH)


@pytest.fixture(params=[False, True], ids=["declared", "filled"])
def net(request: pytest.FixtureRequest) -> Net:
    """Give a rank's net, without values and with."""
    made = net_of(MESH)
    if request.param:
        made.init_parameters_data(seed=1)
    return made


@pytest.fixture
def filled() -> Net:
    """Give one with values."""
    made = net_of(MESH)
    made.init_parameters_data(seed=1)
    return made


def places(net: nn.Cell) -> dict[str, Place | None]:
    """Give what each parameter is."""
    return {name: part_of(parameter) for name, parameter in net.parameters_and_names()}


EXPECTED = {"up": UP, "down": DOWN, "norm": None}

COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda each: pickle.loads(pickle.dumps(each)),
    "again": lambda each: copy.deepcopy(pickle.loads(pickle.dumps(copy.deepcopy(each)))),
}


@pytest.mark.parametrize("way", COPIES)
def test_copies_of_nets_and_of_parameters_are_parts(net: Net, way: str) -> None:
    assert places(COPIES[way](net)) == EXPECTED
    assert part_of(COPIES[way](net.up)) == UP


def test_copies_keep_what_else_is_known_of_ranks(net: Net) -> None:
    for name in CARRIED[1:]:
        net.up.__dict__[name] = f"what {name} says"
    for made in (copy.deepcopy(net).up, pickle.loads(pickle.dumps(net.up)), net.up.clone("zeros")):
        assert {name: made.__dict__[name] for name in CARRIED} == {name: net.up.__dict__[name] for name in CARRIED}


def test_a_copy_of_a_declared_part_draws_the_same_values() -> None:
    first = net_of(MESH)
    second, third = copy.deepcopy(first), pickle.loads(pickle.dumps(first))
    for each in (first, second, third):
        each.init_parameters_data(seed=4)
    assert bits(first.up) == bits(second.up) == bits(third.up)


CHANGES: dict[str, Callable[[Net], object]] = {
    "to": lambda net: convert(net, ms.float16),
    "to_float": lambda net: net.to_float(ms.float16),
    "set_dtype": lambda net: [each.set_dtype(ms.bfloat16) for each in net.get_parameters()],
    "set_data": lambda net: net.up.set_data(ms.mint.ones(UP.shape)),
    "an initializer": lambda net: net.up.set_data(ms.common.initializer.initializer("ones", UP.shape)),
    "data": lambda net: setattr(net.up, "data", ms.mint.ones(UP.shape)),
    "assign_value": lambda net: net.up.assign_value(ms.mint.ones(UP.shape)),
    "an operator": lambda net: ms.ops.assign(net.up, ms.mint.ones(UP.shape)),
    "all of it": lambda net: net.up.__setitem__(slice(None), 1),
    "init": lambda net: net.init_parameters_data(seed=1),
    "to_empty": lambda net: net.to_empty(),
    "given up and drawn": lambda net: (net.init_parameters_data(1), net.to_empty(), net.init_parameters_data(1)),
    "freeze": lambda net: lazycell.freeze(net, "up"),
    "a name": lambda net: setattr(net.up, "name", "other"),
    "a load": lambda net: lazycell.init_parameters_data(net, 3),
    "a parent": lambda net: nn.SequentialCell(net),
}


@pytest.mark.parametrize("way", CHANGES)
def test_whatever_changes_a_part_leaves_it_one(net: Net, way: str) -> None:
    CHANGES[way](net)
    assert places(net) == EXPECTED
    assert net.up.shape == UP.shape


def test_dicts_of_parameters_have_parts(net: Net) -> None:
    assert {name: part_of(each) for name, each in net.parameters_dict().items()} == EXPECTED
    kept = net.state_dict(keep_vars=True)
    assert {name: part_of(each) for name, each in kept.items()} == EXPECTED


def test_what_a_swapped_child_keeps_is_a_part(net: Net) -> None:
    class Outer(nn.Cell):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner = net

    class Wrapped(nn.Cell):  # type: ignore[misc]
        def __init__(self, child: nn.Cell) -> None:
            super().__init__()
            self.child = child

    outer = Outer()
    lazycell.swap(outer, "inner", Wrapped)
    assert list(places(outer).values()) == [UP, DOWN, None]


# ------------------------------------------------------------------------------------------ what is made of it


OPTIMIZERS: dict[str, Callable[[Any], nn.Cell]] = {
    "nn.Adam": lambda net: nn.Adam(net.trainable_params()),
    "nn.AdamWeightDecay": lambda net: nn.AdamWeightDecay(net.trainable_params()),
    "nn.Momentum": lambda net: nn.Momentum(net.trainable_params(), 0.1, 0.9),
    "nn.Lamb": lambda net: nn.Lamb(net.trainable_params(), 0.1),
    "mint.optim.AdamW": lambda net: ms.mint.optim.AdamW(net.trainable_params(), amsgrad=True),
}


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_states_of_optimizers_are_divided_as_their_parameters_are(net: Net, kind: str) -> None:
    optimizer = OPTIMIZERS[kind](net)
    names = {"up", "down"}
    states = [each for each in lazycell.status(optimizer).values() if each.name.rpartition(".")[2] in names]
    of_states = [each for each in states if each.name not in names]
    assert of_states
    assert {each.whole for each in states} == {(24, 16)}
    assert {each.shape for each in states} == {UP.shape, DOWN.shape}
    again = pickle.loads(pickle.dumps([part_of(each) for each in net.get_parameters()]))
    assert again == list(EXPECTED.values())


@pytest.mark.parametrize("start", ["zeros", "same"])
def test_clones_are_parts(filled: Net, start: str) -> None:
    clones = ParameterTuple(filled.get_parameters()).clone(prefix="m", init=start)
    assert [part_of(each) for each in clones] == list(EXPECTED.values())
    assert [part_of(copy.deepcopy(each)) for each in clones] == list(EXPECTED.values())
    assert [part_of(pickle.loads(pickle.dumps(each))) for each in clones] == list(EXPECTED.values())


def test_a_clone_that_begins_with_something_else_has_the_whole_s_values(filled: Net) -> None:
    whole = whole_net()
    whole.init_parameters_data(seed=1)
    found = []
    for parameter in (filled.down, whole.down):
        ms.set_seed(3)
        found.append(parameter.clone("he_uniform"))
    assert bits(found[0]) == cut(found[1], DOWN).tobytes()


def test_a_state_without_values_stays_a_part_when_it_gets_them() -> None:
    state = net_of(MESH).up.clone("zeros")
    assert part_of(copy.deepcopy(state)) == UP
    assert part_of(pickle.loads(pickle.dumps(state))) == UP
    assert not state.asnumpy().any()
    assert part_of(state) == UP


# ------------------------------------------------------------------------------------------ other shapes are refused


def of_whole() -> Tensor:
    """Give values of the whole's shape."""
    return ms.mint.ones(UP.whole)


GIVEN: dict[str, Callable[[Any], object]] = {
    "set_data": lambda up: up.set_data(of_whole()),
    "slice_shape": lambda up: up.set_data(of_whole(), slice_shape=True),
    "data": lambda up: setattr(up, "data", of_whole()),
    "assign_value": lambda up: up.assign_value(of_whole()),
}


@pytest.mark.parametrize("way", GIVEN)
def test_values_of_the_whole_are_refused(net: Net, way: str) -> None:
    for parameter in (net.up, net.up.clone("zeros")):
        with pytest.raises(ValueError, match=r"has a part of it, \(12, 16\) of \(24, 16\).*net\.load_checkpoint"):
            GIVEN[way](parameter)
        assert parameter.shape == UP.shape


def test_an_index_in_a_constructor_is_refused() -> None:
    class Padded(Net):
        def __post_init__(self) -> None:
            mark_part(self.up, UP)
            self.up[0] = 0

    with pytest.raises(ValueError, match=r"'up'.*\(12, 16\) of \(24, 16\).*function of the whole shape"):
        Padded(rows=12, columns=16)


# ------------------------------------------------------------------------------------------ MindSpore's own files


def test_mindspore_s_save_is_refused(net: Net, tmp_path: Path) -> None:
    words = (
        r"^this rank has a part of 2 of 3 parameters: MindSpore would save \(12, 16\) as the whole \(24, 16\): "
        r"net\.save_checkpoint\(path\) saves the model$"
    )
    named = [{"name": each.name, "data": each} for each in net.get_parameters()]
    for saved in (net, list(net.get_parameters()), net.parameters_dict(), named):
        for how in ({}, {"async_save": True}, {"async_save": "process"}, {"format": "safetensors"}):
            with pytest.raises(CheckpointError, match=words):
                ms.save_checkpoint(saved, str(tmp_path / "net.ckpt"), **how)
    assert not os.listdir(tmp_path)


def test_a_plain_cell_s_save_names_the_function(filled: Net, tmp_path: Path) -> None:
    optimizer = nn.Adam(filled.trainable_params())
    with pytest.raises(CheckpointError, match=r"lazycell\.save_checkpoint\(net, path\) saves the model"):
        ms.save_checkpoint(optimizer, str(tmp_path / "adam.ckpt"))
    with pytest.raises(CheckpointError, match="a part of 1 of 2 parameters"):
        ms.save_checkpoint([filled.norm], str(tmp_path / "more.ckpt"), append_dict={"up": filled.up})


def test_what_this_rank_has_all_of_is_saved(filled: Net, tmp_path: Path) -> None:
    path = str(tmp_path / "norm.ckpt")
    ms.save_checkpoint(filled, path, choice_func=lambda name: name == "norm")
    assert list(ms.load_checkpoint(path)) == ["norm"]


def test_mindspore_s_export_is_refused(filled: Net, tmp_path: Path) -> None:
    level = ms.get_context("jit_syntax_level")
    with pytest.raises(
        CheckpointError, match=r"would export \(12, 16\) as the whole \(24, 16\): export the model from"
    ):
        ms.export(filled, ms.mint.ones((16,)), file_name=str(tmp_path / "net"), file_format="MINDIR")
    assert ms.get_context("jit_syntax_level") == level
    assert not os.listdir(tmp_path)


def test_mindspore_s_load_is_refused_before_anything_changes(net: Net, tmp_path: Path) -> None:
    whole, path = whole_net(), str(tmp_path / "whole.ckpt")
    whole.init_parameters_data(seed=8)
    ms.save_checkpoint(whole, path)
    before = {name: each.state for name, each in lazycell.status(net).items()}
    words = r"'up': this rank has a part of it, \(12, 16\) of \(24, 16\), and MindSpore would give it \(24, 16\): "
    words += r"net\.load_checkpoint\(path\)"
    for load in (
        lambda: ms.load_checkpoint(path, net=net),
        lambda: ms.load_param_into_net(net, ms.load_checkpoint(path)),
    ):
        with pytest.raises(CheckpointError, match=words):
            load()
    assert {name: each.state for name, each in lazycell.status(net).items()} == before


def test_the_same_parts_are_loaded_and_other_parts_are_not(filled: Net) -> None:
    """Best weights that a callback has kept, for example."""
    kept = copy.deepcopy(filled).parameters_dict()
    filled.up.set_data(ms.mint.zeros(UP.shape))
    ms.load_param_into_net(filled, kept)
    assert bits(filled.up) == bits(kept["up"])
    other = net_of(Mesh(tp=2, rank=0))
    other.init_parameters_data(seed=1)
    with pytest.raises(CheckpointError, match="was given another part"):
        ms.load_param_into_net(filled, other.parameters_dict())


def test_nets_without_parts_are_saved_and_loaded_as_ever(tmp_path: Path) -> None:
    net, path = whole_net(), str(tmp_path / "whole.ckpt")
    net.init_parameters_data(seed=8)
    ms.save_checkpoint(net, path)
    other = whole_net()
    ms.load_checkpoint(path, net=other)
    assert bits(other.up) == bits(net.up)


# ------------------------------------------------------------------------------------------ what is said


def test_status_shows_both_shapes(net: Net) -> None:
    status = lazycell.status(net)
    assert status["up"].shape == (12, 16)
    assert status["up"].whole == (24, 16)
    assert status["up"].nbytes == 12 * 16 * 4
    assert status["norm"].whole is None
    rows = {line.split()[0]: line for line in str(status).splitlines() if line.strip()}
    assert "(12, 16) of (24, 16)" in rows["up"]
    assert "(24, 8) of (24, 16)" in rows["down"]
    assert " of " not in rows["norm"]
    assert "(12, 16) of (24, 16)" in status._repr_html_()


def test_nets_are_printed_with_both_shapes(net: Net) -> None:
    assert "up (12, 16) of (24, 16), down (24, 8) of (24, 16), norm (7,)" in repr(net)
