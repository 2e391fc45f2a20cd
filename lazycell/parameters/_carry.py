"""Raising an error where C code was called that puts another error in its place: MindSpore before 2.10 does so.

A Python function that MindSpore calls may raise: the error is printed, and the caller of MindSpore gets a RuntimeError
that says nothing of it. Nothing but a trace function sees an error arrive in a frame, and may put another there: so one
is set for the way from here to there. Python takes it away as it raises, and with it that of a debugger, if any.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, NoReturn


class Carried(Exception):
    """Raised in place of an error that arrives elsewhere; C code throws it away."""


def raise_in(frame: FrameType, error: BaseException, instead_of: Callable[[BaseException], bool]) -> NoReturn:
    """Raise, and have `error` raised in `frame` as soon as C code, which `frame` has called, returns with an error.

    Args:
        frame: the innermost one of Python's below that C code.
        error: of any class, also one that C code would end the process at.
        instead_of: whether this error is the one that C code makes. If it is not, or there is none, nothing is raised.
    """
    tracing, tracing_frame = sys.gettrace(), frame.f_trace

    def arrive(_: FrameType, event: str, argument: Any) -> None:
        sys.settrace(tracing)
        frame.f_trace = tracing_frame
        if event == "exception" and instead_of(argument[1]):
            # Python has noted this frame for the other error already.
            raise error.with_traceback(TracebackType(error.__traceback__, frame, frame.f_lasti, frame.f_lineno))

    _print_nothing()
    frame.f_trace = arrive
    sys.settrace(_trace_no_call)
    raise Carried


def _trace_no_call(*_: Any) -> None:
    """Leave what is called meanwhile alone: a frame's own function is asked only where there is one for all."""


_LAST = ("last_exc", "last_type", "last_value", "last_traceback")


def _print_nothing() -> None:
    """Have the next `Carried` that C code prints not be printed, nor kept with all its frames for a debugger."""
    hook = sys.excepthook
    kept = {name: getattr(sys, name) for name in _LAST if hasattr(sys, name)}

    def print_nothing(kind: type[BaseException], value: BaseException, traceback: Any) -> None:
        sys.excepthook = hook
        if kind is not Carried:
            hook(kind, value, traceback)
            return
        for name in _LAST:
            if name in kept:
                setattr(sys, name, kept[name])
            elif hasattr(sys, name):
                delattr(sys, name)

    sys.excepthook = print_nothing
