"""What a model's parameters are called and made of, for a card: shapes, ties, names in files, the tree of its cells."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from .. import declaration, show, viewer
from ..layout import layout_lines
from ..manifest import alike
from ..show import markdown
from ._card_text import fenced, table
from ._subject import Subject

_MOST_ROWS, _MOST_NAMES, _MOST_LINES, _DEPTH = 200, 12, 24, 2
_NUMBERS = (1, 2, 3)  # columns of a tree


def shapes(subject: Subject) -> str:
    """Give every parameter with its shape, and what that is made of; those that are alike are one row."""
    declared, splits = subject.declared, show.Splits()
    rows = []
    for name, (entry, *_) in alike(subject.manifest)[: _MOST_ROWS + 1]:
        axes = declared.of(entry.name, len(entry.shape), splits)
        made = entry.expression or ""
        if any(axis is not None for axis in axes):
            pairs = zip(axes, entry.shape, strict=True)
            made = _tuple([str(size) if axis is None else declaration.render(axis) for axis, size in pairs])
        cells = name, str(entry.shape), made, entry.dtype, entry.initializer
        rows.append(tuple(map(markdown.code, cells)))
    rest = len(alike(subject.manifest)) - _MOST_ROWS
    text = table(("Parameter", "Shape", "Made of", "Dtype", "Initializer"), rows[:_MOST_ROWS])
    return text if rest <= 0 else f"{text}\n\n... {show.more(rest)}: `lazycell manifest` has them all."


def _tuple(texts: list[str]) -> str:
    return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"


def in_files(subject: Subject) -> str:
    """Say what is tied, what files store otherwise than it is declared, and what else they may have."""
    lines = [*_ties(subject), *map(markdown.code, layout_lines(subject.manifest.stored))]
    leftovers = subject.manifest.leftovers
    unneeded = {markdown.code(each.name): None for each in leftovers if each.now is None}
    former = {f"{markdown.code(each.name)} for {markdown.code(each.now)}": None for each in leftovers if each.now}
    if former:
        lines.append(f"files may have other names: {show.few(former, _MOST_NAMES)}")
    if unneeded:
        lines.append(f"files may also have what nothing needs: {show.few(unneeded, _MOST_NAMES)}")
    return markdown.bullets(show.few_lines(lines, _MOST_NAMES))


def _ties(subject: Subject) -> Iterator[str]:
    ties = subject.manifest.ties
    for pattern, names in show.collapse(ties):
        sources = [markdown.code(source) for source, _ in show.collapse(ties[name] for name in names)]
        yield f"{markdown.code(pattern)} is tied to {show.few(sources, _MOST_NAMES)}: stored once"


def tree(subject: Subject) -> str:
    """Give the first lines of what `lazycell show --depth 2` prints."""
    manifest = subject.manifest
    drawn = viewer.tree_rows(viewer.tree_of(manifest.model, manifest.entries, subject.classes), depth=_DEPTH)
    rows = [viewer.TREE_TITLES, *drawn]
    kept = [column for column in range(len(rows[0])) if column == 0 or any(row[column] for row in drawn)]
    right = [position for position, column in enumerate(kept) if column in _NUMBERS]
    lines = show.align([tuple(row[column] for column in kept) for row in rows], indent="", right=right)
    command = f"$ lazycell show {shlex.quote(show.printable(subject.title))} --depth {_DEPTH}"
    return fenced("text", "\n".join([command, *show.few_lines(lines, _MOST_LINES)]))
