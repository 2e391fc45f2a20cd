"""Print results: in Markdown for readers, in JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from . import _tables, _targets
from ._result import Result, Verdict
from ._text import nbytes

HOW = """\
Each run is a process of its own; the sides take turns, in another order in each round. Times are medians of wall time
(least to most). Before each run the checkpoint is in the page cache, and on the disk: nothing waits to be written.
"First load of a process": nothing of the kind was done before in it. The library was imported (`import mindspore`,
`import torch`), and then what else the nets need, and their classes made, which is "declare"; from there on everything
counts, with modules that are imported on the way (they are compiled) and garbage that comes due. "Later" is the same
done once more by the same process, with nothing left of the first. All other cases come after the same steps on a tiny
model, which are the "first use". "+ read": every value read once more, since the pages of a mapped file, and those that
were allocated and not written, take their time only when they are touched. CPU: the work of all threads, reading left
out. Peak: the most resident memory (VmHWM, the pages of mapped files included) above what the process had before;
anonymous: what of it belongs to no file, at the end (RssAnon). All sides of a case end with the same names and shapes;
where values are loaded, or are a constant, with the same bytes; where they are drawn, with each library's own. Imports
are measured in processes that have imported nothing before, and find everything compiled; a command's time is that of
its whole process, and its peak all the memory of that.

Models that run load one checkpoint on all sides, and then do their task again and again in one process, whose time is
the median. First time: the first of these, in which what is compiled is compiled. Prompt: until the first word is
there; word: each one after it. A side's time counts only if it computed what the others did: the same words, vectors to
1e-5 of the largest number in them, losses to 1e-4. Torch has as many threads as there are cores; MindSpore chooses."""

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
    facts = [f"{name}: {nbytes(float(value)) if name == 'memory' else value}" for name, value in machine.items()]
    facts += [
        f"{environment}: " + ", ".join(f"{name} {version}" for name, version in found.items())
        for environment, found in versions.items()
    ]
    parts = [f"# {title}", "\n".join(f"- {fact}" for fact in facts), HOW, QUICK if quick else ""]
    for result in results:
        parts += [f"## {result.case.title}", _tables.size(result), _tables.sides(result)]
    if verdicts:
        parts += ["## Targets", _targets.targets(verdicts)]
    return "\n\n".join(part for part in parts if part) + "\n"


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
                "ends": result.case.ends,
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
