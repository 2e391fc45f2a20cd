"""The process that runs one command of `lazycell` as a process of its own, and prints what that took.

`python -c "from benchmarks._command_line import main; main()" COMMAND WORK`. The files that the command gets are made
before: the checkpoint by the harness, manifests beside it here.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from lazycell import Manifest, ManifestEntry

from ._work import Work


def inspect(work: Work) -> list[str]:
    """Say what the checkpoint holds, and hold it against the zoo's manifests."""
    return ["inspect", work.path]


def check(work: Work) -> list[str]:
    """Fit the checkpoint to the manifest of its model."""
    return ["check", str(_written(work, "model.json")), work.path]


def diff(work: Work) -> list[str]:
    """Hold the manifest against that of a model with as many layers, half as wide."""
    other = work._replace(width=work.width // 2)
    return ["diff", str(_written(work, "model.json")), str(_written(other, "other.json"))]


STATUS = {inspect: 0, check: 0, diff: 1}
"""What each answers."""


def main() -> None:
    """Run the command that the arguments name; print one line of JSON, as `_process` does."""
    name, text = sys.argv[1:]
    step = globals()[name]
    arguments = step(Work(**json.loads(text)))
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "lazycell", *arguments], stdout=subprocess.DEVNULL, check=False)
    seconds = time.perf_counter() - started
    if done.returncode != STATUS[step]:
        raise ValueError(f"`lazycell {' '.join(arguments)}` ended with {done.returncode}, not with {STATUS[step]}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    kilobytes = 1 if sys.platform == "darwin" else 1024
    taken = {"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss * kilobytes}
    print(json.dumps({"first_use": 0, "steps": {name: {**taken, "anonymous": 0}}, "checksum": 0}))


def _written(work: Work, name: str) -> Path:
    """Write the manifest of a net, in which every parameter has a line."""
    path = Path(work.path).with_name(f"{os.getpid()}-{name}")
    entries = tuple(
        ManifestEntry(name, shape, work.dtype, "normal", declared_by="Linear.weight") for name, shape in work.shapes()
    )
    manifest = Manifest("Layers", entries, hyperparameters={"n_layers": work.n_layers, "width": work.width})
    path.write_text(manifest.to_json(), encoding="utf-8")
    return path
