"""Tests of `lazycell.system._workers`."""

from __future__ import annotations

import _thread
import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from lazycell.system._workers import Scratch, Task, available_cores, run

THREADS = [1, 2, 4]


def nothing(done: int) -> None:
    """Progress that nobody looks at."""


@pytest.fixture(autouse=True)
def no_thread_outlives_the_call() -> Iterator[None]:
    """Hold for every test of this file."""
    before = _thread._count()
    yield
    deadline = time.monotonic() + 60
    while _thread._count() > before and time.monotonic() < deadline:  # its last instructions are after its last word
        time.sleep(0.001)
    assert _thread._count() == before


def endless(task: Task) -> Iterator[Task]:
    """Give one task again and again: only a stop ends it."""
    while True:
        yield task


def one(scratch: Scratch) -> int:
    """Do one byte."""
    return 1


@pytest.mark.parametrize("threads", THREADS)
def test_every_task_is_done_once(threads: int) -> None:
    """Whoever does it."""
    done: list[int] = []

    def task(number: int) -> Task:
        return lambda scratch: done.append(number) or 1

    run((task(number) for number in range(1000)), threads, nothing)
    assert sorted(done) == list(range(1000))


@pytest.mark.parametrize("threads", THREADS)
def test_progress_comes_in_the_calling_thread_and_never_falls(threads: int) -> None:
    """It ends with everything."""
    seen: list[tuple[int, int]] = []
    run([lambda scratch: 3] * 100, threads, lambda done: seen.append((threading.get_ident(), done)))
    assert {thread for thread, _ in seen} == {threading.get_ident()}
    amounts = [done for _, done in seen]
    assert amounts == sorted(amounts)
    assert amounts[-1] == 300


def test_with_one_thread_all_happens_here_and_in_order() -> None:
    """A platform without threads can load too."""
    order: list[object] = []

    def task(number: int) -> Task:
        return lambda scratch: order.append((number, threading.get_ident())) or 1

    run(map(task, range(3)), 1, order.append)
    here = threading.get_ident()
    assert order == [(0, here), 1, (1, here), 2, (2, here), 3]


def test_no_task_is_no_work() -> None:
    """Nor is it an error."""
    run([], 3, nothing)


def test_threads_work_at_the_same_time() -> None:
    """Each of three waits for the other two."""
    barrier = threading.Barrier(3, timeout=60)
    run([lambda scratch: barrier.wait() * 0] * 3, 3, nothing)


@pytest.mark.parametrize("threads", THREADS)
def test_a_task_that_fails_stops_all(threads: int) -> None:
    """The others would go on for ever; the error is the task's own."""
    failure = ValueError("no such bytes")

    def fail(scratch: Scratch) -> int:
        raise failure

    def tasks() -> Iterator[Task]:
        yield from [one] * 10
        yield fail
        yield from endless(one)

    with pytest.raises(ValueError, match="no such bytes") as caught:
        run(tasks(), threads, nothing)
    assert caught.value is failure


def test_a_failure_in_another_thread_arrives_here() -> None:
    """Also an interrupt that only that thread knows of."""
    here = threading.get_ident()
    failed = threading.Event()

    def task(scratch: Scratch) -> int:
        if threading.get_ident() != here:
            failed.set()
            raise KeyboardInterrupt
        failed.wait(60)
        return 1

    with pytest.raises(KeyboardInterrupt):
        run(endless(task), 2, nothing)


@pytest.mark.parametrize("threads", THREADS)
def test_progress_that_fails_stops_all(threads: int) -> None:
    """A user's callback may end the load."""

    def progress(done: int) -> None:
        if done > 100:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        run(endless(one), threads, progress)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let SIGINT be a KeyboardInterrupt.

    A shell starts what it runs in the background with SIGINT ignored; parts of MindSpore set a handler of their own,
    which ends the process.
    """
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("threads", THREADS)
def test_an_interrupt_stops_all(threads: int) -> None:
    """Ctrl-C, as the terminal sends it."""

    def progress(done: int) -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(endless(one), threads, progress)


@pytest.mark.parametrize("late", [False, True])
def test_an_interrupt_while_threads_are_started_stops_all(late: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that has started by then is waited for, or finds nothing to do if it comes late; nothing is begun."""
    began: list[int] = []
    finished: list[int] = []
    working, returned = threading.Event(), threading.Event()
    ended: list[bool] = []

    def task(scratch: Scratch) -> int:
        began.append(threading.get_ident())
        working.set()
        time.sleep(0.05)  # `run` has to wait for it
        finished.append(threading.get_ident())
        return 1

    def interrupted(function: Callable[[], None], arguments: tuple[()]) -> int:
        def thread() -> None:
            if late:
                assert returned.wait(60)
            function()
            ended.append(True)

        start(thread, arguments)
        if not late:
            assert working.wait(60)
        raise KeyboardInterrupt

    start = _thread.start_new_thread
    monkeypatch.setattr(_thread, "start_new_thread", interrupted)
    asked: list[bool] = []

    def tasks() -> Iterator[Task]:
        for each in endless(task):
            asked.append(returned.is_set())
            yield each

    with pytest.raises(KeyboardInterrupt):
        run(tasks(), 4, nothing)
    done = len(began)
    assert len(finished) == done
    returned.set()
    deadline = time.monotonic() + 60
    while not ended and time.monotonic() < deadline:
        time.sleep(0.001)
    assert ended == [True]
    assert len(began) == done
    assert not any(asked)
    assert threading.get_ident() not in began
    assert bool(done) is not late


@pytest.mark.parametrize("threads", THREADS)
def test_tasks_that_cannot_be_made_stop_all(threads: int) -> None:
    """Memory may run out while they are asked for."""

    def tasks() -> Iterator[Task]:
        yield from [one] * 10
        raise MemoryError("no more")

    with pytest.raises(MemoryError, match="no more"):
        run(tasks(), threads, nothing)


def test_a_thread_has_one_buffer() -> None:
    """What is taken is as long as asked for, and the memory is the same again."""
    scratch = Scratch()
    first = scratch.take(100)
    assert first.size == 100
    again = scratch.take(50)
    assert again.size == 50
    assert again.ctypes.data == first.ctypes.data
    assert scratch.take(200).size == 200


def test_cores_are_counted_for_this_process() -> None:
    """At least the one that counts, and no crowd."""
    assert 1 <= available_cores() <= 8
