"""The plan of a rank, from the headers of its own files."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import numpy as np
import pytest
from safetensors.numpy import save_file

from lazycell._errors import CheckpointMismatchError
from lazycell.declaration._declare import child, children, param, tie
from lazycell.declaration._divide import divide
from lazycell.declaration._stored import fused, rename
from lazycell.formats import open_checkpoint
from lazycell.layout._entry import ManifestEntry
from lazycell.loading._all_ranks import files_of
from lazycell.loading._fit import make_plan
from lazycell.loading._own_headers import plan_from_own_headers, reads_own_headers
from lazycell.loading._rank_plan import cut_plan
from lazycell.manifest._grouping import places_on
from lazycell.manifest._manifest import Manifest
from lazycell.manifest._tensors import stored_tensors
from lazycell.mesh import Mesh

from ..manifest.ranked import Ranked
from ..pure import PureCell, manifest


class Attention(PureCell):
    """Is stored as one tensor."""

    width: int
    q = param("normal", (width, 3))
    k = param("normal", (width, 3))
    rename({"qk": fused(q="q", k="k")})


class Tied(PureCell):
    """A head that is the table, on stages, with names of their own in files."""

    width: int = 4
    n_layers: int = 4
    divide(tp=width, pp=n_layers)
    table = param("normal", (8, width))
    head = param("normal", (8, width))
    layers = children(n_layers, Attention, width)
    same = tie("head", "table")
    last = child(Attention, width)


def write(directory: Path, model: Manifest, also: tuple[str, ...] = ()) -> Path:
    """Write a checkpoint, each tensor in a file of its own."""
    weight_map = {}
    shapes = {each.name: each.shape for each in stored_tensors(model)} | {name: model[name].shape for name in also}
    for number, (name, shape) in enumerate(shapes.items()):
        weight_map[name] = f"model-{number:05}.safetensors"
        save_file({name: np.zeros(shape, np.float32)}, directory / weight_map[name])
    path = directory / "model.safetensors.index.json"
    path.write_text(json.dumps({"weight_map": weight_map}))
    return path


@pytest.mark.parametrize(
    ("cls", "also", "mesh"),
    [
        (Ranked, (), Mesh(tp=2, pp=3, ep=2, rank=0)),
        (Tied, (), Mesh(pp=2, tp=2, rank=0)),
        (Tied, ("head",), Mesh(pp=4, rank=0)),
    ],
)
def test_it_is_the_cut_plan_of_the_whole(tmp_path: Path, cls: type, also: tuple[str, ...], mesh: Mesh) -> None:
    """For every rank; and the files that no step reads need not be there."""
    model = manifest(cls)
    path = write(tmp_path, model, also)
    whole = make_plan(model, open_checkpoint(path))
    for rank in range(mesh.ranks):
        places = places_on(model, mesh.at(rank))
        expected = cut_plan(whole, places)
        own, _ = plan_from_own_headers(model, path, places)
        assert own.steps == expected.steps
        assert (own.initialize, own.path, own.nbytes) == (expected.initialize, expected.path, expected.nbytes)
    used = {Path(each) for each in files_of(own.steps)} | {
        Path(part.path)
        for step in own.steps
        for copy in step.same_as
        for part in copy.ranges  # type: ignore[attr-defined]
    }
    for each in tmp_path.glob("*.safetensors"):
        if each not in used:
            each.unlink()
    assert plan_from_own_headers(model, path, places)[0].steps == own.steps
    assert len(used) < len(whole.steps)


def test_other_names(tmp_path: Path) -> None:
    """Where names alone do not say that all is well, every header is read, and what is wrong is told as ever."""
    model = manifest(Ranked)
    path = write(tmp_path, model)
    document = json.loads(path.read_text())
    document["weight_map"]["else"] = document["weight_map"].pop("norm")
    save_file({"else": np.zeros(6, np.float32)}, tmp_path / document["weight_map"]["else"])
    path.write_text(json.dumps(document))
    places = places_on(model, Mesh(pp=5, rank=0))
    assert "norm" not in places
    with pytest.raises(CheckpointMismatchError, match="else"):
        plan_from_own_headers(model, path, places)
    save_file({entry.name: np.zeros(entry.shape, np.float32) for entry in model}, tmp_path / "one.safetensors")
    assert len(plan_from_own_headers(model, tmp_path / "one.safetensors", places)[0].steps) == len(places)


def test_a_shape_that_does_not_fit(tmp_path: Path) -> None:
    """Is told by the rank that has the parameter, and by no other one."""
    model = manifest(Ranked)
    path = write(tmp_path, model)
    shard = json.loads(path.read_text())["weight_map"]["layers.4.norm"]
    save_file({"layers.4.norm": np.zeros(7, np.float32)}, tmp_path / shard)
    mesh = Mesh(pp=5, rank=4)
    with pytest.raises(CheckpointMismatchError, match=r"layers\.4\.norm"):
        plan_from_own_headers(model, path, places_on(model, mesh))
    assert plan_from_own_headers(model, path, places_on(model, mesh.at(3)))[0].steps


def test_from_which_size_on() -> None:
    """Where all ranks' reading of all headers would be more than a twentieth of the checkpoint; rank 0 reads all."""
    entries = tuple(ManifestEntry(f"layers.{i:03}.w", (10_000, 1000), "bfloat16", "zeros") for i in range(100))
    model = Manifest("Net", entries)
    # 2 GB; a header has 100 times 12 letters and what else stands there, which is between 60 and 120.
    assert not reads_own_headers(model, Mesh(dp=100_000_000 // (100 * 132), rank=1))
    assert reads_own_headers(model, Mesh(dp=100_000_000 // (100 * 72), rank=1))
    assert not reads_own_headers(model, Mesh(dp=100_000, rank=0))
    small = attrs.evolve(model, entries=entries[:1])  # of which all headers together are little
    assert not reads_own_headers(small, Mesh(dp=100_000, rank=1))
    assert not reads_own_headers(attrs.evolve(model, entries=()), Mesh(dp=1, rank=0))
