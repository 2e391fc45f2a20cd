"""Tests of `lazycell.cell._planning`. With nets of MindSpore: `tests/cell/test_layouts.py`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from lazycell import LazyCell, divide
from lazycell.cell._planning import plan
from lazycell.declaration._declare import Param
from lazycell.manifest import Manifest, places_on
from lazycell.mesh import Mesh

from ..manifest.ranked import Ranked
from ..pure import PureCell, manifest


class Net(PureCell):
    """One parameter."""

    n: int
    w: Param["normal", (n,)]


def test_a_manifest_is_planned_for(tmp_path: Path) -> None:
    """From a file or a dict, with the arguments of a load; nothing is filled."""
    path = tmp_path / "net.safetensors"
    save_file({"p.w": np.zeros(3, np.float16), "x": np.zeros(1)}, path)
    arguments: dict[str, Any] = {"rename": {"p.{*rest}": "{*rest}"}, "unexpected": ["x"]}
    found = plan(manifest(Net, 3), path, **arguments)
    assert [(step.parameter, step.key, step.dtype) for step in found.steps] == [("w", "p.w", "float32")]
    assert found.ignored == ("x",)
    (step,) = plan(manifest(Net, 3), {"w": np.zeros(3, np.float16)}, dtype="checkpoint").steps
    assert step.dtype == "float16"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            Net,
            "plan() takes a net or a manifest, not the class Net: write `plan(Net.manifest(…), path)`, with its "
            "hyperparameters",
        ),
        (dict, "plan() takes a net or a manifest, not the class dict"),
        ("net", "plan() takes a net or a manifest, not 'net'"),
    ],
)
def test_anything_else_is_refused(model: Any, message: str) -> None:
    """A class has to be given its hyperparameters first."""
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        plan(model, {})


def tensors(model: Manifest) -> dict[str, Any]:
    """Give zeros for every parameter."""
    return {entry.name: np.zeros(entry.shape, np.float32) for entry in model}


def test_a_rank_of_a_mesh(tmp_path: Path) -> None:
    """It is planned for what that rank has, and no more of the file is read; the table says of what it has a part."""
    model = manifest(Ranked)
    save_file(tensors(model), tmp_path / "net.safetensors")
    mesh = Mesh(pp=2, tp=4, rank=7)
    found = plan(model, tmp_path / "net.safetensors", mesh=mesh)
    places = places_on(model, mesh)
    assert [step.parameter for step in found.steps] == [entry.name for entry in model if entry.name in places]
    assert found.nbytes == model.sizes(mesh=mesh).rank.own.nbytes  # type: ignore[union-attr]
    rows = [line.split("  ") for line in str(found).splitlines()]
    head = next([cell.strip() for cell in row if cell] for row in rows if "head.weight" in "".join(row))
    assert head[:2] == ["head.weight", "(12, 6) of (48, 6)"]
    assert "embed.weight" not in str(found)


@pytest.mark.parametrize(
    ("mesh", "error", "message"),
    [
        (Mesh(tp=5, rank=3), ValueError, "Ranked: vocab=48 cannot be divided into 5 equal parts"),
        (Mesh(tq=2, rank=1), ValueError, "mesh has the axis 'tq', along which nothing of Ranked is divided"),
        ({"tp": 2}, TypeError, "mesh={'tp': 2} is no mesh: write which rank of which, mesh=Mesh(tp=8, rank=3)"),
    ],
)
def test_a_mesh_that_cannot_be(mesh: Any, error: type[Exception], message: str) -> None:
    """It is refused before any file is opened."""
    with pytest.raises(error, match=re.escape(message)):
        plan(manifest(Ranked), "nowhere.safetensors", mesh=mesh)


class Halved(LazyCell):
    """A matrix of which ranks have rows."""

    n: int
    divide(tp=n)
    w: Param["normal", (n, 2)]


def test_a_net_on_a_mesh() -> None:
    """Its plan is that of its rank, asked or not; of another rank it has no part, and its manifest says as much."""
    with Mesh(tp=2, rank=1) as mesh:
        net = Halved(6)
    values = {"w": np.zeros((6, 2), np.float32)}
    for found in (plan(net, values), plan(net, values, mesh=mesh), plan(net.manifest(), values, mesh=mesh)):
        (step,) = found.steps
        assert step.part is not None
        assert (step.tensor.shape, step.part.place.ranges[0]) == ((3, 2), ((3, 6),))
    with pytest.raises(
        ValueError, match=re.escape("on Mesh(tp=2, rank=1), and the plan is asked for on Mesh(tp=2, ra")
    ):
        plan(net, values, mesh=mesh.at(0))
    assert len(plan(Halved(6), values, mesh=mesh).steps) == 1
