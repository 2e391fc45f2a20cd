"""The measured process: it does one side's steps once, and prints what each took. Needs Python, NumPy and that side.

`python -m benchmarks._process LIBRARY MODULE STEPS BEFORE WORK`: what is imported first, the module of a side, the
names of its functions with `read` where the values are read at the end, and two `Work` as JSON: what is done before
anything is measured, and what is measured. Where BEFORE is `null`, what is measured is the first that the process does;
then it does the same once more.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from types import ModuleType
from typing import Any

from . import _read
from ._measure import measure
from ._work import Work


def run(side: ModuleType, steps: list[str], work: Work, *, collect: bool = True) -> dict[str, Any]:
    """Do the steps.

    Args:
        side: its functions `step(net, work)` take what the step before gave (the first takes None); its `shapes(net)`
            gives the name and shape of every parameter, its `arrays(net)` every parameter's memory as an array of
            bytes.
        steps: names of its functions, and perhaps `read`: every value is read once.
        work: what to do.
        collect: as `measure` takes it.

    Returns:
        `steps`, as `measure` gives them, and `checksum`, of all values; 0 if they are not read.

    Raises:
        ValueError: what there is at the end has other parameters than `work`.
    """
    checksum = 0

    def read(net: Any) -> Any:
        nonlocal checksum
        checksum = _read.checksum(side.arrays(net))
        return net

    tasks: dict[str, Callable[[Any], Any]] = {
        name: read if name == "read" else partial(_take, getattr(side, name), work) for name in steps
    }
    net, taken = measure(tasks, collect=collect)
    check_shapes(side.shapes(net), work)
    return {"steps": taken, "checksum": checksum}


def _take(step: Callable[[Any, Work], Any], work: Work, net: Any) -> Any:
    return step(net, work)


def check_shapes(shapes: Iterable[tuple[str, tuple[int, ...]]], work: Work) -> None:
    """Check that a side did the work that was meant: every parameter is there, under its name, in its shape.

    Raises:
        ValueError: one is not, or there are others.
    """
    differing = set(shapes) ^ set(work.shapes())
    if differing:
        raise ValueError(f"{len(differing)} parameters are not those that were asked for, such as {min(differing)}")


def main(arguments: list[str]) -> None:
    """Do the work that is measured, and what comes before or after it; print one line of JSON."""
    library, module, names, before, measured = arguments
    importlib.import_module(library)
    side, declared = _timed(lambda: importlib.import_module(f"benchmarks.{module}"))
    steps, work = json.loads(names), Work(**json.loads(measured))
    if json.loads(before) is None:
        result = run(side, steps, work, collect=False)
        more = {"declared": declared, "first_use": 0, "later": run(side, steps, work)["steps"]}
    else:
        # What a library does at its first use (imports, thread pools) is counted apart: it does not grow with the net.
        _, first_use = _timed(lambda: run(side, steps, Work(**json.loads(before))))
        result = run(side, steps, work)
        more = {"declared": declared, "first_use": first_use, "later": {}}
    print(json.dumps({**result, **more}))


def _timed(task: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    result = task()
    return result, time.perf_counter() - started


if __name__ == "__main__":
    main(sys.argv[1:])
