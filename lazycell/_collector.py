"""Pause Python's cyclic garbage collector: it would walk every object again for each 700 that are made."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_pauses = 0
_was_enabled = False


@contextmanager
def collector_paused() -> Iterator[None]:
    """Make many objects that live on, and no cycles, in less time. Threads may overlap: the last one out resumes."""
    global _pauses, _was_enabled
    counted = False
    try:  # around all of it: an interrupt may strike at any call
        with _lock:
            if _pauses == 0:
                _was_enabled = gc.isenabled()
                gc.disable()
            _pauses += 1
            counted = True
        yield
    finally:
        with _lock:
            _pauses -= counted
            if _pauses == 0 and _was_enabled:
                gc.enable()
