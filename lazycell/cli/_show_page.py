"""A model as one page to look at, in a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .. import system
from ..show import complain, format_bytes, printable, say_lines, working


def write_page(path: Path, made: Callable[[], str]) -> str:
    """Write a page, whole or not at all, and give the line that says so.

    Args:
        path: the file.
        made: makes the page.

    Raises:
        OSError: the file cannot be written.
    """
    with working("making the page"):
        content = made()
    system.write_whole(path, content)
    return f"wrote {path}, {format_bytes(len(content.encode()))}: a page that any browser opens, without a network"


def tell_page(line: str, *, aside: bool = False) -> None:
    """Say what was written.

    Args:
        line: as `write_page` gave it.
        aside: whether stdout is for a document alone.
    """
    if aside:
        complain(printable(line))
    else:
        say_lines([line])
