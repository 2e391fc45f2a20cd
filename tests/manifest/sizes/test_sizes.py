"""How much memory a model takes."""

from __future__ import annotations

import time
from typing import Any

import attrs
import pytest

from lazycell.declaration._declare import Buffer, Param, child, children, param, tie
from lazycell.layout._entry import ManifestEntry
from lazycell.manifest._manifest import Manifest
from lazycell.manifest.sizes._sizes import Size

from ...pure import PureCell, manifest


class Layer(PureCell):
    i: int
    o: int
    weight: Any = param("normal", (i, o), shard=("tp", None), tags=("matrix", "decayed"))
    scale: Param["ones", (o,)]
    frozen: Any = param("ones", (o,), "float16", trainable=False, tags=("matrix",))
    running: Buffer["zeros", (o,)]


class Model(PureCell):
    h: int = 8
    first: Any = child(Layer, 16, h)
    layers: Any = children(3, Layer, h, h)
    top: Param["zeros", ()]
    same = tie("layers.1.scale", "layers.0.scale")


def test_total():
    """Buffers and frozen parameters count, a tied parameter once, and nothing is kept for training unasked."""
    sizes = manifest(Model).sizes()
    elements = 1 + 16 * 8 + 3 * 8 + 3 * (8 * 8 + 3 * 8) - 8
    assert sizes.total == Size(16, elements, 4 * elements - 2 * 4 * 8)
    assert (sizes.gradients, sizes.optimizer, sizes.training_bytes) == (0, 0, sizes.total.nbytes)
    assert sizes.rank is None


def test_groups():
    """By dtype, by whether it is trained, by tag (in each of several, untagged last)."""
    sizes = manifest(Model).sizes(gradients=True)
    assert sizes.by_dtype["float16"] == Size(4, 32, 64)
    assert list(sizes.by_dtype) == ["float32", "float16"]
    assert sizes.by_trainable["not trainable"] == Size(8, 64, 64 + 128)
    assert sizes.by_trainable["trainable"].gradients == sizes.by_trainable["trainable"].nbytes == sizes.gradients
    assert list(sizes.by_tag) == ["matrix", "decayed", None]
    assert sizes.by_tag["matrix"] == sizes.by_tag["decayed"] + sizes.by_dtype["float16"]
    assert sizes.by_tag[None].parameters == 8
    for groups in (sizes.by_dtype, sizes.by_trainable, sizes.by_module(), sizes.by_module(2)):
        assert sum(groups.values(), Size()) == sizes.total


def test_by_module():
    """By the path of the cell, to a depth; what the model holds itself under the empty path."""
    sizes = manifest(Model).sizes()
    assert set(sizes.by_module()) == {"", "first", "layers"}
    assert set(sizes.by_module(2)) == {"", "first", "layers.0", "layers.1", "layers.2"} == set(sizes.by_module(9))
    assert sizes.by_module()[""] == Size(1, 1, 4)


@pytest.mark.parametrize("depth", [0, -1, True, "1", 1.0])
def test_no_depth(depth):
    """A depth is a whole number."""
    with pytest.raises(
        ValueError, match=f"depth={depth!r}: write how many names of a module's path to keep, 1 or more"
    ):
        manifest(Model).sizes().by_module(depth)


def test_optimizer():
    """Moments of what is trained, and the scalars in the total alone."""
    sizes = manifest(Model).sizes(optimizer="Adam")
    trained = sizes.by_trainable["trainable"]
    assert sizes.optimizer_name == "adam"
    assert trained.optimizer == 2 * trained.nbytes
    assert sizes.by_trainable["not trainable"].optimizer == 0
    assert sizes.optimizer == trained.optimizer + 16
    assert sizes.training_bytes == sizes.total.nbytes + sizes.optimizer


def test_one_rank():
    """What is divided is divided, with its gradients and moments; the others are whole, and named."""
    sizes = manifest(Model).sizes(optimizer="momentum", gradients=True, mesh={"dp": 3, "tp": 4})
    rank, weights = sizes.rank, sizes.by_tag["decayed"]
    saved = weights.nbytes - weights.nbytes // 4
    assert rank.ranks == 12
    assert rank.mesh == {"dp": 3, "tp": 4}
    assert rank.unused == ("dp",)
    assert rank.size.parameters == sizes.total.parameters
    assert rank.size.nbytes == sizes.total.nbytes - saved
    assert rank.size.gradients == sizes.gradients - saved
    assert rank.size.optimizer == sizes.optimizer - saved
    assert rank.size.elements == sizes.total.elements - saved // 4
    assert rank.replicated == tuple(each.name for each in manifest(Model) if not each.name.endswith("weight"))
    assert rank.replicated_nbytes == sizes.total.nbytes - weights.nbytes


def test_axes_of_one():
    """An axis of one rank divides nothing, and is used all the same."""
    rank = manifest(Model).sizes(mesh={"tp": 1}).rank
    assert (rank.ranks, rank.unused, len(rank.replicated)) == (1, (), 16)
    assert rank.size == manifest(Model).sizes().total


def test_errors_come_through():
    """What is wrong with optimizer, mesh and shard is refused."""
    with pytest.raises(ValueError, match="is not an optimizer that lazycell knows"):
        manifest(Model).sizes(optimizer="none")
    with pytest.raises(ValueError, match="'first.weight' is divided over the axis 'tp', which the mesh lacks"):
        manifest(Model).sizes(mesh={"dp": 2})
    with pytest.raises(ValueError, match="dimension 0, 16, cannot be divided into 3 equal parts"):
        manifest(Model).sizes(mesh={"tp": 3})
    with pytest.raises(TypeError, match="is not a mapping"):
        manifest(Model).sizes(mesh=[8])


def test_of_a_checkpoint():
    """A checkpoint does not say what is trained: its floats are taken for it, and nothing else."""
    entries = (ManifestEntry("w", (4,), "bfloat16", ""), ManifestEntry("ids", (4,), "int64", ""))
    sizes = Manifest("file", entries, declared=False).sizes(gradients=True)
    assert sizes.gradients == sizes.by_dtype["bfloat16"].nbytes
    assert not sizes.declared


def test_nothing():
    """A model without parameters takes nothing."""
    assert Manifest("Empty", ()).sizes(mesh={"dp": 2}).total == Size()


def test_many_parameters():
    """100,000 parameters take no time that anybody notices."""
    entry = ManifestEntry("w", (16, 16), "float32", "zeros", shard=("tp", None), tags=("a",))
    many = Manifest("Many", tuple(attrs.evolve(entry, name=f"layers.{i}.w") for i in range(100_000)))
    started = time.perf_counter()
    sizes = many.sizes(optimizer="adam", gradients=True, mesh={"tp": 2, "dp": 2})
    assert str(sizes)
    assert sizes.to_json()
    assert sizes._repr_html_()
    assert time.perf_counter() - started < 10
    assert sizes.rank.size.nbytes * 2 == sizes.total.nbytes
