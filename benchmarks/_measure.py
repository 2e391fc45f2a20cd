"""Take steps one after another, and tell what each took. Imports only what Python has at its start."""

from __future__ import annotations

import gc
import time

from . import _memory

TYPE_CHECKING = False  # `typing` has its own, and what is measured may be imports that need `typing`
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def measure(
    steps: Mapping[str, Callable[[Any], Any]], *, collect: bool = True
) -> tuple[Any, dict[str, dict[str, float]]]:
    """Take the steps, in order.

    Args:
        steps: by name; each takes what the step before gave, the first takes None.
        collect: collect garbage before; else a collection that is due comes in the steps, as it does for users.

    Returns:
        What the last step gave, and for each: `seconds`; `cpu`, seconds that all threads worked; `peak`, the most
        resident memory so far, and `anonymous`, the memory that belongs to no file afterwards, both in bytes above
        what the process had before.
    """
    if collect:
        gc.collect()
    _memory.reset_peak()
    resident, anonymous = _memory.resident(), _memory.anonymous()
    taken = {}
    result = None
    for name, step in steps.items():
        started, worked = time.perf_counter(), time.process_time()
        result = step(result)
        seconds, cpu = time.perf_counter() - started, time.process_time() - worked
        taken[name] = {
            "seconds": seconds,
            "cpu": cpu,
            "peak": _memory.peak() - resident,
            "anonymous": _memory.anonymous() - anonymous,
        }
    return result, taken
