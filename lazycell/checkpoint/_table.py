"""Lay out rows of text in aligned columns."""

from __future__ import annotations

from collections.abc import Sequence


def align(rows: Sequence[Sequence[str]], *, indent: str = "  ") -> list[str]:
    """Pad every column to its widest cell; all rows have equally many cells."""
    if not rows:
        return []
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def cut(rows: Sequence[tuple[str, ...]], most: int) -> list[tuple[str, ...]]:
    """Keep the first `most` rows, and count the others in one more."""
    if len(rows) <= most:
        return list(rows)
    return [*rows[:most], (f"... and {len(rows) - most} more", *[""] * (len(rows[0]) - 1))]
