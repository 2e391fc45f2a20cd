"""Tests of `lazycell.layout._layout_text`."""

from __future__ import annotations

from lazycell.declaration._forms import Fused, Transposed
from lazycell.layout._entry import ManifestEntry
from lazycell.layout._layout import Block, Stored
from lazycell.layout._layout_text import layout_lines
from lazycell.manifest._manifest import Manifest


def block(name: str, section: str | None = None) -> Block:
    """Give a block of a parameter."""
    return Block(name, (2, 3), "float32", None if section is None else ((0, 2), (0, 3)), section)


def test_layers_that_are_stored_alike_are_one_line() -> None:
    """Whatever differs in more than the index has a line of its own."""
    layout = [
        Stored(f"h.{i}.c_attn", Transposed(Fused(0, (("q", block(f"h.{i}.q")), ("k", block(f"h.{i}.k")))), (1, 0)))
        for i in range(3)
    ]
    layout += [Stored(f"h.{i}.v", block(f"h.{i}.value", "v")) for i in range(2)]
    layout += [Stored("h.2.v", Transposed(block("h.2.value"), (1, 0)))]
    assert list(layout_lines(layout)) == [
        "h.{0..2}.c_attn is stored for transposed(fused(q=h.{0..2}.q, k=h.{0..2}.k), (1, 0))",
        "h.{0..1}.v is stored for h.{0..1}.value[v]",
        "h.2.v is stored for transposed(h.2.value, (1, 0))",
    ]


def test_a_manifest_prints_its_layout_and_its_digest_depends_on_it() -> None:
    """Files of another layout cannot be exchanged without it."""
    entry = ManifestEntry("w", (2, 3), "float32", "zeros")
    plain, turned = Manifest("Net", (entry,)), Manifest("Net", (entry,), stored=(Stored("x", entry.block),))
    assert "x is stored for w" in str(turned).splitlines()
    assert "stored" not in str(plain)
    assert plain.digest != turned.digest
