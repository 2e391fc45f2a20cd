"""Tests of `lazycell.manifest._manifest`."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell._dtypes import ITEMSIZES
from lazycell.layout._entry import ManifestEntry
from lazycell.layout._layout import Block
from lazycell.manifest._manifest import Manifest

entries = st.builds(
    ManifestEntry,
    name=st.sampled_from(["a", "b.c", "layers.0.w", "layers.1.w", "é"]),
    shape=st.lists(st.integers(1, 9), max_size=3).map(tuple),
    dtype=st.sampled_from(["float32", "bfloat16", "int64", "bool"]),
    initializer=st.sampled_from(["normal", "1.0"]),
    trainable=st.booleans(),
)
manifests = st.lists(entries, unique_by=lambda entry: entry.name).map(lambda all_: Manifest("Net", tuple(all_)))


@given(entries)
def test_the_size_of_an_entry(entry: ManifestEntry) -> None:
    """Elements are the product of the dimensions, one for a scalar; bytes count the dtype."""
    count = 1
    for dimension in entry.shape:
        count *= dimension
    assert entry.size == count
    assert entry.nbytes == count * ITEMSIZES[entry.dtype]


@given(manifests)
def test_a_manifest_is_a_collection_of_entries(manifest: Manifest) -> None:
    """In order, by name, and by number."""
    assert list(manifest) == list(manifest.entries)
    assert len(manifest) == len(manifest.entries)
    for entry in manifest:
        assert entry.name in manifest
        assert manifest[entry.name] is entry
    assert "nowhere" not in manifest


@given(manifests)
def test_totals(manifest: Manifest) -> None:
    """They are sums over the entries."""
    assert manifest.size == sum(entry.size for entry in manifest)
    assert manifest.nbytes == sum(entry.nbytes for entry in manifest)


def test_a_tied_name_leads_to_the_parameter_that_is_stored() -> None:
    """It is no entry of its own."""
    entry = ManifestEntry("embed.w", (3, 2), "float32", "normal")
    manifest = Manifest("Net", (entry,), ties={"head.w": "embed.w"})
    assert manifest["head.w"] is entry
    assert "head.w" in manifest
    assert manifest.size == 6
    with pytest.raises(KeyError, match="nowhere"):
        manifest["nowhere"]


@given(manifests, st.randoms())
def test_the_digest_tells_whether_checkpoints_can_be_exchanged(manifest: Manifest, random: object) -> None:
    """It depends on names, shapes, dtypes and ties; not on the order, on initializers or on who declared what."""
    shuffled = list(manifest.entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other = [attrs.evolve(entry, initializer="ones", declared_by="A.w", tags=("x",)) for entry in shuffled]
    assert Manifest("Other", tuple(other), hyperparameters={"n": 3}).digest == manifest.digest
    for k, entry in enumerate(manifest.entries):
        for change in ({"name": "new"}, {"shape": (*entry.shape, 1)}, {"dtype": "float16"}):
            changed = (*manifest.entries[:k], attrs.evolve(entry, **change), *manifest.entries[k + 1 :])
            assert attrs.evolve(manifest, entries=changed).digest != manifest.digest
    assert attrs.evolve(manifest, ties={"x": "a"}).digest != manifest.digest


def test_equal_manifests_are_equal() -> None:
    """By value, hyperparameters included."""
    entry = ManifestEntry("w", (3,), "float32", "normal")
    assert Manifest("Net", (entry,)) == Manifest("Net", (attrs.evolve(entry),))
    assert Manifest("Net", (entry,)) != Manifest("Net", (attrs.evolve(entry, shape=(4,)),))
    assert Manifest("Net", (entry,)) != Manifest("Net", (entry,), hyperparameters={"n": 3})


def test_sections_are_blocks_of_the_entry() -> None:
    """Each with its axis and its place, in order."""
    entry = ManifestEntry(
        "w", (3, 4), "float32", "zeros", sections=((0, (("a", 1), ("b", 2))), (1, (("c", 1), ("d", 3))))
    )
    assert entry.block == Block("w", (3, 4), "float32")
    assert entry.section_blocks == {
        "a": (0, Block("w", (1, 4), "float32", ((0, 1), (0, 4)), "a")),
        "b": (0, Block("w", (2, 4), "float32", ((1, 3), (0, 4)), "b")),
        "c": (1, Block("w", (3, 1), "float32", ((0, 3), (0, 1)), "c")),
        "d": (1, Block("w", (3, 3), "float32", ((0, 3), (1, 4)), "d")),
    }
