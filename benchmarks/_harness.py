"""Run the cases: each run in a process of its own, the sides in turns, so that what else the machine does meets all."""

from __future__ import annotations

import functools
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import _checkpoints
from ._case import Case, Side
from ._result import Result, Run, Step
from ._work import Work
from .running._files import MissingCheckpointError
from .running._task import Task

_BESIDE = Path(__file__).absolute().parents[1]
"""Where processes start: what they measure is the lazycell beside this package, not one that may be installed."""


class BenchmarkError(RuntimeError):
    """A measured process failed, two sides disagree, or there is no room for the files."""


def run_case(
    case: Case,
    interpreters: Mapping[str, str],
    absent: Mapping[str, str],
    *,
    rounds: int,
    quick: bool = False,
    directory: Path | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Result:
    """Measure each side of a case `rounds` times.

    Args:
        case: which.
        interpreters: the Python of each side, by its module; default: this one.
        absent: why a side cannot run, by its module.
        rounds: how many runs each side has.
        quick: do the small work.
        directory: where the checkpoint is written, in a directory of its own that is removed in any case; default: the
            system's for temporary files.
        tell: called with a line before each run.

    Raises:
        BenchmarkError: a process failed, or the sides did not end with the same values.
    """
    work = case.quick if quick else case.work
    sides = [side for side in case.sides if side.module not in absent]
    runs: dict[str, list[Run]] = {side.name: [] for side in sides}
    with tempfile.TemporaryDirectory(prefix="lazycell-benchmarks-", dir=directory) as folder:
        tiny, work = _prepared(case, work, Path(folder))
        environment = _environment(case)
        if case.imports_are_timed:  # the first time, they are compiled
            for side in sides:
                _run(case, side, interpreters, tiny, tiny if case.first else work, environment)
        for number in range(rounds):
            # What a process leaves behind, such as free memory that the host has yet to take back, is not always met
            # by the same side.
            for side in random.Random(number).sample(sides, len(sides)):
                if side.rounds is None or number < side.rounds:
                    tell(f"{case.name}, round {number + 1} of {rounds}: {side.name}")
                    runs[side.name].append(_run(case, side, interpreters, tiny, work, environment))
    check_same_values(case, runs)
    reasons = {side.name: absent[side.module] for side in case.sides if side.module in absent}
    return Result(case, work._replace(path=""), runs, reasons)


def check_same_values(case: Case, runs: Mapping[str, Sequence[Run]]) -> None:
    """Check that all sides did the same work: their nets hold the same values, byte for byte, where they should.

    Raises:
        BenchmarkError: they do not.
    """
    if case.ends != "same":
        return
    checksums = {side: {run.checksum for run in each} for side, each in runs.items() if each}
    if len(set().union(*checksums.values())) > 1:
        raise BenchmarkError(f"{case.name}: the sides did not end with the same values: {checksums}")


def space_needed(cases: Sequence[Case], *, quick: bool) -> int:
    """Give the bytes of the largest checkpoint: only one is on the disk at a time."""
    needed = [
        _checkpoints.nbytes(case.quick if quick else case.work, case.stored)
        for case in cases
        if case.suffix is not None
    ]
    return max(needed, default=0)


def _prepared(case: Case, work: Work | Task, folder: Path) -> tuple[Work | Task, Work | Task]:
    """Write what is loaded; give what is done first, and what is measured."""
    if isinstance(work, Work):
        return _with_checkpoint(case, work.first(), folder / "first"), _with_checkpoint(case, work, folder / "model")
    assert case.prepare is not None
    try:
        work = case.prepare(work, folder / "model")
    except MissingCheckpointError as error:
        raise BenchmarkError(f"{case.name}: {error}") from None
    return work, work


def _with_checkpoint(case: Case, work: Work, stem: Path) -> Work:
    if case.suffix is None:
        return work
    path = stem.with_suffix(case.suffix)
    _checkpoints.write(path, work, case.stored)
    return work._replace(path=str(path))


def _environment(case: Case) -> dict[str, str]:
    """Give the environment of the processes. What is imported is compiled, as it is when a package was installed."""
    environment = dict(os.environ)
    if case.imports_are_timed:
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment["PYTHONPYCACHEPREFIX"] = _compiled().name
    return environment


@functools.cache
def _compiled() -> tempfile.TemporaryDirectory[str]:
    """Give the directory of what is compiled, the same for all cases; it is removed when this process ends."""
    return tempfile.TemporaryDirectory(prefix="lazycell-benchmarks-")


def _run(
    case: Case,
    side: Side,
    interpreters: Mapping[str, str],
    tiny: Work | Task,
    work: Work | Task,
    environment: Mapping[str, str],
) -> Run:
    """Measure one side once, the checkpoint in the page cache."""
    if work.path:
        _checkpoints.warm(Path(work.path))
    command = [interpreters.get(side.module, sys.executable), *_arguments(case, side, tiny, work)]
    done = subprocess.run(
        command,
        cwd=_BESIDE,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise BenchmarkError(f"the process of {side.name} failed with status {done.returncode}:\n{done.stderr.strip()}")
    # MindSpore may have written lines of its own before ours.
    return _parse(json.loads(done.stdout.splitlines()[-1]))


def _arguments(case: Case, side: Side, tiny: Work | Task, work: Work | Task) -> list[str]:
    """Give what Python is to run: imports are measured in a process that has imported nothing before."""
    if case.is_running:
        return ["-m", "benchmarks.running", side.module, side.mode, side.name, json.dumps(work._asdict())]
    if case.is_cold:
        files = [json.dumps(work._asdict())] if case.suffix is not None else []
        return ["-c", f"from benchmarks.{side.module} import main; main()", *side.steps, *files]
    steps = [*side.steps, "read"] if case.has_values else side.steps
    before = None if case.first else tiny._asdict()
    works = (json.dumps(each) for each in (before, work._asdict()))
    return ["-m", "benchmarks._process", side.packages[0], side.module, json.dumps(steps), *works]


def _parse(printed: dict[str, Any]) -> Run:
    steps, later = (
        {name: Step(**step) for name, step in printed.get(which, {}).items()} for which in ("steps", "later")
    )
    return Run(steps, printed["first_use"], printed["checksum"], printed.get("declared", 0), later)
