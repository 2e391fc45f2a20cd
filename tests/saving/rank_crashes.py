"""Kill rank 0 of two that save, at every call that changes files; run as a process of its own, without MindSpore.

    python -m tests.saving.rank_crashes OLD NEW

OLD is what is there, `none`, `single`, `sharded` or `ranks`; NEW is what the ranks save over it, `single`, `sharded` or
`ranks`. Prints a JSON object as `crashes` does.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from lazycell._errors import CheckpointFormatError
from lazycell.mesh import Mesh
from lazycell.saving._verify import verify

from .crashes import killed_at
from .ranks import arrays, save_as_rank, save_on
from .saved import load_arrays, same_arrays, save_arrays

CALLS = ("write", "fsync", "ftruncate", "rename", "replace", "link", "unlink")
"""Not among them are those that a rank makes while it waits: nobody knows how many there are."""

OLD, NEW, NEXT = arrays(1), arrays(2), arrays(3)

_SHARD = 700


def options(form: str) -> dict[str, Any]:
    """Give how ranks save in a form."""
    return {"single": {}, "sharded": {"max_shard_size": _SHARD}, "ranks": {"layout": "ranks"}}[form]


def crash(call: int, form: str, directory: Path) -> tuple[bool, bool]:
    """Save by two ranks, of which rank 0 dies; whether it did, and whether the other was told that all is well."""
    token = f"{call:08x}"
    other = os.fork()
    if not other:
        status = 1
        try:
            save_as_rank(directory, NEW, Mesh(tp=2, rank=1), token, timeout=1.0, **options(form))
            status = 0
        finally:
            os._exit(status)
    mesh = Mesh(tp=2, rank=0)
    died = killed_at(call, lambda: save_as_rank(directory, NEW, mesh, token, **options(form)), CALLS)
    _, status = os.waitpid(other, 0)
    return died, status == 0


def examine(old: str, new: str, told: bool, directory: Path, count: int) -> tuple[str, list[str]]:
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
    if told and state != "new":
        problems.append("the other rank was told that all is well")
    save_on(directory, NEXT, {"tp": 2}, **options(new))
    if not same_arrays(load_arrays(directory), NEXT):
        problems.append("the next save is not what is read")
    names = sorted(os.listdir(directory))
    if len(names) != count or any(name.startswith(".") for name in names):
        problems.append(f"rubbish: {names}")
    return state, problems


def main(old: str, new: str) -> None:
    """Kill at every call."""
    os.fsync = lambda descriptor: None  # a kill of a process alone loses nothing that was written
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    result: dict[str, Any] = {"kills": 0, "old": 0, "new": 0, "nothing": 0, "neither": 0, "problems": []}
    scratch = Path(tempfile.mkdtemp())
    try:
        (scratch / "count").mkdir()
        save_on(scratch / "count", NEXT, {"tp": 2}, **options(new))
        count = len(os.listdir(scratch / "count"))
        while True:
            directory = scratch / str(result["kills"])
            directory.mkdir()
            if old == "ranks":
                save_on(directory, OLD, {"dp": 2, "tp": 2}, layout="ranks")
            elif old != "none":
                save_arrays(directory, OLD, _SHARD if old == "sharded" else None)
            died, told = crash(result["kills"] + 1, new, directory)
            if not died:
                break
            result["kills"] += 1
            state, problems = examine(old, new, told, directory, count)
            result[state] += 1
            result["problems"] += [f"kill {result['kills']}: {problem}" for problem in problems]
    finally:
        shutil.rmtree(scratch)
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
