"""What was measured of one case: a table with a row for each side."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from functools import partial

from . import _checkpoints
from ._case import Case, Side
from ._result import Result
from ._text import nbytes, seconds, spread, table

_Cell = Callable[[Result, Side], str]


def size(result: Result) -> str:
    """Print what net the case is about; nothing where it is about none."""
    work = result.work
    count = sum(1 for _ in work.shapes())
    if not count:
        return ""
    total = nbytes(_checkpoints.nbytes(work, work.dtype))
    return f"{work}: {count:,} parameters, {work.n_values:,} values, {total} in {work.dtype}."


def sides(result: Result) -> str:
    """Print the times of each side's steps, of all of them, of all and reading; and the memory."""
    columns = _columns(result.case)
    rows = [["", *columns]]
    for side in result.case.sides:
        if side.name in result.absent:
            rows.append([side.name, result.absent[side.name], *[""] * (len(columns) - 1)])
        else:
            rows.append([side.name, *(cell(result, side) for cell in columns.values())])
    return table(rows)


def _columns(case: Case) -> dict[str, _Cell]:
    """Give what stands in each column. The sides' steps correspond, whatever the functions are called."""
    steps = [_label(step) for step in case.sides[0].steps]
    columns: dict[str, _Cell] = {step: partial(_time, position) for position, step in enumerate(steps)}
    if not case.is_running:  # its steps are no parts of a whole
        columns[" + ".join(steps)] = _all_time
    if case.has_values:
        columns["+ read"] = _time_and_read
    if not case.is_running:
        columns["CPU"] = _cpu
    columns["peak"] = _peak
    if case.has_values:
        columns["peak, + read"] = _peak_and_read
    if case.ends != "answered":  # the process has ended
        columns["anonymous"] = _anonymous
    if case.first:
        columns["declare"] = _declared
        columns[f"later {' + '.join(steps)}"] = _later
    elif not case.is_cold:
        columns["first time" if case.is_running else "first use"] = _first_use
    columns["runs"] = lambda result, side: str(len(result.runs[side.name]))
    return columns


def _label(step: str) -> str:
    # `build_eagerly` is one side's way to build.
    return step.partition("_")[0]


def _time(position: int, result: Result, side: Side) -> str:
    return _spread(result, side, (side.steps[position],))


def _all_time(result: Result, side: Side) -> str:
    return _spread(result, side, side.steps)


def _time_and_read(result: Result, side: Side) -> str:
    return _spread(result, side, (*side.steps, "read"))


def _spread(result: Result, side: Side, steps: Sequence[str]) -> str:
    return spread(result.values(side.name, "seconds", steps))


def _cpu(result: Result, side: Side) -> str:
    return seconds(statistics.median(result.values(side.name, "cpu", side.steps)))


def _peak(result: Result, side: Side) -> str:
    return nbytes(statistics.median(result.values(side.name, "peak", side.steps)))


def _peak_and_read(result: Result, side: Side) -> str:
    return nbytes(statistics.median(result.values(side.name, "peak", (*side.steps, "read"))))


def _anonymous(result: Result, side: Side) -> str:
    last = "read" if result.case.has_values else side.steps[-1]
    return nbytes(statistics.median(result.values(side.name, "anonymous", (last,))))


def _declared(result: Result, side: Side) -> str:
    return seconds(statistics.median(run.declared for run in result.runs[side.name]))


def _later(result: Result, side: Side) -> str:
    return spread(result.values(side.name, "later seconds", side.steps))


def _first_use(result: Result, side: Side) -> str:
    return seconds(statistics.median(run.first_use for run in result.runs[side.name]))
