"""Text as a terminal can show it."""

from __future__ import annotations

import textwrap

from ._answer import answer, width_of
from ._fold import fold

_WIDTH = 100
"""Columns where there is no terminal."""


def terminal_width() -> int | None:
    """Give the columns of the terminal that the answer goes to, or None if it goes to a file or a pipe."""
    return width_of(answer())


def paragraph(text: str, *, indent: str = "") -> str:
    """Break text into lines that fit the terminal."""
    width = terminal_width() or _WIDTH
    return textwrap.fill(text, max(width, 20), subsequent_indent=indent, break_on_hyphens=False)


def table(text: str) -> str:
    """Break each line of a table that is wider than the terminal, between its columns."""
    width = terminal_width()
    return "\n".join(part for line in text.splitlines() for part in ([line] if width is None else fold(line, width)))


def one_line(sentence: str, *, indent: int = 0) -> str:
    """Write a sentence in one line, without control characters, cut to what fits beside `indent` columns."""
    text = " ".join("".join(each if each.isprintable() else " " for each in sentence).split())
    return _cut(text, max((terminal_width() or _WIDTH) - indent, 20)) or "(empty)"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."
