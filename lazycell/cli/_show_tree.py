"""A model as a tree on stdout: drawn in a terminal, as wide as that is; plain characters for a file or a pipe."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from .. import show, viewer
from ..manifest import totals

if TYPE_CHECKING:
    from ..manifest import Manifest

_BOXES = ("├── ", "└── ", "│   ")
_PLAIN = ("|-- ", "`-- ", "|   ")
_NUMBERS = (1, 2, 3)
_TIES = 12
"""How many names of tied parameters are listed before the others are counted."""


def print_text(text: str) -> None:
    """Print text line by line, control characters as escapes."""
    print("\n".join(map(show.printable, text.rstrip("\n").split("\n"))), flush=True)


def print_tree(model: Manifest, depth: int | None) -> None:
    """Print the tree of a manifest, its ties, and how much it is in all.

    Args:
        model: its manifest.
        depth: how many levels below the model to show; None: all.
    """
    tree = viewer.tree_of(model.model, model.entries)
    in_terminal = sys.stdout.isatty()
    rows = viewer.tree_rows(tree, depth=depth, lines=_BOXES if in_terminal and _can_draw() else _PLAIN)
    filled = [column for column in range(len(viewer.TREE_TITLES)) if column == 0 or any(row[column] for row in rows)]
    titles, *rows = [tuple(row[column] for column in filled) for row in (viewer.TREE_TITLES, *rows)]
    if in_terminal and len(rows) <= show.MOST_FOLDED:
        show.draw_tree(titles, rows, _NUMBERS)
    else:
        print("\n".join(show.align([titles, *rows], indent="", right=_NUMBERS)))
    print_text("\n".join([*_tie_lines(model), _totals(model)]))


def _can_draw() -> bool:
    """Whether the terminal shows the lines of boxes."""
    if os.environ.get("TERM") == "dumb":
        return False
    try:
        "".join(_BOXES).encode(sys.stdout.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _tie_lines(model: Manifest) -> list[str]:
    lines = []
    for pattern, names in show.collapse(model.ties):
        sources = [source for source, _ in show.collapse(model.ties[name] for name in names)]
        lines.append(f"{pattern} is tied to {', '.join(sources)}")
    return show.few_lines(lines, _TIES)


def _totals(model: Manifest) -> str:
    return f"{totals(model)}, {show.format_bytes(model.nbytes)}, digest {model.digest[:12]}"
