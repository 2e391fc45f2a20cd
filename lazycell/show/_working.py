"""Saying what takes so long, to a person who waits."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show `what` on stderr, with something that moves, for as long as the block runs; silent when nobody watches."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # slow, and only for a terminal
    from rich.text import Text  # slow, and only for a terminal

    # "line" is drawn in ASCII: the terminal may know nothing else.
    with Console(stderr=True).status(Text(f"{what} ..."), spinner="line"):
        yield
