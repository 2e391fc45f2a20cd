"""Text as a terminal can show it."""

from __future__ import annotations

import os
import textwrap

from ._answer import answer

_WIDTH, _NARROW = 100, 80


def terminal_width() -> int | None:
    """Give the columns of the terminal that stdout is, or None if it is a file or a pipe."""
    stream = answer()
    if not stream.isatty():
        return None
    columns = os.environ.get("COLUMNS", "")  # as `shutil.get_terminal_size`, which looks at another stream
    if columns.isascii() and columns.isdecimal() and len(columns) < 10 and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _NARROW
    except (OSError, ValueError):
        return _NARROW


def paragraph(text: str, *, indent: str = "") -> str:
    """Break text into lines that fit the terminal."""
    width = min(terminal_width() or _WIDTH, _WIDTH)
    return textwrap.fill(text, max(width, 20), subsequent_indent=indent, break_on_hyphens=False)


def table(text: str) -> str:
    """Cut each line of a table to the terminal's width: a broken line would break the columns below it too."""
    width = terminal_width()
    return "\n".join(line if width is None else _cut(line, width) for line in text.splitlines())


def one_line(sentence: str, *, indent: int = 0) -> str:
    """Write a sentence in one line, without control characters, cut to what fits beside `indent` columns."""
    text = " ".join("".join(each if each.isprintable() else " " for each in sentence).split())
    return _cut(text, max((terminal_width() or _WIDTH) - indent, 20)) or "(empty)"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."
