"""What migrations that lead half way make of old names."""

from __future__ import annotations

from lazycell.gate._names_since import names_since
from lazycell.history._migration import Migration

HEADS = Migration("Block", {"attention.{*rest}": "heads.{*rest}"}, "", "now", prefixes=("blocks.0.", "blocks.1."))
NAMES = [f"blocks.{i}.{name}" for i in (0, 1) for name in ("heads.q", "heads.key", "up")]


def test_half_way_and_all_the_way() -> None:
    """The weight has another name now, in a cell that was renamed before; the other one's way is whole."""
    renames = [(f"blocks.{i}.attention.query", f"blocks.{i}.heads.q") for i in (0, 1)]
    assert names_since(renames, [HEADS], NAMES) == {
        "blocks.0.attention.query": "blocks.0.heads.query",
        "blocks.1.attention.query": "blocks.1.heads.query",
        "blocks.0.attention.q": "blocks.0.heads.q",
        "blocks.1.attention.q": "blocks.1.heads.q",
        "blocks.0.attention.key": "blocks.0.heads.key",
        "blocks.1.attention.key": "blocks.1.heads.key",
    }


def test_what_migrations_are_not_about() -> None:
    """A name that they do not change leads nowhere."""
    assert "blocks.0.down" not in names_since([("blocks.0.down", "blocks.0.up")], [HEADS], NAMES)
    assert names_since([("blocks.0.down", "blocks.0.up")], [], NAMES) == {}
