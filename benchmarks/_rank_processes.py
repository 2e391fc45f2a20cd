"""One process a rank, without `msrun`: all get ready, and begin together."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_HERE = Path(__file__).absolute().parents[1]
_READY = "ready"


class RankError(RuntimeError):
    """The process of a rank failed."""


def at_once(module: str, ranks: Sequence[Sequence[str]], before: Callable[[], None] = lambda: None) -> list[Any]:
    """Run a module of this package in a process for each rank, and give what each printed at the end, from JSON.

    Args:
        module: its name here; it calls `wait` when it is ready.
        ranks: the arguments of each.
        before: called when all are ready, before they begin.

    Raises:
        RankError: one of them failed.
    """
    environment = {"GLOG_v": "3", **os.environ, "PYTHONPATH": str(_HERE)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.{module}", *arguments],
            cwd=_HERE,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for arguments in ranks
    ]
    try:
        ready = [_is_ready(process) for process in processes]
        if all(ready):
            before()
        found = []
        for process in processes:
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):  # one that has failed, which is told below
                process.stdin.write("\n")
                process.stdin.flush()
        for rank, process in enumerate(processes):
            out, error = process.communicate()
            if process.returncode:
                raise RankError(f"the process of rank {rank} failed:\n{error.strip()}")
            found.append(json.loads(out.splitlines()[-1]))
    finally:
        for process in processes:
            process.kill()
    return found


def _is_ready(process: subprocess.Popen[str]) -> bool:
    assert process.stdout is not None
    return any(line.strip() == _READY for line in process.stdout)


def wait() -> None:
    """Say that this process is ready, and wait for the others."""
    print(_READY, flush=True)
    sys.stdin.readline()
