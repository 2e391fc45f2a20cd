"""Kill a process that saves, at every call to the operating system; run as a process of its own, without MindSpore.

    python -m tests.saving.crashes OLD NEW

OLD is what is there, `none`, `single`, `sharded` or `ckpt`; NEW is what is saved over it. Prints a JSON object: `kills`,
how many points there were; `old` and `new`, after how many of them the one or the other checkpoint was there;
`problems`, what was wrong after which kill.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lazycell._errors import CheckpointFormatError
from lazycell.saving._verify import verify

from .saved import load_arrays, same_arrays, save_arrays, some_arrays

CALLS = ("open", "write", "pwrite", "close", "fsync", "fchmod", "rename", "link", "unlink")

OLD, NEW, NEXT = some_arrays(1), some_arrays(2, 5), some_arrays(3)


def save_as(form: str, directory: Path, arrays: dict[str, Any]) -> None:
    """Save arrays in one of the forms."""
    if form == "ckpt":
        save_arrays(directory / "model.ckpt", arrays)
    else:
        save_arrays(directory, arrays, 2500 if form == "sharded" else None)


def killed_at(call: int, act: Callable[[], object], names: Sequence[str] = CALLS) -> bool:
    """Run `act` in a child that kills itself at its `call`-th call; whether it lived to do so."""
    child = os.fork()
    if child == 0:
        try:
            die_at(call, names)
            act()
            status = 0
        except BaseException:
            status = 1
        os._exit(status)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    assert os.waitstatus_to_exitcode(status) == 0, "the save failed"
    return False


def die_at(call: int, names: Sequence[str] = CALLS) -> None:
    """Make this process kill itself instead of making its `call`-th call; a write is half done then."""
    count = 0

    def wrap(name: str) -> None:
        real = getattr(os, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == call:
                if name in ("write", "pwrite"):
                    real(args[0], args[1][: len(args[1]) // 2], *args[2:])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        setattr(os, name, counted)

    for name in names:
        wrap(name)


def examine(old: str, new: str, directory: Path) -> tuple[str, list[str]]:
    """Look at what a kill left: which checkpoint is there, and what is wrong."""
    problems = []
    try:
        found = load_arrays(directory)
        verify(directory)
        state = "old" if same_arrays(found, OLD) else "new" if same_arrays(found, NEW) else "neither"
    except CheckpointFormatError as error:
        state = "nothing"
        if old != "none":
            problems.append(str(error))
    if state == "neither":
        problems.append(f"a mixture: {sorted(found)}")
    save_as(new, directory, NEXT)
    if not same_arrays(load_arrays(directory), NEXT):
        problems.append("the next save is not what is read")
    expected = {"single": 1, "sharded": 3, "ckpt": 1}[new]
    names = sorted(os.listdir(directory))
    if len(names) != expected or any(name.startswith(".") for name in names):
        problems.append(f"rubbish: {names}")
    return state, problems


def main(old: str, new: str) -> None:
    """Kill at every call."""
    result: dict[str, Any] = {"kills": 0, "old": 0, "new": 0, "nothing": 0, "neither": 0, "problems": []}
    scratch = Path(tempfile.mkdtemp())
    try:
        while True:
            directory = scratch / str(result["kills"])
            directory.mkdir()
            if old != "none":
                save_as(old, directory, OLD)
            if not killed_at(result["kills"] + 1, lambda directory=directory: save_as(new, directory, NEW)):
                break
            result["kills"] += 1
            state, problems = examine(old, new, directory)
            result[state] += 1
            result["problems"] += [f"kill {result['kills']}: {problem}" for problem in problems]
    finally:
        shutil.rmtree(scratch)
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
