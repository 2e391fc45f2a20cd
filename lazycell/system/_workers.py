"""Carry out many small tasks with a few threads, all of which stop at the first failure."""

from __future__ import annotations

import _thread
import os
import threading
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

# More do not read faster from one disk, and each needs a buffer.
_MOST = 8


class Scratch:
    """A thread's own buffer, used again for each of its tasks: memory touched for the first time is dear."""

    def __init__(self) -> None:
        self._buffer: npt.NDArray[np.uint8] = np.empty(0, np.uint8)

    def take(self, nbytes: int) -> npt.NDArray[np.uint8]:
        """Give `nbytes` bytes, valid until the next call."""
        if self._buffer.size < nbytes:
            self._buffer = np.empty(nbytes, np.uint8)
        return self._buffer[:nbytes]


Task = Callable[[Scratch], int]
"""Some work, which gives how many bytes are done by it."""


def available_cores() -> int:
    """Give the number of cores this process may use, at most 8."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return min(len(affinity(0)) if affinity else os.cpu_count() or 1, _MOST)


def run(tasks: Iterable[Task], threads: int, progress: Callable[[int], None]) -> None:
    """Carry out all tasks, in no order; the calling thread is one of the `threads`.

    Args:
        tasks: asked for one by one, by one thread at a time.
        threads: at least 1; with 1 everything happens in the calling thread, in order.
        progress: called in the calling thread with the bytes that are done by then; they never become fewer.

    Raises:
        BaseException: what a task or `progress` raised first, KeyboardInterrupt included. No further task is begun
            then, and all threads have ended. Only a second interrupt while they end does not wait for them.
    """
    crew = _Crew(tasks)
    try:
        for _ in range(1, threads):
            # Not `threading.Thread`: a signal in its `start` leaves a thread of which nobody knows whether it runs.
            try:
                _thread.start_new_thread(crew.help, ())
            except RuntimeError:
                break  # the system gives no more: those that there are do it all
        crew.work(progress)
        while not crew.wait(0.1):
            progress(crew.done)
        if threads > 1:
            progress(crew.done)
    finally:
        crew.stop()
        crew.wait(None)
    if crew.failure is not None:
        raise crew.failure


class _Crew:
    """The tasks that are left, and what has become of the others."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._tasks = iter(tasks)
        self._lock = threading.Lock()
        self._ended = threading.Condition(self._lock)
        self._helpers = 0
        self._stopped = False
        self.done = 0
        self.failure: BaseException | None = None

    def work(self, progress: Callable[[int], None] | None = None) -> None:
        """Take tasks until there are none; a failure is kept, except in the thread that has `progress`."""
        scratch = Scratch()
        try:
            while (task := self._next()) is not None:
                nbytes = task(scratch)
                with self._lock:
                    self.done += nbytes
                if progress is not None:
                    progress(self.done)
        except BaseException as error:
            with self._lock:
                self._stopped = True
                self.failure = self.failure or error
            if progress is not None:
                raise

    def help(self) -> None:
        """Work in a thread of its own; one that only begins after `stop` does nothing."""
        with self._lock:
            if self._stopped:
                return
            self._helpers += 1
        try:
            self.work()
        finally:
            with self._lock:
                self._helpers -= 1
                self._ended.notify_all()

    def wait(self, seconds: float | None) -> bool:
        """Wait until no helper works any more, or for so long; tell whether none does."""
        with self._lock:
            return self._ended.wait_for(lambda: not self._helpers, seconds)

    def stop(self) -> None:
        """Begin no further task."""
        with self._lock:
            self._stopped = True

    def _next(self) -> Task | None:
        with self._lock:
            return None if self._stopped else next(self._tasks, None)
