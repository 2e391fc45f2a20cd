"""Real ranks, forked from a process that has imported everything: they communicate as those that msrun starts do.

What msrun does is three variables of the environment, a scheduler and as many workers; without the imports a job takes a
third of the time, and nobody ends the others when one was killed.

    python -m tests.ranks.cluster RANKS DIRECTORY SECONDS JOB [ARGUMENT ...]

runs a job so, each rank of which prints into `worker_RANK.log` of the directory, and the scheduler into `scheduler.log`.
It ends all ranks as soon as one fails, as msrun does, and then with 1, or with 124 when the time is over.
"""

from __future__ import annotations

import contextlib
import gc
import os
import runpy
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
def ranks_of(count: int, act: Callable[[int], object], log: Path, *, connected: bool = True) -> Iterator[list[int]]:
    """Start ranks, each of which does something and ends; give the numbers of the processes. None is left behind.

    Args:
        count: of ranks.
        act: what each does, given its rank.
        log: where they print.
        connected: whether each communicates with the others by then.
    """
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    scheduler = _start("MS_SCHED", count, port, 0, lambda _: _connect(), log)
    _wait_for(port)

    def work(rank: int) -> None:
        if connected:
            _connect()
        act(rank)

    workers = [_start("MS_WORKER", count, port, rank, work, log) for rank in range(count)]
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


def _print_into(path: Path) -> None:
    """Have this process print into a file, at its end."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    sys.stdout = sys.stderr = os.fdopen(1, "w", buffering=1, closefd=False)


def _connect() -> None:
    mindspore.set_device("CPU")
    init()


def _start(role: str, count: int, port: int, rank: int, act: Callable[[int], object], log: Path) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        _print_into(log)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        cluster = {"MS_WORKER_NUM": count, "MS_SCHED_HOST": "127.0.0.1", "MS_SCHED_PORT": port}
        cluster |= {"MS_CLUSTER_TIMEOUT": _TO_CONNECT, "MS_TOPO_TIMEOUT": _TO_CONNECT}
        if role == "MS_WORKER":
            cluster |= {"MS_NODE_ID": rank, "RANK_ID": rank, "RANK_SIZE": count, "DEVICE_ID": rank}
        os.environ.update({name: str(value) for name, value in cluster.items()}, MS_ROLE=role)
        act(rank)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def main(words: list[str]) -> int:
    """Run a job on ranks."""
    count, directory, seconds, (job, *arguments) = int(words[0]), Path(words[1]), float(words[2]), words[3:]

    def act(rank: int) -> None:
        _print_into(directory / f"worker_{rank}.log")
        sys.argv = [job, *arguments]
        sys.path[0] = os.path.dirname(job)
        runpy.run_path(job, run_name="__main__")

    end = time.monotonic() + seconds
    gc.freeze()  # MindSpore collects at each compilation
    with ranks_of(count, act, directory / "scheduler.log", connected=False) as processes:
        left = set(processes)
        while left and time.monotonic() < end:
            time.sleep(0.01)
            for process in processes:
                ended, status = os.waitpid(process, os.WNOHANG) if process in left else (0, 0)
                if status:
                    return 1
                left.discard(ended)
    return 124 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
