"""How long something takes, and the memory that there is then."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from .. import _memory

_T = TypeVar("_T")


class Taken(NamedTuple):
    """What something took: seconds of wall time, seconds that all threads worked, and bytes as `_measure` has them."""

    seconds: float
    cpu: float
    peak: float
    anonymous: float

    def without(self, part: Taken, count: int) -> Taken:
        """Give each of `count` equal things that are left when a part is taken out."""
        return self._replace(seconds=(self.seconds - part.seconds) / count, cpu=(self.cpu - part.cpu) / count)


class Clock:
    """Measures one thing after another, memory above what there was when it was made."""

    def __init__(self) -> None:
        """Start with the memory of now."""
        _memory.reset_peak()
        self.resident, self.private = _memory.resident(), _memory.anonymous()

    def __call__(self, function: Callable[[], _T]) -> tuple[Taken, _T]:
        """Do something; give what it took and what it gave."""
        started, worked = time.perf_counter(), time.process_time()
        result = function()
        seconds, cpu = time.perf_counter() - started, time.process_time() - worked
        return Taken(seconds, cpu, _memory.peak() - self.resident, _memory.anonymous() - self.private), result


def median(taken: Sequence[Taken]) -> Taken:
    """Give the median of each number."""
    return Taken(*(statistics.median(column) for column in zip(*taken, strict=True)))
