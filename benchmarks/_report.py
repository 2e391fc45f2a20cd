"""Print results: tables in Markdown for readers, JSON for programs."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from lazycell._units import format_bytes

from . import _checkpoints
from ._result import Result, Verdict

_SPEEDUP = 0.5
"""Targets of at most so many times the reference are printed as "so many times faster"."""

HOW = """\
Each run is a process of its own; the sides take turns, in another order in each round. Times are medians of wall time
(least to most), imports left out, after the same steps on a tiny model. The checkpoint is in the page cache before each
run. "+ read": every value read once besides, since the pages of a mapped file take their time only when they are
touched. CPU: the work of all threads, reading left out. Peak: the most resident memory (VmHWM, the pages of mapped
files included) above what the process had before; anonymous: what of it belongs to no file, after reading (RssAnon).
All sides of a case end with the same bytes in their parameters."""

QUICK = "**Quick: tiny models. The figures show that everything runs, and nothing else.**"


def markdown(
    title: str,
    machine: Mapping[str, str | int | float],
    versions: Mapping[str, Mapping[str, str]],
    results: Sequence[Result],
    verdicts: Sequence[Verdict],
    *,
    quick: bool = False,
) -> str:
    """Print everything.

    Args:
        title: the first line.
        machine: as `_machine.describe` gives it.
        versions: of packages, by environment.
        results: a table each.
        verdicts: one table, the last.
        quick: say that the figures mean nothing.
    """
    facts = [f"{name}: {format_bytes(int(value)) if name == 'memory' else value}" for name, value in machine.items()]
    facts += [
        f"{environment}: " + ", ".join(f"{name} {version}" for name, version in found.items())
        for environment, found in versions.items()
    ]
    parts = [f"# {title}", "\n".join(f"- {fact}" for fact in facts), HOW, *([QUICK] if quick else [])]
    for result in results:
        parts += [f"## {result.case.title}", _size(result), _sides(result)]
    if verdicts:
        parts += ["## Targets", _targets(verdicts), _summary(verdicts)]
    return "\n\n".join(parts) + "\n"


def as_data(
    machine: Mapping[str, str | int | float],
    versions: Mapping[str, Mapping[str, str]],
    results: Sequence[Result],
    verdicts: Sequence[Verdict],
) -> dict[str, Any]:
    """Give everything, each run included, as JSON has it."""
    return {
        "machine": dict(machine),
        "versions": {environment: dict(found) for environment, found in versions.items()},
        "cases": [
            {
                "name": result.case.name,
                "title": result.case.title,
                "work": result.work._replace(path="")._asdict(),
                "stored": result.case.stored,
                "runs": {side: [attrs.asdict(run) for run in runs] for side, runs in result.runs.items()},
                "absent": dict(result.absent),
            }
            for result in results
        ],
        "targets": [
            {
                **attrs.asdict(verdict.target),
                "median": verdict.measured,
                "reference_median": verdict.reference,
                "met": verdict.met,
            }
            for verdict in verdicts
        ],
    }


def _size(result: Result) -> str:
    work = result.work
    shapes = [shape for _, shape in work.shapes()]
    size = format_bytes(_checkpoints.nbytes(work, work.dtype))
    return f"{len(shapes):,} tensors, {work.n_values:,} values, {size} in the net."


def _sides(result: Result) -> str:
    """A row for each side: its steps, all of them, all and reading; its memory."""
    names = list(dict.fromkeys(step for side in result.case.sides for step in _label_steps(side.steps)))
    together = " + ".join(names)
    rows = [["", *names, together, "+ read", "CPU", "peak", "peak, + read", "anonymous", "first use", "runs"]]
    if len(names) == 1:
        rows[0].remove(together)
    for side in result.case.sides:
        if side.name in result.absent:
            rows.append([side.name, result.absent[side.name], *[""] * (len(rows[0]) - 2)])
            continue
        steps, runs = side.steps, result.runs[side.name]
        times: list[tuple[str, ...]] = [(step,) for step in steps]
        times += [steps] if len(names) > 1 else []
        times += [(*steps, "read")]
        cells = [spread(result.values(side.name, "seconds", each)) for each in times]
        cells.append(seconds(statistics.median(result.values(side.name, "cpu", steps))))
        memory = [
            statistics.median(values)
            for values in (
                result.values(side.name, "peak", steps),
                result.values(side.name, "peak", (*steps, "read")),
                result.values(side.name, "anonymous", ("read",)),
            )
        ]
        cells += [_bytes(each) for each in memory]
        cells += [seconds(statistics.median(run.first_use for run in runs)), str(len(runs))]
        rows.append([side.name, *cells])
    return _table(rows)


def _label_steps(steps: Sequence[str]) -> list[str]:
    # `build_eagerly` is one side's way to build: one column.
    return [step.partition("_")[0] for step in steps]


def _targets(verdicts: Sequence[Verdict]) -> str:
    rows = [["case", "target", "lazycell", "held against", "", "measured", "target", "met"]]
    for verdict in verdicts:
        target = verdict.target
        show = _bytes if target.measured.of in ("peak", "anonymous") else seconds
        name = target.reference.side if target.reference.of != "result" else "the parameters"
        if target.reference.case != target.measured.case:
            name = f"{name}, {target.reference.case}"
        rows.append(
            [
                target.measured.case,
                target.what,
                "not run" if verdict.measured is None else show(verdict.measured),
                name,
                "not run" if verdict.reference is None else show(verdict.reference),
                _ratio(verdict),
                _allowed(verdict),
                {None: "?", True: "yes", False: "NO"}[verdict.met],
            ]
        )
    return _table(rows)


def _ratio(verdict: Verdict) -> str:
    if verdict.ratio is None:
        return "-"
    if verdict.target.plus and verdict.measured is not None and verdict.reference is not None:
        over = verdict.measured - verdict.reference * verdict.target.times
        return f"{'-' if over < 0 else '+'} {format_bytes(abs(round(over)))}"
    return f"1 / {1 / verdict.ratio:.1f}" if verdict.target.times < _SPEEDUP else f"{verdict.ratio:.2f} x"


def _allowed(verdict: Verdict) -> str:
    target = verdict.target
    if target.plus:
        return f"at most + {format_bytes(target.plus)}"
    if target.times < _SPEEDUP:
        return f"at most 1 / {1 / target.times:.3g}"
    return f"at most {target.times:g} x"


def _summary(verdicts: Sequence[Verdict]) -> str:
    met = sum(verdict.met is True for verdict in verdicts)
    unknown = sum(verdict.met is None for verdict in verdicts)
    return f"{met} of {len(verdicts)} targets met, {len(verdicts) - met - unknown} not met, {unknown} not measured."


def spread(values: Sequence[float]) -> str:
    """Print the median of times, and the least and the most of several."""
    middle = seconds(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({seconds(min(values))} to {seconds(max(values))})"


def seconds(value: float) -> str:
    """Print a time to three digits: `8.12 us`, `412 ms`, `12.3 s`."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= 0.9995 * size:
            return f"{_digits(value / size)} {unit}"
    return f"{_digits(value * 1e6)} us"


def _digits(value: float) -> str:
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}"


def _bytes(count: float) -> str:
    return format_bytes(max(0, round(count)))


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Lay out a Markdown table, the first row its head, so that it reads well as plain text too."""
    widths = [max(3, *map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([lines[0], "| " + " | ".join("-" * width for width in widths) + " |", *lines[1:]])
