"""Errors that C code would put another in place of: raised where it was called, and nothing is left behind."""

from __future__ import annotations

import struct
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from lazycell.parameters._carry import Carried, raise_in


class Ours(BaseException):
    """What has to arrive."""


def is_carried(error: BaseException) -> bool:
    """Tell whether it is what C code makes of the error: here, C code that leaves it as it is."""
    return isinstance(error, Carried)


class Number:
    """Calls `raise_in` where C code asks for its value."""

    def __init__(self, instead_of: Any = is_carried) -> None:
        self.instead_of = instead_of

    def __index__(self) -> int:
        raise_in(sys._getframe(1), Ours("ours"), self.instead_of)


class Lacking:
    """Calls `raise_in` where C code takes no error further."""

    def __getattr__(self, name: str) -> Any:
        try:
            raise_in(sys._getframe(1), Ours(name), is_carried)
        except Carried:
            raise AttributeError(name) from None


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    hook, tracing = sys.excepthook, sys.gettrace()
    yield
    sys.excepthook, left = hook, sys.excepthook
    assert sys.gettrace() is tracing
    assert sys._getframe().f_trace is None
    assert left is hook or left.__name__ == "print_nothing"  # this C code prints nothing


def test_the_error_arrives_in_the_frame_that_called_c_code() -> None:
    """With its own class, its own traceback, and no context."""
    for _ in range(2):
        with pytest.raises(Ours, match="ours") as caught:
            struct.pack("q", Number())
        assert caught.value.__context__ is None
        names = [entry.name for entry in caught.traceback]
        assert names == ["arrive", sys._getframe().f_code.co_name]


def test_another_error_is_left_alone() -> None:
    """One that C code raises for a reason of its own."""
    with pytest.raises(Carried):
        struct.pack("q", Number(instead_of=lambda error: False))
    with pytest.raises(KeyError):
        raise KeyError


def test_nothing_is_raised_later_where_no_error_arrives() -> None:
    """What is waiting for it goes with the next line, or as the frame returns."""

    def ask() -> bool:
        return hasattr(Lacking(), "name")

    assert ask() is False
    with pytest.raises(Carried):
        raise Carried


def test_a_debugger_goes_on_where_no_error_arrives() -> None:
    """Its function, and that of the frame, are there again; other threads have their own."""
    found: list[bool] = []

    def debugger(*_: Any) -> Any:
        return debugger

    def run() -> None:
        sys.settrace(debugger)
        frame = sys._getframe()
        frame.f_trace = debugger
        hasattr(Lacking(), "name")
        found.extend((sys.gettrace() is debugger, frame.f_trace is debugger))
        sys.settrace(None)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [True, True]


def test_nothing_is_printed_of_what_is_thrown_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """C code prints errors by `sys.excepthook`, after keeping them in `sys`; the next one is printed as ever."""
    printed: list[Any] = []
    ours = lambda *found: printed.append(found)  # noqa: E731
    kept = ValueError("of before")
    monkeypatch.setattr(sys, "excepthook", ours)
    monkeypatch.setattr(sys, "last_value", kept, raising=False)
    with pytest.raises(Ours):
        struct.pack("q", Number())
    sys.last_value, sys.last_type = Carried(), Carried
    sys.excepthook(Carried, sys.last_value, None)
    assert (printed, sys.last_value, hasattr(sys, "last_type"), sys.excepthook) == ([], kept, False, ours)
    with pytest.raises(Ours):
        struct.pack("q", Number())
    sys.excepthook(KeyError, KeyError("1"), None)
    assert [kind for kind, *_ in printed] == [KeyError]
    assert sys.excepthook is ours
