"""One line of the table of targets of ranks, and the table."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Sequence

import attrs

from ._text import table

_HEAD = ["", "target", "measured", "met", "held against, in the same run", "workload", "cache", "load"]


def load_average() -> float:
    """Give how many processes wanted to work on this machine in the last minute."""
    return round(os.getloadavg()[0], 1)


@attrs.frozen
class Figure:
    """What was measured beside what is wanted.

    Attributes:
        what: is measured.
        target: what it is to be.
        measured: what it is.
        met: whether that is enough; None: nobody can tell.
        against: what it was held against, and what that took.
        workload: what was done.
        cache: where files were before: `warm`, in the page cache; `cold`, on the disk alone; empty: no matter.
        load: of the machine when it was measured.
    """

    what: str
    target: str
    measured: str
    met: bool | None
    against: str = ""
    workload: str = ""
    cache: str = ""
    load: float = attrs.field(factory=load_average)


def ratio(
    what: str,
    pairs: Sequence[tuple[float, float]],
    most: float,
    text: Callable[[float], str],
    *,
    judged: bool = True,
    against: str = "",
    workload: str = "",
    cache: str = "",
) -> Figure:
    """Hold the median of what was measured against the median of what was, by turns, measured beside it.

    Args:
        what: is measured.
        pairs: of each round what was measured, and what it is held against.
        most: so many times as much it may be.
        text: prints a value.
        judged: whether the work is of a size whose time says anything.
        against: what it is held against.
        workload: what was done.
        cache: where files were.
    """
    ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    found = ours / theirs if theirs else 0.0
    return Figure(
        what,
        f"≤ {most:g} x",
        f"{found:.3f} x: {text(ours)}",
        found <= most if judged else None,
        f"{against}: {text(theirs)}",
        workload,
        cache,
    )


def report(figures: Sequence[Figure]) -> str:
    """Print the table, and how many targets are met."""
    rows = [_HEAD]
    for each in figures:
        verdict = {True: "yes", False: "NO", None: "?"}[each.met]
        rows.append(
            [
                each.what,
                each.target,
                each.measured,
                verdict,
                each.against or "nothing",
                each.workload,
                each.cache,
                f"{each.load:g}",
            ]
        )
    met, missed = (sum(each.met is which for each in figures) for which in (True, False))
    rest = len(figures) - met - missed
    return f"{table(rows)}\n\n{met} of {len(figures)} targets met, {missed} not met, {rest} not judged."
