"""Saying what takes so long, to a person who waits."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from . import _drawn


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show `what` on stderr, with something that moves, for as long as the block runs; silent when nobody watches."""
    if not sys.stderr.isatty():
        yield
        return
    with _drawn.spinner(what):
        yield
