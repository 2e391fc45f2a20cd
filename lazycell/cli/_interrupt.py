"""Ctrl-C, where MindSpore is in the process."""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def interrupts_held() -> Iterator[Callable[[], None]]:
    """Hold Ctrl-C back while MindSpore is imported or runs; gives a function that lets it through between two steps.

    MindSpore 2.10 takes SIGINT for itself when it runs, and answers it with SIGTERM, so that nothing is left in order:
    not the terminal's cursor, not the exit status. Interrupted while it is imported, it crashes at exit. A thread
    inherits what is blocked where it is started, so enter this before numpy and MindSpore start theirs.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows: nothing can be held back there
        yield lambda: None
        return
    interrupt = {signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, interrupt)

    def let_through() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # MindSpore may have put its own there
        signal.pthread_sigmask(signal.SIG_UNBLOCK, interrupt)
        signal.pthread_sigmask(signal.SIG_BLOCK, interrupt)

    try:
        yield let_through
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, interrupt)


@contextmanager
def interrupts_passed_on() -> Iterator[None]:
    """Let Ctrl-C end somebody's Python code, however long it runs, also where MindSpore has taken SIGINT for itself.

    A thread waits for the signal, and has Python raise KeyboardInterrupt in the main thread.
    """
    if not (hasattr(signal, "pthread_sigmask") and hasattr(signal, "sigwait")):
        yield
        return
    interrupt = {signal.SIGINT}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    kept = signal.pthread_sigmask(signal.SIG_BLOCK, interrupt)
    done = threading.Event()

    def wait() -> None:
        while not done.is_set():
            signal.sigwait(interrupt)
            if not done.is_set():
                _thread.interrupt_main()

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    try:
        yield
    finally:
        done.set()
        signal.pthread_kill(waiting.ident, signal.SIGINT)  # type: ignore[arg-type]
        waiting.join()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, kept)
