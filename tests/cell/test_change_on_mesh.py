"""Nets on a mesh that are changed, built again, and given to MindSpore: nothing is silently wrong."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn

import lazycell
from lazycell import CheckpointError, LazyCell, Mesh, Param, child, children, divide, on, when
from lazycell.parameters import part_of
from lazycell.parameters._part import cut


class Linear(LazyCell):
    inputs: int
    outputs: int
    weight: Param["normal", (outputs, inputs)]


class Adapted(LazyCell):
    base: Linear
    down: Param["normal", (2, base.inputs)]


class Layer(LazyCell):
    width: int
    inner: int
    up: Linear = child(Linear, width, inner)
    down: Linear = child(Linear, inner, width)
    act: nn.Cell = child(nn.GELU)


class Net(LazyCell):
    width: int = 4
    inner: int = 8
    depth: int = 3
    words: int = 6
    divide(tp=inner, pp=depth)
    table: Linear = when(on(pp=0), child(Linear, width, words))
    layers: list[Layer] = children(depth, Layer, width, inner)
    head: Linear = when(on(pp=-1), child(Linear, width, words))


TP = Mesh(tp=2, rank=1)
PP = Mesh(pp=3, rank=1)


def made(mesh: Mesh | None = TP, **hyperparameters: Any) -> Net:
    if mesh is None:
        return Net(**hyperparameters)
    with mesh:
        return Net(**hyperparameters)


@pytest.fixture(scope="module")
def values() -> dict[str, np.ndarray]:
    net = made(None)
    net.init_parameters_data(seed=3)
    return {each.name: each.asnumpy() for each in net.get_parameters()}


def check_values(net: Net, values: dict[str, np.ndarray]) -> None:
    for name, each in net.parameters_and_names():
        place = part_of(each)
        np.testing.assert_array_equal(each.asnumpy(), values[name] if place is None else cut(values[name], place))


# ---------------------------------------------------------------------------------------------------- parts put in later


def test_other_parameters_are_not_swapped_in() -> None:
    """Whatever makes them: nobody knows what other ranks have of them; and the net is as it was."""
    net = made()
    before = [(each.name, id(each)) for each in net.get_parameters()]
    for factory in (Adapted, lambda old: Adapted(old), lambda old: Linear(4, 8), lambda old: nn.Dense(4, 4)):
        with pytest.raises(
            ValueError, match=r"^swap: the net was built on Mesh\(tp=2, rank=1\), and layers.0.up.*: nobo"
        ):
            lazycell.swap(net, "*.up", factory)
    with pytest.raises(
        ValueError, match=r"layers.0.up.weight is not there any more: .* Ranks have parts of what classes"
    ):
        lazycell.swap(net, "*.up", lambda old: nn.Identity())
    assert [(each.name, id(each)) for each in net.get_parameters()] == before
    assert net.manifest() == Net.manifest()


def test_cells_with_the_same_parameters_are_swapped_in(values: dict[str, np.ndarray]) -> None:
    """As an activation, which has none; and one that takes over those of the old, and joins ranks: it is on the mesh."""

    class Joined(nn.Cell):
        def __init__(self, old: Linear) -> None:
            super().__init__()
            self.weight = old.weight
            self.leave = lazycell.Leave("tp")

    class Plain(LazyCell):
        size: int = 1

    net = made()
    assert lazycell.swap(net, "*.act", lambda old: nn.ReLU()) == [f"layers.{n}.act" for n in range(3)]
    lazycell.swap(net, "layers.0.act", lambda old: Plain())
    lazycell.swap(net, "*.down", Joined)
    assert net.layers[2].down.leave.parts == 2
    assert net.manifest() == Net.manifest()
    net.load_checkpoint(values)
    check_values(net, values)


def test_below_a_plain_cell_a_net_is_swapped_for_one_of_its_mesh() -> None:
    """It is built whole, and so on the mesh of the other."""
    plain = nn.SequentialCell(made(), nn.ReLU())
    assert lazycell.swap(plain, "0", lambda old: Net(depth=2)) == ["0"]
    assert plain[0].layers[0].up.weight.shape == (4, 4)
    assert lazycell.manifest(plain)["0.layers.1.up.weight"].shape == (8, 4)


def whole_in_place_of_a_part(net: Net) -> None:
    net.layers[0].up = Linear(4, 8)


def another_shape(net: Net) -> None:
    net.head = Linear(4, 5)


def nothing(net: Net) -> None:
    net.layers[1].down = None


def part_of_another_mesh(net: Net) -> None:
    net.layers[0] = made(Mesh(tp=2, rank=0)).layers[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            whole_in_place_of_a_part,
            r"^layers.0.up.weight is \(8, 4\) and should be \(4, 4\) of \(8, 4\), as Net declares it on Mesh\(tp=2, rank=1\)"
            r": was a part of the net replaced after it was built\? Ranks have parts of what classes declare: declare it",
        ),
        (another_shape, r"^head.weight is \(5, 4\) and should be \(6, 4\), as Net"),
        (nothing, r"^layers.1.down.weight is not there and should be \(4, 4\) of \(4, 8\)"),
        (
            part_of_another_mesh,
            r"^layers.0.* was built on Mesh\(tp=2, rank=0\), and the net, which it is in, on Mesh\(tp=2, rank=1\): build",
        ),
    ],
)
def test_what_is_assigned_has_to_be_the_part(
    change: Any, words: str, values: dict[str, np.ndarray], tmp_path: Path
) -> None:
    """Found when the net is loaded, saved or looked at."""
    net = made()
    net.load_checkpoint(values)
    change(net)
    for use in (
        lambda: net.load_checkpoint(values),
        lambda: net.save_checkpoint(tmp_path / "a.safetensors"),
        net.manifest,
    ):
        with pytest.raises(ValueError, match=words):
            use()
    assert not list(tmp_path.iterdir())


def test_what_belongs_to_another_stage_is_not_put_in() -> None:
    """The second stage has no head."""
    net = made(PP)
    net.head = Linear(4, 6)
    with pytest.raises(
        ValueError, match=r"^head.weight is \(6, 4\) and should be on other ranks, as Net declares it on"
    ):
        net.manifest()


def test_a_part_in_a_whole_net_is_found() -> None:
    """A net without a mesh has no ranks to share with."""
    net = made(None)
    net.layers[0] = made().layers[0]
    with pytest.raises(
        ValueError, match=r"^layers.0.* was built on Mesh.*, and the net, which it is in, without a mesh"
    ):
        net.manifest()


def test_what_is_added_is_whole_or_says_its_part(values: dict[str, np.ndarray]) -> None:
    """A plain cell, the same on all ranks, and a net of the mesh, whose manifest is of the whole."""
    net = made()
    net.extra = nn.Dense(3, 3)
    with TP:
        net.other = Net(depth=1)
    manifest = net.manifest()
    assert manifest["extra.weight"].shape == (3, 3)
    assert manifest["other.layers.0.up.weight"].shape == (8, 4)
    assert manifest["other.layers.0.up.weight"].shard == ("tp", None)
    more = {f"other.{name}": each for name, each in values.items() if "layers" not in name or "layers.0" in name}
    more |= {"extra.weight": np.ones((3, 3), np.float32), "extra.bias": np.ones(3, np.float32)}
    net.load_checkpoint({**values, **more})
    check_values(net, {**values, **more})


# ------------------------------------------------------------------------------------------------------------ built again


def test_replaced_nets_are_on_the_mesh() -> None:
    """Of the net, whatever is in force; hyperparameters are built on what is in force."""
    net = made()
    again = lazycell.replace(net, depth=2)
    assert again.__dict__["_lazycell_mesh"] == TP
    assert again.layers[1].up.weight.shape == (4, 4)
    assert len(again.layers) == 2
    with PP:
        assert lazycell.replace(net).__dict__["_lazycell_mesh"] == TP
        assert len(lazycell.replace(net.hyperparameters).layers) == 1
    assert lazycell.replace(net.hyperparameters).layers[0].up.weight.shape == (8, 4)


def test_whatever_is_in_force_a_net_keeps_its_mesh(values: dict[str, np.ndarray], tmp_path: Path) -> None:
    """Loads, copies, manifests; and a whole net is loaded and saved as one."""
    net, alone = made(), made(None)
    with Mesh(tp=4, rank=0):
        for each in (net, copy.deepcopy(net), alone):
            each.load_checkpoint(values)
            check_values(each, values)
            assert each.manifest() == Net.manifest()
        alone.save_checkpoint(tmp_path / "net.safetensors")
    other = made(PP)
    other.load_checkpoint(tmp_path / "net.safetensors")
    check_values(other, values)


@pytest.mark.parametrize("rank", range(3))
def test_patterns_are_of_the_whole_model(rank: int) -> None:
    """Each rank freezes what it has of what is named; all give the same patterns, and none is a mistake."""
    net = made(Mesh(pp=3, rank=rank))
    own = [name for name, _ in net.parameters_and_names() if name.startswith(("layers.1.", "head."))]
    assert lazycell.freeze(net, "layers.1.*", "head.*") == own
    assert {name for name, each in net.parameters_and_names() if not each.requires_grad} == set(own)
    assert net.manifest().digest == Net.manifest().digest
    assert lazycell.unfreeze(net, "layers.1.*", "head.*") == own
    with pytest.raises(ValueError, match="freeze: no parameter has a name like 'layers.3.*'"):
        lazycell.freeze(net, "layers.3.*")


# ------------------------------------------------------------------------------------------------------------ from elsewhere


@pytest.mark.parametrize("mesh", [TP, PP], ids=str)
def test_any_source(mesh: Mesh, values: dict[str, np.ndarray], tmp_path: Path) -> None:
    """A dict of arrays and of tensors, other names, a `.ckpt`; what is lacking is drawn as in the whole."""
    whole = made(None)
    whole.load_checkpoint(values)
    whole.save_checkpoint(tmp_path / "net.ckpt", format="ckpt")
    prefixed = {f"model.{name}": each for name, each in values.items()}
    sources: list[tuple[Any, dict[str, Any]]] = [
        (values, {}),
        ({name: Tensor(each) for name, each in values.items()}, {}),
        (prefixed, {"rename": {"model.{*rest}": "{*rest}"}}),
        (tmp_path / "net.ckpt", {}),
        ({name: each for name, each in values.items() if not name.startswith("head")}, {"missing": "init"}),
    ]
    for source, options in sources:
        net = made(mesh)
        net.load_checkpoint(source, **options)
        net.init_parameters_data(seed=3)
        check_values(net, values)
        other = made(mesh)
        lazycell.load_checkpoint(other, source, **options)
        lazycell.init_parameters_data(other, seed=3)
        check_values(other, values)


# ------------------------------------------------------------------------------------------------- MindSpore's own files


@pytest.mark.parametrize("mesh", [PP, Mesh(pp=3, rank=0)], ids=str)
def test_mindspore_saves_no_stage(mesh: Mesh, values: dict[str, np.ndarray], tmp_path: Path) -> None:
    """Each parameter that is there is whole, and others are not there."""
    net = made(mesh)
    net.load_checkpoint(values)
    words = r"^this rank lacks what other ranks have, .*layers.2.*: MindSpore would save the rest as the whole model: "
    with pytest.raises(CheckpointError, match=words + r"net.save_checkpoint\(path\) saves the model$"):
        ms.save_checkpoint(net, str(tmp_path / "net.ckpt"))
    wrapped = nn.SequentialCell(net)
    with pytest.raises(CheckpointError, match=words + r"lazycell.save_checkpoint\(net, path\) saves the model$"):
        ms.save_checkpoint(wrapped, str(tmp_path / "net.ckpt"))
    with pytest.raises(
        CheckpointError, match=r"MindSpore would export the rest as the whole model: export the model from"
    ):
        ms.export(net, Tensor(np.ones((2, 2), np.float32)), file_name=str(tmp_path / "net"), file_format="MINDIR")
    assert not list(tmp_path.iterdir())


def test_mindspore_saves_what_all_ranks_have(values: dict[str, np.ndarray], tmp_path: Path) -> None:
    """Along `dp` nothing is divided."""
    net = made(Mesh(dp=2, rank=1))
    net.load_checkpoint(values)
    ms.save_checkpoint(net, str(tmp_path / "net.ckpt"))
    assert ms.load_checkpoint(str(tmp_path / "net.ckpt")).keys() == values.keys()
