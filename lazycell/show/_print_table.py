"""Tables on stdout: as wide as the terminal that shows them, or aligned plain text for a file or a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Sequence

from ._printable import printable
from ._table import align
from ._terminal import terminal_width

MOST_FOLDED = 5_000
"""Rows that are laid out for a terminal. More of them take seconds, and nobody reads them there."""


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> None:
    """Print rows of text under titles; a cell is shown whole, its control characters as escapes.

    In a terminal, cells that are too long are folded, and the titles are dim (not with `NO_COLOR`).

    Args:
        titles: one for each column.
        rows: the cells, as many in each row as there are titles.
        right: columns that are flush right: numbers.
    """
    shown_titles = [printable(title) for title in titles]
    shown = [[printable(cell) for cell in row] for row in rows]
    width = terminal_width()
    if width is not None and len(shown) <= MOST_FOLDED:
        _print_folded(shown_titles, shown, right, width)
    else:
        print("\n".join(align([shown_titles, *shown], indent="", right=right)), flush=True)


def _print_folded(titles: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int], width: int) -> None:
    # Imported here: what is written to a file or a pipe does not wait for it.
    from rich.console import Console  # slow, and only for a terminal
    from rich.table import Table  # slow, and only for a terminal
    from rich.text import Text  # slow, and only for a terminal

    dim = "" if os.environ.get("NO_COLOR") else "dim"
    table = Table(box=None, header_style=dim, pad_edge=False, padding=(0, 2, 0, 0))
    for column, title in enumerate(titles):
        table.add_column(Text(title), justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    sys.stdout.flush()
    # Without a height, rich takes a terminal that knows no escapes for one of 80 columns.
    Console(file=sys.stdout, width=width, height=len(rows) + 1, highlight=False).print(table)
