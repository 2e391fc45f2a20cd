"""The contexts that this thread and task are in: whether what is born here and now is born without values."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from .._frozen import frozen


@frozen(eq=False)
class _Context:
    """One entered context. They form a stack, innermost first."""

    strict: bool
    thread: int
    task: asyncio.Task[Any] | None
    outer: _Context | None


_innermost: ContextVar[_Context | None] = ContextVar("lazycell_building", default=None)


def _current_task() -> asyncio.Task[Any] | None:
    loop = asyncio._get_running_loop()  # None where no event loop runs in this thread
    return None if loop is None else asyncio.current_task(loop)


def _here() -> _Context | None:
    # A context variable alone is inherited by the tasks, and by `asyncio.to_thread`, that start inside the context.
    # The task itself is kept, not its id: another may get the id of one that is gone.
    context = _innermost.get()
    if context is None or context.thread != threading.get_ident() or context.task is not _current_task():
        return None
    return context


def is_lazy() -> bool:
    """Tell whether cells are built without values here and now."""
    return _here() is not None


def is_strict() -> bool:
    """Tell whether they are built inside a LazyCell, where reading a parameter without values is an error."""
    context = _here()
    return context is not None and context.strict


def enter(*, strict: bool) -> None:
    """Enter a context. Inside a LazyCell everything is strict, also what is decorated with @lazy."""
    _innermost.set(_Context(strict or is_strict(), threading.get_ident(), _current_task(), _innermost.get()))


@contextmanager
def suspended() -> Iterator[None]:
    """Be in no context for a while."""
    token = _innermost.set(None)
    try:
        yield
    finally:
        _innermost.reset(token)


def leave() -> None:
    """Leave the context that was entered last."""
    context = _innermost.get()
    assert context is not None
    _innermost.set(context.outer)
