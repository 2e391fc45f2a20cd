"""How PyNative operators are launched on the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import mindspore

from ..parameters import launches_blocking, set_launches_blocking


@contextmanager
def launch_blocking() -> Iterator[None]:
    """Run PyNative operators where they are called, on the CPU: a context manager, and a decorator of functions.

    By default MindSpore hands operators to a thread of its own and goes on. On a CPU that costs more than it gains:
    whatever asks for a shape, a part or a value waits for the other thread, many times in each layer. Errors too are
    raised where they occur. What was set before is put back at the end. On other devices, whose work the host runs
    ahead of, nothing is changed; nor is a graph, which is launched as a whole.

    MindSpore's `runtime.launch_blocking()` does the same for good.

    Yields:
        Nothing.
    """
    if mindspore.get_context("device_target") != "CPU" or launches_blocking():
        yield
        return
    set_launches_blocking(True)
    try:
        yield
    finally:
        set_launches_blocking(False)
