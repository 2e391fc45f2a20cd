"""Tables on stdout: as wide as the terminal that shows them, or aligned plain text for a file or a pipe."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from . import _drawn
from ._answer import say
from ._laid_out import laid_out
from ._plain import align, printable
from ._terminal import terminal_width

MOST_FOLDED = 5_000
"""Rows that are laid out for a terminal. More of them take seconds, and nobody reads them there."""


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> None:
    """Print rows of text under titles; a cell is shown whole, its control characters as escapes.

    In a terminal that is too narrow, rows take several lines, in which every cell is whole; the titles are dim there
    (not with `NO_COLOR`).

    Args:
        titles: one for each column.
        rows: the cells, as many in each row as there are titles.
        right: columns that are flush right: numbers.
    """
    shown_titles = [printable(title) for title in titles]
    shown = [[printable(cell) for cell in row] for row in rows]
    width = terminal_width()
    if width is not None and len(shown) <= MOST_FOLDED:
        titled, *lines = laid_out([shown_titles, *shown], right, width)
        _drawn.draw_rows(titled, [line for row in lines for line in row])
    else:
        say("\n".join(align([shown_titles, *shown], indent="", right=right)))
