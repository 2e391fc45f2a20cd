"""Manifests to hold against each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

from lazycell.layout._entry import ManifestEntry
from lazycell.manifest._manifest import Manifest


def entry(name: str, shape: tuple[int, ...] = (2, 3), **more: Any) -> ManifestEntry:
    """Give a parameter as `Linear` declares one."""
    declared: dict[str, Any] = {
        "dtype": "float32",
        "initializer": "normal",
        "expression": "(out, in)",
        "declared_by": "Linear.weight",
    }
    return ManifestEntry(name, shape, **declared | more)


def net(*entries: ManifestEntry | str, **more: Any) -> Manifest:
    """Give a model of these parameters."""
    return Manifest("Net", tuple(entry(each) if isinstance(each, str) else each for each in entries), **more)


def checkpoint(*shapes: tuple[str, tuple[int, ...]], dtype: str = "float32") -> Manifest:
    """Give what the headers of a file tell."""
    entries = tuple(ManifestEntry(name, shape, dtype, "") for name, shape in shapes)
    return Manifest("net.safetensors", entries, declared=False)


def layers(count: int, *words: str, shape: tuple[int, ...] = (2, 3)) -> list[ManifestEntry]:
    """Give `layers.{0..}.word.weight` for each of the words."""
    return [entry(f"layers.{k}.{word}.weight", shape) for k in range(count) for word in words]


def named(entries: Iterable[ManifestEntry]) -> list[str]:
    """Give their names."""
    return [each.name for each in entries]


def pairs(changes: Iterable[Any]) -> dict[str, str]:
    """Give old names and new."""
    return {change.old.name: change.new.name for change in changes}


_words = st.sampled_from(["a", "b", "q", "query", "layers", "0", "1", "2", "10", "x1", "x2", "weight", "é", "\x1b", ""])
names = st.lists(_words, min_size=1, max_size=4).map(".".join)
"""Names with indices, numbers in words, and what is no word at all; many of them look alike."""

_entries = st.builds(
    ManifestEntry,
    name=names,
    shape=st.sampled_from([(), (2,), (2, 3), (3, 2)]),
    dtype=st.sampled_from(["float32", "float16"]),
    initializer=st.sampled_from(["normal", "zeros"]),
    trainable=st.booleans(),
    expression=st.sampled_from([None, "(out, in)", "(dim,)"]),
    declared_by=st.sampled_from([None, "Linear.weight"]),
    tags=st.sampled_from([(), ("norm",)]),
)
manifests = st.builds(
    Manifest,
    model=st.sampled_from(["A", "B"]),
    entries=st.lists(_entries, unique_by=lambda each: each.name, max_size=12).map(tuple),
    hyperparameters=st.dictionaries(st.sampled_from(["n", "m"]), st.integers(0, 3) | st.builds(object)),
    declared=st.booleans(),
)
