"""Random manifests that JSON can hold, and some that have everything a manifest can have."""

from __future__ import annotations

import json
from typing import Any

import attrs
from hypothesis import strategies as st

from lazycell import divide, on
from lazycell.history._migration import Migration
from lazycell.layout import BaseModel, Leftover
from lazycell.layout._entry import ManifestEntry
from lazycell.layout._layout import Stored
from lazycell.manifest._caches import KeyValueCache
from lazycell.manifest._manifest import Manifest

from ..layout.forms import stored_tensors
from ..pure import (
    PureCell,
    buffer,
    child,
    children,
    fused,
    key_value_cache,
    manifest,
    param,
    rename,
    tie,
    transposed,
    when,
)

TEXT = st.text(max_size=8)
_SEGMENTS = st.sampled_from(
    ["0", "1", "2", "10", "a", "b", "layers", "007", "{0..1}", "{x}", "", "é|`<b>", "\x1b\n\u202e"]
)
NAMES = st.lists(_SEGMENTS, min_size=1, max_size=5).map(".".join)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def entries(draw: st.DrawFn, name: str, declared: bool) -> ManifestEntry:
    """Give a parameter of this name."""
    shape = tuple(draw(st.lists(st.integers(0, 9), max_size=3)))
    entry = ManifestEntry(name, shape, draw(st.sampled_from(["float32", "bfloat16", "bool", "complex128"])), "")
    if not declared:
        return entry if draw(st.booleans()) else attrs.evolve(entry, dtype="F4", packed_bytes=draw(st.integers(0, 99)))
    sections = [(axis, (("q", size - 1), ("k", 1))) for axis, size in enumerate(shape) if size and draw(st.booleans())]
    axes = st.none() | TEXT | st.lists(TEXT, max_size=2).map(tuple)
    return attrs.evolve(
        entry,
        initializer=draw(st.sampled_from(["normal", "1.0", ""])),
        trainable=draw(st.booleans()),
        expression=draw(st.none() | TEXT),
        declared_by=draw(st.none() | TEXT),
        declared_at=draw(st.none() | TEXT),
        shard=draw(st.none() | st.lists(axes, max_size=3).map(tuple)),
        tags=tuple(draw(st.lists(TEXT, max_size=2))),
        sections=tuple(sections),
    )


_COUNTS = st.integers(1, 9)
_CACHES = st.builds(
    KeyValueCache,
    NAMES,
    *(_COUNTS, _COUNTS, _COUNTS),
    st.sampled_from(["float16", "float32"]),
    st.none() | _COUNTS,
    st.booleans(),
)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    """Give any manifest that contradicts itself nowhere."""
    declared = draw(st.booleans())
    names = draw(st.lists(NAMES, unique=True, max_size=12))
    own = [draw(entries(name, declared)) for name in names]
    stored, shapes = draw(stored_tensors())
    own += [ManifestEntry(name, shape, "float32", "zeros") for name, shape in shapes.items() if name not in names]
    kinds = st.builds(
        Migration,
        cell=TEXT.filter(bool),
        rename=st.sampled_from(
            [{"a": "b"}, {"{x}.w": "{x}.v", "c": "d"}, {"é|`<b>": "\x1b\n\u202e"}, {"a": "b", "b": "a"}]
        ),
        reason=TEXT,
        created=st.dates().map(lambda day: f"{day}T10:00:00Z"),
        file=TEXT,
        prefixes=st.lists(TEXT, max_size=2).map(tuple),
    )
    ties = draw(st.dictionaries(TEXT, st.sampled_from([entry.name for entry in own]), max_size=3))
    return Manifest(
        model=draw(TEXT),
        entries=tuple(own),
        ties={target: source for target, source in ties.items() if target not in {entry.name for entry in own}},
        computed=frozenset(draw(st.lists(TEXT, max_size=2))),
        hyperparameters=draw(st.dictionaries(TEXT, JSON_VALUES, max_size=3)),
        stored=(stored,) if draw(st.booleans()) else (),
        copies=(Stored("copy", stored.form),) if draw(st.booleans()) else (),
        stream_version=draw(st.integers(1, 3)),
        declared=declared,
        migrations=tuple(draw(st.lists(kinds, max_size=2))),
        caches=tuple(draw(st.lists(_CACHES, max_size=3))),
    )


class Attention(PureCell):
    """Stored as GPT-2 does: one tensor for three parameters, turned round."""

    n: int
    q = param("normal", (n, n), shard=("tp", None), tags=("attention",))
    k = param("normal", (n, n))
    v = param("normal", (n, n))
    both = param("zeros", (fused(u=n, w=2 * n), n), trainable=False)
    mask = buffer("ones", (n,), persistent=False)

    key_values = key_value_cache(2, n, value_size=2 * n, window=3)
    rename({"c_attn": transposed(fused(axis=0, q="q", k="k", v="v")), "u": "both[u]", "w": "both[w]"})


class Everything(PureCell):
    """Layers, ties, computed buffers, layouts, sections."""

    n: int
    depth: int = 3
    vocabulary: int = 5
    divide(tp=vocabulary, pp=depth)
    layers = children(depth, Attention, n)
    embed = param("normal", (vocabulary, n))
    output = param("normal", (vocabulary, n))
    head = when(on(pp=-1), child(Attention, n))
    tied = tie("output", "embed")


def everything() -> Manifest:
    """Give a manifest that has something in each place."""
    made = manifest(Everything, 4)
    (first, *_) = made.stored
    migration = Migration("Attention", {"wq": "q"}, "as in the paper", "2026-11-24T10:00:00Z", "a.json", ("head.",))
    leftovers = (Leftover("layers.{i}.gamma", "layers.{i}.weight"), Leftover("{*path}.mask"))
    return attrs.evolve(
        made,
        copies=(Stored("copy", first.form),),
        migrations=(migration,),
        leftovers=leftovers,
        base=BaseModel("model", ("model.pooler",)),
    )


def document(manifest: Manifest, *, collapsed: bool = False) -> dict[str, Any]:
    """Give what a manifest is written as."""
    return json.loads(manifest.to_json(collapsed=collapsed))
