"""A model as a tree on stdout: drawn in a terminal, as wide as that is; plain characters for a file or a pipe."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .. import show, viewer
from ..manifest import totals

if TYPE_CHECKING:
    from ..manifest import Manifest

_BOXES = ("├── ", "└── ", "│   ")
_PLAIN = ("|-- ", "`-- ", "|   ")
_NUMBERS = (1, 2, 3)
_PARAMETERS, _BYTES, _DTYPE, _INITIALIZER = 1, 3, 4, 6
_ENOUGH = 24
"""Columns in which an initializer can be read: a longer one is folded."""

_TIES = 12
"""How many names of tied parameters are listed before the others are counted."""


def print_text(text: str, *, as_it_is: bool = False) -> None:
    """Print text line by line, control characters as escapes; `as_it_is` as for `say`."""
    show.say(text.rstrip("\n"), as_it_is=as_it_is)


def print_tree(model: Manifest, depth: int | None, classes: Mapping[str, str] | None = None) -> None:
    """Print the tree of a manifest, its ties, and how much it is in all.

    Args:
        model: its manifest.
        depth: how many levels below the model to show; None: all.
        classes: names of the classes of its cells, by path, where they are known.
    """
    tree = viewer.tree_of(model.model, model.entries, classes)
    width = show.terminal_width()
    rows = viewer.tree_rows(tree, depth=depth, lines=_BOXES if width is not None and _can_draw() else _PLAIN)
    filled = [column for column in range(len(viewer.TREE_TITLES)) if column == 0 or any(row[column] for row in rows)]
    if width is not None:
        filled = _fitting([viewer.TREE_TITLES, *rows], filled, width)
    titles, *rows = [tuple(row[column] for column in filled) for row in (viewer.TREE_TITLES, *rows)]
    numbers = [position for position, column in enumerate(filled) if column in _NUMBERS]
    if width is not None and len(rows) <= show.MOST_FOLDED:
        show.draw_tree(titles, rows, numbers, width)
    else:
        show.say("\n".join(show.align([titles, *rows], indent="", right=numbers)))
    show.say_lines([*_tie_lines(model), _totals(model)])


def _fitting(rows: Sequence[Sequence[str]], columns: list[int], width: int) -> list[int]:
    """Leave out columns until the others fit a terminal: a shape that is broken in pieces tells nothing.

    The tree, the elements and the shapes stay; `--table` has the rest.
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    widths[_INITIALIZER] = min(widths[_INITIALIZER], _ENOUGH)
    for spared in (_INITIALIZER, _BYTES, _DTYPE, _PARAMETERS):
        if sum(widths[column] + 2 for column in columns) - 2 > width:
            columns = [column for column in columns if column != spared]
    return columns


def _can_draw() -> bool:
    """Whether the terminal shows the lines of boxes."""
    if os.environ.get("TERM") == "dumb":
        return False
    try:
        "".join(_BOXES).encode(show.answer().encoding)
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
