"""The first few of many, and how many more there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


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
