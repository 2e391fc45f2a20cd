"""What a person at a terminal is shown who waits: a bar, or something that moves; nothing for anybody else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from .._harmless import printable
from . import _drawn

PATIENCE = 2.0
"""Seconds that somebody waits without being told what for."""


class ProgressBar:
    """Context manager, called as `bar(done, total)` with bytes. It appears on stderr, and goes when all is done.

    Args:
        title: what is going on.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._bar: Any = None

    def __enter__(self) -> ProgressBar:
        self._started = time.monotonic()
        return self

    def __call__(self, done: int, total: int) -> None:
        """Tell how far it is, in bytes."""
        if self._bar is None:
            if time.monotonic() - self._started < PATIENCE or not sys.stderr.isatty():
                return
            self._bar = _drawn.progress()
            self._task = self._bar.add_task(printable(self._title), total=total)
            self._bar.start()
        self._bar.update(self._task, completed=done)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show `what` on stderr, with something that moves, for as long as the block runs; silent when nobody watches."""
    if not sys.stderr.isatty():
        yield
        return
    with _drawn.spinner(what):
        yield
