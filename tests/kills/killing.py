"""Kill a forked child at a moment of what it does."""

from __future__ import annotations

import contextlib
import os
import signal
import statistics
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from random import Random

import attrs

_CALIBRATING = 5

Act = Callable[[], object]


@attrs.frozen
class Moment:
    """When to kill.

    Attributes:
        writing: whether the time counts from the first file that is made, not from the start.
        seconds: the time.
    """

    writing: bool
    seconds: float


@attrs.frozen
class Course:
    """How long an operation takes.

    Attributes:
        begins: seconds from its start until it makes its first file.
        ends: seconds until it has ended.
    """

    begins: float
    ends: float

    def moment(self, random: Random) -> Moment:
        """Give a moment to kill it at: a third of them anywhere, the others while it changes files."""
        writing = random.random() < 2 / 3
        return Moment(writing, random.uniform(0, self.ends - self.begins if writing else self.ends))


def course_of(acts: Callable[[], Act]) -> Course:
    """Time an operation a few times, each on files of its own.

    Args:
        acts: prepares files, and gives what is to be done with them.
    """
    begins, ends = [], []
    for _ in range(_CALIBRATING):
        child, pipe = _start(acts())
        started = _read(pipe)
        begins.append((_read(pipe) or started) - started)
        _, status = os.waitpid(child, 0)
        ends.append(time.monotonic() - started)
        os.close(pipe)
        assert status == 0, f"it failed without being killed: {status}"
    return Course(statistics.median(begins), statistics.median(ends))


def killed_at(moment: Moment, act: Act, number: int = signal.SIGKILL) -> bool:
    """Do something in a child, and send it a signal; whether it had not ended by itself before."""
    child, pipe = _start(act)
    began = _read(pipe)
    if moment.writing:
        began = _read(pipe)
    os.close(pipe)
    time.sleep(max(0.0, began + moment.seconds - time.monotonic()))
    os.kill(child, number)  # one that has ended stays a zombie until it is waited for
    _, status = os.waitpid(child, 0)
    return status != 0


def done_in_child(act: Act, log: Path) -> str:
    """Do something in a child, wait for it, and give what it printed.

    Raises:
        AssertionError: it failed.
    """

    child, pipe = _start(act, log)
    _, status = os.waitpid(child, 0)
    os.close(pipe)
    printed = log.read_text()
    assert status == 0, f"status {status}: {printed}"
    return printed


def _start(act: Act, log: Path | str = os.devnull) -> tuple[int, int]:
    """Fork a child; give its number, and a pipe which it tells when it starts and when it makes its first file."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    status = 1
    try:
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.close(reading)
            _print_to(log)
            _tell_of_first_file(writing)
            _write(writing)
            act()
            status = 0
        except KeyboardInterrupt:
            pass
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
    finally:
        try:
            os._exit(status)
        finally:  # interrupted just there, a child would go on as its parent
            os._exit(1)


def _print_to(log: Path | str) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.stdout = sys.stderr = os.fdopen(1, "w")


def _tell_of_first_file(pipe: int) -> None:
    real = os.open

    def opened(path: str, flags: int, *more: int, **keywords: int) -> int:
        if flags & os.O_CREAT:
            os.open = real
            with contextlib.suppress(BrokenPipeError):  # nobody waits for it
                _write(pipe)
        return real(path, flags, *more, **keywords)

    os.open = opened  # type: ignore[assignment]


def _write(pipe: int) -> None:
    os.write(pipe, time.monotonic().hex().encode().ljust(32))


def _read(pipe: int) -> float:
    """Give a moment that the child told of; 0: it ended without."""
    text = os.read(pipe, 32)
    return float.fromhex(text.decode().strip()) if text else 0.0
