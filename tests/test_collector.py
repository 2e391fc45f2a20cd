"""Tests of `lazycell._collector`."""

from __future__ import annotations

import gc

import pytest

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
