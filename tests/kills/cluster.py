"""Real ranks, forked from a process that has imported everything: they communicate as those that msrun starts do.

What msrun does is three variables of the environment, a scheduler and as many workers; without the imports a job takes a
third of the time, and nobody ends the others when one was killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import mindspore
from mindspore.communication import init

_TO_CONNECT = 120
"""Seconds. A rank tries to reach the scheduler twice a second, for some hundredths: on a busy machine, often in vain."""


@contextlib.contextmanager
def ranks_of(count: int, act: Callable[[int], object], log: Path) -> Iterator[list[int]]:
    """Start ranks, each of which does something and ends; give the numbers of the processes. None is left behind.

    Args:
        count: of ranks.
        act: what each does, given its rank, once it communicates with the others.
        log: where they print.
    """
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    scheduler = _start("MS_SCHED", count, port, None, act, log)
    _wait_for(port)
    workers = [_start("MS_WORKER", count, port, rank, act, log) for rank in range(count)]
    try:
        yield workers
    finally:
        for process in (*workers, scheduler):
            with contextlib.suppress(ChildProcessError, ProcessLookupError):  # somebody has waited for it
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)


def ended_in_time(process: int, seconds: float) -> bool:
    """Wait for a process, and tell whether it ended within a time."""
    end = time.monotonic() + seconds
    while not os.waitpid(process, os.WNOHANG)[0]:
        if time.monotonic() > end:
            return False
        time.sleep(0.001)
    return True


def _wait_for(port: int) -> None:
    """Wait until somebody listens, without a word to who does."""
    listening = f":{port:04X} 00000000:0000 0A"
    end = time.monotonic() + _TO_CONNECT
    while listening not in Path("/proc/net/tcp").read_text() and time.monotonic() < end:
        time.sleep(0.01)


def _start(role: str, count: int, port: int, rank: int | None, act: Callable[[int], object], log: Path) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        sys.stdout = sys.stderr = os.fdopen(1, "w", buffering=1)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        cluster = {"MS_WORKER_NUM": count, "MS_SCHED_HOST": "127.0.0.1", "MS_SCHED_PORT": port}
        cluster |= {"MS_CLUSTER_TIMEOUT": _TO_CONNECT, "MS_TOPO_TIMEOUT": _TO_CONNECT}
        if rank is not None:
            cluster |= {"MS_NODE_ID": rank, "RANK_ID": rank, "RANK_SIZE": count, "DEVICE_ID": rank}
        os.environ.update({name: str(value) for name, value in cluster.items()}, MS_ROLE=role)
        mindspore.set_device("CPU")
        init()
        if rank is not None:
            act(rank)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)
