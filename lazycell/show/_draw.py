"""Drawing in a terminal, with rich: tables, trees, a bar, and something that moves."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from .._harmless import printable
from ._answer import answer
from ._laid_out import BRANCHES, tree_lines


def draw_rows(titles: Sequence[str], lines: Sequence[str]) -> None:
    """Draw lines under titles, which are dim (not with `NO_COLOR`).

    Args:
        titles: lines, too.
        lines: what stands below them, each as wide as the terminal at most.
    """
    _draw([*(Text(title, _title_style()) for title in titles), *map(Text, lines)])


def _draw(lines: Sequence[Text]) -> None:
    stream = answer()
    stream.flush()
    # Without a height, rich takes a terminal that knows no escapes for one of 80 columns.
    console = Console(file=stream, width=max(map(len, lines)) + 1, height=len(lines) + 1, highlight=False)
    console.print(Text("\n").join(lines), no_wrap=True, overflow="ignore", crop=False)


def _title_style() -> str:
    return "" if os.environ.get("NO_COLOR") else "dim"


def draw_tree(titles: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int], width: int) -> None:
    """Draw a tree: its lines dim, and bold what has a branch (neither with `NO_COLOR`); every cell stays whole.

    Args:
        titles: one for each column: of the tree, its numbers, and what a leaf has.
        rows: the cells.
        right: columns that are flush right.
        width: of the terminal.
    """
    plain = bool(os.environ.get("NO_COLOR"))
    titled, *below = tree_lines([titles, *rows], right, width)
    lines = [Text(line, _title_style()) for line in titled]
    for row, (name, *rest) in zip(rows, below, strict=True):
        text = Text(name)
        if not plain:
            lead = len(name) - len(name.lstrip(BRANCHES))
            text.stylize("dim", 0, lead)
            is_cell = not any(row[len(right) + 1 :])
            text.stylize("bold" if is_cell else "", lead, len(row[0]))
        lines += [text, *map(Text, rest)]
    _draw(lines)


def progress() -> Progress:
    """Make a bar on stderr, of bytes, that goes when it is done."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)


def spinner(what: str) -> Any:
    """Make a context manager that shows on stderr what takes so long, with something that moves."""
    # "line" is drawn in ASCII: the terminal may know nothing else.
    return Console(stderr=True).status(Text(f"{printable(what)} ..."), spinner="line")
