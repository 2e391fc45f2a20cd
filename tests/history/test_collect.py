"""Which migrations a model has, and for which of its cells."""

from __future__ import annotations

from lazycell.history._collect import migrations_in
from lazycell.history._migration import Migration
from lazycell.layout._layout import Block, Stored


def migration(cell: str, created: str, file: str = "m", position: int = 0) -> Migration:
    return Migration(cell, {"a": "b"}, "", created, file, (), position)


def test_each_once_with_its_cells_oldest_first() -> None:
    """By moment, and at one moment by place in the file."""
    new, old = migration("A", "2026-02"), migration("A", "2026-01", position=1)
    other = migration("B", "2026-01", position=0)
    found = migrations_in({"x": (new, old), "y.0": (other,), "": (new, old)}, ())
    assert [(each.cell, each.created, each.prefixes) for each in found] == [
        ("B", "2026-01", ("y.0.",)),
        ("A", "2026-01", ("x.", "")),
        ("A", "2026-02", ("x.", "")),
    ]


def test_of_one_moment_the_outer_cells_come_first() -> None:
    """Where several files were written at once."""
    inner, outer = migration("Inner", "2026-01", "a"), migration("Outer", "2026-01", "b", position=3)
    assert [each.cell for each in migrations_in({"x.y": (inner,), "x": (outer,)}, ())] == ["Outer", "Inner"]


def test_a_layout_gives_another_prefix() -> None:
    """`bert.` before everything: the cell's parameters are found there too."""
    stored = Stored("bert.layers.0.w", Block("layers.0.w", (1,), "float32"))
    (found,) = migrations_in({"layers.0": (migration("A", "2026-01"),)}, (stored,))
    assert found.prefixes == ("layers.0.", "bert.layers.0.")
