"""Tests of `lazycell.show._plain`."""

from __future__ import annotations

from lazycell.show._plain import align, cut


def test_columns_are_aligned() -> None:
    """Cells are padded to the widest, ends are not."""
    assert align([("a", "1", ""), ("long", "2", "x")]) == ["  a     1", "  long  2  x"]
    assert align([]) == []


def test_long_tables_are_cut_with_a_count() -> None:
    """What is left out is counted."""
    rows = [(str(i), "") for i in range(5)]
    assert cut(rows, 5) == rows
    assert cut(rows, 3) == [*rows[:3], ("... and 2 more", "")]
