"""The measured process: it does one side's steps once, and prints what each took. Needs Python, NumPy and that side.

`python -m benchmarks._process MODULE STEPS FIRST WORK`: the module of a side, the names of its functions, and two
`Work` as JSON: what is done before anything is measured, and what is measured.
"""

from __future__ import annotations

import gc
import importlib
import json
import sys
import time
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import numpy as np

from . import _memory
from ._work import Work


def run(side: ModuleType, steps: list[str], work: Work) -> dict[str, Any]:
    """Do the steps, and read every value once.

    Args:
        side: its functions `step(net, work)` take what the step before gave (the first takes None), and its
            `arrays(net)` gives every parameter's memory as an array of bytes.
        steps: names of its functions.
        work: what to do.

    Returns:
        `steps`: for each step, and then for `read`: `seconds`; `cpu`, seconds that all threads worked; `peak`, the most
        resident memory so far, and `anonymous`, the memory that belongs to no file afterwards, both in bytes above what
        the process had before. And `checksum`, of all values.
    """
    gc.collect()
    _memory.reset_peak()
    resident, anonymous = _memory.resident(), _memory.anonymous()
    taken: dict[str, dict[str, float]] = {}
    net: Any = None
    checksum = 0
    for step in [*steps, "read"]:
        started, worked = time.perf_counter(), time.process_time()
        if step == "read":
            checksum = read(side.arrays(net))
        else:
            net = getattr(side, step)(net, work)
        seconds, cpu = time.perf_counter() - started, time.process_time() - worked
        taken[step] = {
            "seconds": seconds,
            "cpu": cpu,
            "peak": _memory.peak() - resident,
            "anonymous": _memory.anonymous() - anonymous,
        }
    return {"steps": taken, "checksum": checksum}


def read(arrays: Iterable[np.ndarray[Any, Any]]) -> int:
    """Read every byte once: the pages of a mapped file, and those allocated but not written, take their time here.

    Returns:
        A number that two nets share only if they hold the same bytes in the same order.
    """
    checksum = 0
    for array in arrays:
        words = array.view(np.uint64 if array.nbytes % 8 == 0 else np.uint8)
        checksum = (checksum * 31 + int(np.bitwise_xor.reduce(words, initial=0))) % (1 << 61)
    return checksum


def main(arguments: list[str]) -> None:
    """Do the first work, then the one that is measured; print one line of JSON."""
    module, steps, first, work = arguments
    side = importlib.import_module(f"benchmarks.{module}")
    # What a library does at its first use (imports, thread pools) is counted apart: it does not grow with the model.
    started = time.perf_counter()
    run(side, json.loads(steps), Work(**json.loads(first)))
    first_use = time.perf_counter() - started
    result = run(side, json.loads(steps), Work(**json.loads(work)))
    print(json.dumps({"first_use": first_use, **result}))


if __name__ == "__main__":
    main(sys.argv[1:])
