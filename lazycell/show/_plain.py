"""Plain text for people: harmless, the first few of many, bytes and seconds, rows in columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from .._harmless import harmless as harmless
from .._harmless import printable as printable
from .._harmless import printable_lines as printable_lines

# ------------------------------------------------------------------------------------------------------ few of many


def few(names: Iterable[str], most: int) -> str:
    """Join names in a sentence: `a, b and 3 more`."""
    named = list(names)
    first = ", ".join(named[:most])
    return first if len(named) <= most else f"{first} {more(len(named) - most)}"


def few_lines(lines: Sequence[str], most: int) -> list[str]:
    """Give the first lines of a list, and `... and 3 more` below them."""
    return list(lines) if len(lines) <= most else [*lines[:most], f"... {more(len(lines) - most)}"]


def more(count: int) -> str:
    """Say how many are not shown: `and 3 more`."""
    return f"and {count:,} more"


# ---------------------------------------------------------------------------------------------------------- how much


def format_bytes(count: int) -> str:
    """Print bytes in decimal units, three digits: `512 B`, `90.9 MB`, `1.93 GB`."""
    if count < 1000:
        return f"{count} B"
    value, units = count / 1000, ["kB", "MB", "GB", "TB"]
    while value >= 999.5 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f} {units[0]}"


def format_seconds(seconds: float) -> str:
    """Print a duration: `0.01 s`, `12.3 s`, `2 min 05 s`."""
    if seconds < 9.995:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s"


# ------------------------------------------------------------------------------------------------------------ rows


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
