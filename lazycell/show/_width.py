"""How wide a terminal is, if a stream is one."""

from __future__ import annotations

import os
from typing import TextIO

from ._fold import fold

_NARROW = 80


def width_of(stream: TextIO) -> int | None:
    """Give the columns of the terminal that a stream is, or None if it is a file or a pipe."""
    if not stream.isatty():
        return None
    columns = os.environ.get("COLUMNS", "")  # as `shutil.get_terminal_size`, which looks at another stream
    if columns.isascii() and columns.isdecimal() and len(columns) < 10 and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _NARROW
    except (OSError, ValueError):
        return _NARROW


def fitted(text: str, stream: TextIO) -> str:
    """Break the lines of a text that are wider than the terminal that a stream is; in a file or a pipe, none is."""
    width = width_of(stream)
    if width is None:
        return text
    lines = text.split("\n")
    # A link to a line of source is one for editors and terminals: it stays as it is.
    return "\n".join(part for line in lines for part in ([line] if line.startswith('  File "') else fold(line, width)))
