"""Numbers and tables as a reader wants them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from lazycell.show import format_bytes


def spread(values: Sequence[float]) -> str:
    """Print the median of times, and the least and the most of several."""
    middle = seconds(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({seconds(min(values))} to {seconds(max(values))})"


def seconds(value: float) -> str:
    """Print a time to three digits: `8.12 us`, `412 ms`, `12.3 s`."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= 0.9995 * size:
            return f"{_digits(value / size)} {unit}"
    return f"{_digits(value * 1e6)} us"


def nbytes(count: float) -> str:
    """Print bytes to three digits; less than none, as a process that gave memory back has it, is none."""
    return format_bytes(max(0, round(count)))


def table(rows: Sequence[Sequence[str]]) -> str:
    """Lay out a Markdown table, the first row its head, so that it reads well as plain text too."""
    widths = [max(3, *map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([lines[0], "| " + " | ".join("-" * width for width in widths) + " |", *lines[1:]])


def _digits(value: float) -> str:
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}"
