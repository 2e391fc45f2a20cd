"""What ranks cost where there is one, what plans for thousands cost, and what kills of ranks leave."""

from __future__ import annotations

import math
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from . import rank_plans
from ._rank_figures import Figure
from ._rank_processes import RankError, at_once
from ._text import nbytes, seconds

_HERE = Path(__file__).absolute().parents[1]

ALONE = 1.02
"""At most so many times as much may a mesh of one rank cost as none."""

KILLS = {"saves": ("ranks", "rank-files"), "loads": ("rank-loads",)}
"""Of which kinds `just kills` kills ranks."""

_COUNTED = re.compile(r"^[\w-]+: (\d+) kills: (\d+) old, (\d+) between, (\d+) new, (\d+) lost", re.MULTILINE)


def alone(pairs: int, layers: int, *, judged: bool) -> Iterator[Figure]:
    """Give what a mesh of one rank costs: the processor's time of builds and a load with it, and without one."""
    (found,) = at_once("_rank_alone", [[str(pairs), str(layers)]])
    for what, times in found.items():
        without, with_one = (statistics.median(side) for side in zip(*times, strict=True))
        best = min(one for _, one in times) / min(none for none, _ in times)
        cost = statistics.median(one / none for none, one in times)
        yield Figure(
            "processor's time with Mesh(tp=1)",
            f"≤ {ALONE} x",
            f"{cost:.3f} x (of the fastest {best:.3f} x): {seconds(with_one)}",
            cost <= ALONE if judged else None,
            f"without a mesh: {seconds(without)}",
            f"{what}; medians of {pairs} pairs",
            "warm" if "pretrained" in what else "",
        )


def plans(tries: int, *, quick: bool) -> Iterator[Figure]:
    """Give what plans for thousands of ranks take."""
    manifest, found = rank_plans.measure(quick=quick, tries=tries)
    ranks = f"{math.prod(rank_plans.MESH.values()):,} ranks"
    work = f"{manifest.size:.3g} parameters, {ranks}; without numpy and MindSpore; fastest of {tries}"
    for task, what in (("plan", "headers to the plan of one rank"), ("sizes", "what all ranks hold")):
        took, most = found[task]["seconds"], rank_plans.TARGETS[task]
        yield Figure(what, f"≤ {seconds(most)}", seconds(took), took <= most, "", work, "warm")
    peak = found["plan"]["peak"]
    yield Figure(
        "memory of that plan's process", f"≤ {nbytes(rank_plans.MEMORY)}", nbytes(peak), peak <= rank_plans.MEMORY,
        "", work, "warm",
    )  # fmt: skip


def kills(during: str, times: int) -> Figure:
    """Kill random ranks so many times, and give what was lost; no times: say which command does it.

    Args:
        during: `saves` or `loads`.
        times: how often.
    """
    kinds = KILLS[during]
    target = "0 lost, 0 mixed, 0 leftovers" if during == "saves" else "0 nets changed"
    what, words = f"kills of ranks during {during}", f"just kills {' '.join(kinds)} --times {times or 100}"
    if not times:
        return Figure(what, target, "not run", None, "", f"`{words}`")
    command = [sys.executable, "-m", "tests.kills", *kinds, "--times", str(times)]
    done = subprocess.run(command, cwd=_HERE, capture_output=True, text=True, check=False)
    counted = [[int(number) for number in each] for each in _COUNTED.findall(done.stdout)]
    if len(counted) != len(kinds):
        raise RankError(f"`{words}` failed:\n{done.stdout}{done.stderr}")
    killed, old, between, new, lost = (sum(column) for column in zip(*counted, strict=True))
    told = f"{lost} lost of {killed} ({old} old, {between} between, {new} new)"
    return Figure(what, target, told, not lost, "", f"`{words}`")
