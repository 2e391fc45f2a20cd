"""Tests of `lazycell._collector`."""

from __future__ import annotations

import contextlib
import gc
import signal

import pytest

from lazycell import _collector
from lazycell._collector import collector_paused


def test_the_collector_rests_inside_and_works_after() -> None:
    """Nested, and when the block fails."""
    assert gc.isenabled()
    with collector_paused():
        with pytest.raises(KeyError), collector_paused():
            raise KeyError
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    """Somebody else's choice is kept."""
    gc.disable()
    try:
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


class _Interrupt(BaseException):
    pass


@pytest.mark.parametrize("reaction", ["raises", "pauses"])
def test_any_moment_is_right_for_a_signal(reaction: str) -> None:
    """Its handler may raise, or pause the collector itself, as one that saves a net does: it works again afterwards."""

    def handle(*_: object) -> None:
        if reaction == "raises":
            raise _Interrupt
        with collector_paused():
            pass

    former = signal.signal(signal.SIGALRM, handle)
    try:
        for moment in range(200):
            with contextlib.suppress(_Interrupt):
                try:
                    signal.setitimer(signal.ITIMER_REAL, (moment + 1) * 1e-6)
                    for _ in range(20):
                        with collector_paused():
                            pass
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            assert gc.isenabled()
            assert _collector._pauses == 0
    finally:
        signal.signal(signal.SIGALRM, former)
        gc.enable()
