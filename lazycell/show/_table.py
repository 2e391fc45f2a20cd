"""Lay out rows of text in aligned columns."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ._few import more


def align(rows: Sequence[Sequence[str]], *, indent: str = "  ", right: Collection[int] = ()) -> list[str]:
    """Pad every column to its widest cell; all rows have equally many cells.

    Args:
        rows: the cells.
        indent: before each line.
        right: columns that are flush right.
    """
    if not rows:
        return []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def pad(column: int, cell: str) -> str:
        return cell.rjust(widths[column]) if column in right else cell.ljust(widths[column])

    return [(indent + "  ".join(pad(column, cell) for column, cell in enumerate(row))).rstrip() for row in rows]


def cut(rows: Sequence[tuple[str, ...]], most: int) -> list[tuple[str, ...]]:
    """Keep the first `most` rows, and count the others in one more."""
    if len(rows) <= most:
        return list(rows)
    return [*rows[:most], (f"... {more(len(rows) - most)}", *[""] * (len(rows[0]) - 1))]
