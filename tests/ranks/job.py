"""What a job on ranks starts with: `rank, ranks = start()`, then the checks, one after the other, `run(check, …)`."""

from __future__ import annotations

import time
from collections.abc import Callable

import mindspore
from mindspore.communication import get_group_size, get_rank, init

ALL_PASSED = "all passed"
"""What a rank prints when its checks are done."""


def start() -> tuple[int, int]:
    """Initialize communication, and give this rank and how many there are."""
    mindspore.set_device("CPU")
    mindspore.set_context(mode=mindspore.PYNATIVE_MODE, pynative_synchronize=True)
    init()
    return get_rank(), get_group_size()


def run(*checks: Callable[[], object]) -> None:
    """Call each check, and print that it passed; the first one that raises ends this rank."""
    for check in checks:
        started = time.perf_counter()
        print("begins", check.__name__, flush=True)
        check()
        print("passed", check.__name__, f"{time.perf_counter() - started:.2f} s", flush=True)
    print(ALL_PASSED, flush=True)
