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
from rich.table import Table
from rich.text import Text

from .._harmless import printable
from ._answer import answer


def draw_rows(titles: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int], width: int) -> None:
    """Draw rows under titles, which are dim (not with `NO_COLOR`); what is too long is folded.

    Args:
        titles: one for each column.
        rows: the cells.
        right: columns that are flush right.
        width: of the terminal.
    """
    table = _table("" if os.environ.get("NO_COLOR") else "dim")
    for column, title in enumerate(titles):
        table.add_column(Text(title), justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    _print(table, width, len(rows) + 1)


def draw_tree(titles: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int], width: int) -> None:
    """Draw a tree: its lines dim, and bold what has a branch (neither with `NO_COLOR`). Its column is never folded.

    Args:
        titles: one for each column: of the tree, its numbers, and what a leaf has, of which the last is folded first.
        rows: the cells.
        right: columns that are flush right.
        width: of the terminal.
    """
    plain = bool(os.environ.get("NO_COLOR"))
    table = _table("" if plain else "dim")
    for column, title in enumerate(titles):
        table.add_column(Text(title), justify="right" if column in right else "left", no_wrap=column <= len(right))
    for title, *cells in rows:
        is_cell = not any(cells[len(right) :])
        name = Text(title)
        if not plain:
            lines = len(title) - len(title.lstrip("├└─│|`- "))
            name.stylize("dim", 0, lines)
            name.stylize("bold" if is_cell else "", lines)
        table.add_row(name, *map(Text, cells))
    _print(table, width, len(rows) + 1)


def progress() -> Progress:
    """Make a bar on stderr, of bytes, that goes when it is done."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)


def spinner(what: str) -> Any:
    """Make a context manager that shows on stderr what takes so long, with something that moves."""
    # "line" is drawn in ASCII: the terminal may know nothing else.
    return Console(stderr=True).status(Text(f"{printable(what)} ..."), spinner="line")


def _print(table: Table, width: int, height: int) -> None:
    stream = answer()
    stream.flush()
    # Without a height, rich takes a terminal that knows no escapes for one of 80 columns.
    Console(file=stream, width=width, height=height, highlight=False).print(table)


def _table(header_style: str) -> Table:
    return Table(box=None, header_style=header_style, pad_edge=False, padding=(0, 2, 0, 0))
