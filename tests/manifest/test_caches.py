"""Tests of `lazycell.manifest._caches`: from `key_value_cache` in a class body to the manifest."""

from __future__ import annotations

from typing import Any

import pytest

from lazycell._errors import DeclarationError
from lazycell.declaration._fields import fields
from lazycell.manifest._caches import KeyValueCache
from lazycell.manifest._manifest import Manifest

from ..pure import INDEX, PureCell, child, children, key_value_cache, manifest, when


class Attention(PureCell):
    heads: int
    window: Any = None
    key_values = key_value_cache(heads, 64, window=window)


class Cross(PureCell):
    read: bool
    key_values = when(read, key_value_cache(2, 8, value_size=16, source=True))


class Net(PureCell):
    """Windows in every second layer."""

    n: int = 4
    layers: list[Attention] = children(n, Attention, 2, when(INDEX % 2 == 0, 512, otherwise=None))
    cross: Cross = child(Cross, True)
    none: Cross = child(Cross, False)


def test_each_cell_says_what_it_keeps() -> None:
    """With numbers, under its path, in the dtype of the cell; nothing where a condition does not hold."""
    found = manifest(Net, 3, dtype="bfloat16").caches
    assert found == (
        KeyValueCache("layers.0", 2, 64, 64, "bfloat16", 512),
        KeyValueCache("layers.1", 2, 64, 64, "bfloat16"),
        KeyValueCache("layers.2", 2, 64, 64, "bfloat16", 512),
        KeyValueCache("cross", 2, 8, 16, "bfloat16", None, source=True),
    )
    assert found[0].position_nbytes == 2 * (64 + 64) * 2
    assert [found[0].positions(length) for length in (1, 512, 513)] == [1, 512, 512]
    assert found[1].positions(10**6) == 10**6


def test_a_model_itself_may_keep_something() -> None:
    """Its path is empty."""
    assert [each.name for each in manifest(Attention, 2).caches] == [""]


def test_it_is_declared_as_anything_else() -> None:
    """Seen by `fields`, replaced and taken away in a subclass; what it says makes no parameter."""

    class Wide(Attention):
        key_values = key_value_cache(heads, 128)

    class Without(Attention):
        key_values = None

    assert fields(Attention).key_values.name == "key_values"
    assert [each.size for each in manifest(Wide, 2).caches] == [128]
    assert manifest(Without, 2).caches == ()
    assert len(manifest(Attention, 2)) == 0
    assert manifest(Without, 2).digest == manifest(Attention, 2).digest


@pytest.mark.parametrize("collapsed", [False, True])
def test_json_keeps_them(collapsed: bool) -> None:
    """In a line for all layers that are alike; a manifest without any says nothing."""
    made = manifest(Net, 12)
    text = made.to_json(collapsed=collapsed)
    assert Manifest.from_json(text) == made
    assert ('"name": "layers.{0,2,4,6,8,10}"' in text) == collapsed
    assert "caches" not in manifest(Cross, False).to_json()


@pytest.mark.parametrize(("heads", "window"), [(0, None), (2.5, None), (True, None), (2, 0), (2, "x")])
def test_a_size_is_a_whole_number(heads: Any, window: Any) -> None:
    """The message names what was written, and its value."""
    name = "heads" if window is None else "window"
    with pytest.raises(DeclarationError, match=rf"Attention\.key_values: {name} is `{name}`, .*a whole number, 1 or m"):
        manifest(Attention, heads, window)
