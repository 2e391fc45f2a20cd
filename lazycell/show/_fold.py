"""Lines that are wider than a terminal, broken where nothing is torn: a shape, a name or a number stays whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

_INDENT = 4
"""Columns by which what continues a line is indented, beyond the line itself."""

_OPENING, _CLOSING = "([{", ")]}"

_LONG, _IN_WORD = 40, 100
"""A word that is longer may be broken, where nothing else can: it may be wider than the terminal."""

_EARLY = 0.4
"""Part of the width before which a line is not broken if it can be broken later."""


def fold(line: str, width: int) -> list[str]:
    """Break a line into lines of at most `width`, those after the first indented.

    Between columns rather than between words, between words rather than inside brackets, and in a name, after a dot,
    only where the name alone is wider. What is between backticks is not broken: it is there to be copied.
    """
    if len(line) <= width:
        return [line]
    indent = min(len(line) - len(line.lstrip(" ")) + _INDENT, width // 3)
    folded: list[str] = []
    room = width
    while len(line) > room:
        place = _place(line, room)
        if place is None:
            break
        folded.append(" " * (indent if folded else 0) + line[: place[0]].rstrip())
        line, room = line[place[1] :].lstrip(), width - indent
    return [*folded, " " * (indent if folded else 0) + line]


def _place(line: str, width: int) -> tuple[int, int] | None:
    """Give where a line is broken: where its first part ends, and where the rest begins."""
    places = [place for place in _places(line) if place[1]]
    fitting = [place for place in places if place[1] <= width]
    late = [place for place in fitting if place[1] >= _EARLY * width] or fitting
    if late:
        _, end, start = min(late, key=lambda place: (place[0], -place[1]))
        return end, start
    return (places[0][1], places[0][2]) if places else None


def _places(line: str) -> Iterator[tuple[int, int, int]]:
    """Give all places where a line may be broken: how bad that is, where the part before it ends, and the rest begins.

    0 is between columns, 1 between words, 2 and more inside brackets; in a word, much worse.
    """
    depth, quoted = 0, False
    indent = len(line) - len(line.lstrip(" "))
    for found in re.finditer(r"[\[\](){}`]|(?<=[./])(?=\w)| +", line[indent:]):
        text, start, stop = found.group(), indent + found.start(), indent + found.end()
        if text == "`":
            quoted = not quoted
        elif text and text in _OPENING:
            depth += 1
        elif text and text in _CLOSING:
            depth = max(depth - 1, 0)
        elif not text:
            if not quoted and len(line[:start].split(" ")[-1] + line[start:].split(" ")[0]) > _LONG:
                yield _IN_WORD, start, stop
        elif not quoted and not line[:start].endswith("->"):
            yield depth + 1 - (len(text) > 1), start, stop
