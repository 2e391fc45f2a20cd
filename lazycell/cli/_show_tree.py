"""A model as a tree on stdout: drawn in a terminal, as wide as that is; plain characters for a file or a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .. import show, viewer
from ..show import MOST_FOLDED, align, collapse, few_lines, printable

if TYPE_CHECKING:
    from ..manifest import Manifest

_BOXES = ("├── ", "└── ", "│   ")
_PLAIN = ("|-- ", "`-- ", "|   ")
_NUMBERS = (1, 2, 3)
_TIES = 12
"""How many names of tied parameters are listed before the others are counted."""


def print_text(text: str) -> None:
    """Print text line by line, control characters as escapes."""
    print("\n".join(map(printable, text.rstrip("\n").split("\n"))), flush=True)


def print_tree(manifest: Manifest, depth: int | None) -> None:
    """Print the tree of a manifest, its ties, and how much it is in all.

    Args:
        manifest: the manifest.
        depth: how many levels below the model to show; None: all.
    """
    tree = viewer.tree_of(manifest.model, manifest.entries)
    in_terminal = sys.stdout.isatty()
    rows = viewer.tree_rows(tree, depth=depth, lines=_BOXES if in_terminal and _can_draw() else _PLAIN)
    filled = [column for column in range(len(viewer.TREE_TITLES)) if column == 0 or any(row[column] for row in rows)]
    titles, *rows = [tuple(row[column] for column in filled) for row in (viewer.TREE_TITLES, *rows)]
    if in_terminal and len(rows) <= MOST_FOLDED:
        _print_drawn(titles, rows)
    else:
        print("\n".join(align([titles, *rows], indent="", right=_NUMBERS)))
    print_text("\n".join([*_tie_lines(manifest), _totals(manifest)]))


def _can_draw() -> bool:
    """Whether the terminal shows the lines of boxes."""
    if os.environ.get("TERM") == "dumb":
        return False
    try:
        "".join(_BOXES).encode(sys.stdout.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _print_drawn(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console  # slow, and only for a terminal
    from rich.table import Table  # slow, and only for a terminal
    from rich.text import Text  # slow, and only for a terminal

    plain = bool(os.environ.get("NO_COLOR"))
    table = Table(box=None, header_style="" if plain else "dim", pad_edge=False, padding=(0, 2, 0, 0))
    for column, title in enumerate(titles):
        # The tree is never folded: its lines would break.
        table.add_column(Text(title), justify="right" if column in _NUMBERS else "left", no_wrap=column < 4)
    for title, *cells in rows:
        is_cell = len(cells) < 5 or not cells[4]
        name = Text(title)
        if not plain:
            lines = len(title) - len(title.lstrip("├└─│|`- "))
            name.stylize("dim", 0, lines)
            name.stylize("bold" if is_cell else "", lines)
        table.add_row(name, *map(Text, cells))
    sys.stdout.flush()
    Console(file=sys.stdout, highlight=False).print(table)


def _tie_lines(manifest: Manifest) -> list[str]:
    lines = []
    for pattern, names in collapse(manifest.ties):
        sources = [source for source, _ in collapse(manifest.ties[name] for name in names)]
        lines.append(f"{pattern} is tied to {', '.join(sources)}")
    return few_lines(lines, _TIES)


def _totals(manifest: Manifest) -> str:
    from ..manifest import totals  # whoever does not ask for it

    return f"{totals(manifest)}, {show.format_bytes(manifest.nbytes)}, digest {manifest.digest[:12]}"
