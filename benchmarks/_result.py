"""What was measured, and the numbers that are read off it."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

import attrs

from . import _checkpoints
from ._case import Case, Quantity, Target
from ._work import Work
from .running._task import Task


@attrs.frozen
class Step:
    """What one step of one run took.

    Attributes:
        seconds: of wall time.
        cpu: seconds that all threads worked, in the kernel too; a machine that is shared changes it less.
        peak: the most resident memory until its end, in bytes above what there was before the first step.
        anonymous: the memory that belongs to no file, at its end, in bytes above the same.
    """

    seconds: float
    cpu: float
    peak: float
    anonymous: float


@attrs.frozen
class Run:
    """One process.

    Attributes:
        steps: what each step took, by name; where there are values, `read` is the last.
        first_use: seconds of the same steps on a tiny model, before: what a library does once only.
        checksum: of every value; 0 where they are not read.
        declared: seconds from the library's import to the first step: what is imported besides it, and the classes of
            the nets.
        later: as `steps`, of the same done once more, where the first is what is measured.
    """

    steps: Mapping[str, Step]
    first_use: float
    checksum: int
    declared: float = 0
    later: Mapping[str, Step] = attrs.field(factory=dict)


@attrs.frozen
class Result:
    """All runs of one case, by the name of the side. A side that cannot run has none, and `absent` says why."""

    case: Case
    work: Work | Task
    runs: Mapping[str, Sequence[Run]]
    absent: Mapping[str, str]

    def values(self, side: str, of: str, steps: Sequence[str] = ()) -> list[float]:
        """Give a `Quantity` of each run of a side; none where it did not run."""
        return [self._value(run, of, steps) for run in self.runs.get(side, ())]

    def _value(self, run: Run, of: str, names: Sequence[str]) -> float:
        if of == "result":
            return _checkpoints.nbytes(self.work, self.work.dtype)
        taken = run.later if of == "later seconds" else run.steps
        steps = [taken[name] for name in names or self.timed(run)]
        if of in ("peak", "anonymous"):
            return max(step.peak for step in steps) if of == "peak" else steps[-1].anonymous
        if of == "cpu":
            return sum(step.cpu for step in steps)
        seconds = sum(step.seconds for step in steps)
        return seconds / sum(1 for _ in self.work.shapes()) if of == "seconds each" else seconds

    @staticmethod
    def timed(run: Run) -> list[str]:
        """Give the names of a run's steps without `read`."""
        return [name for name in run.steps if name != "read"]


@attrs.frozen
class Verdict:
    """A target beside what was measured: medians, in seconds or bytes; None where a side did not run.

    `reference` is None also where the target is absolute.
    """

    target: Target
    measured: float | None
    reference: float | None

    @property
    def ratio(self) -> float | None:
        """Measured over reference."""
        if self.measured is None or not self.reference:
            return None
        return self.measured / self.reference

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where that cannot be told."""
        if self.measured is None:
            return None
        if self.target.enough and self.measured <= self.target.enough:
            return True
        if self.target.reference is not None and self.reference is None:
            return None
        return self.measured <= self.target.times * (self.reference or 0) + self.target.plus


def judge(targets: Sequence[Target], results: Mapping[str, Result]) -> list[Verdict]:
    """Hold targets against results.

    Args:
        targets: those of a case that was not run are left out.
        results: by the name of the case.
    """
    return [
        Verdict(target, _median(target.measured, results), _median(target.reference, results))
        for target in targets
        if target.measured.case in results
    ]


def _median(quantity: Quantity | None, results: Mapping[str, Result]) -> float | None:
    if quantity is None:
        return None
    result = results.get(quantity.case)
    if result is None:
        return None
    each = [result.values(side, quantity.of, quantity.steps) for side in (quantity.side, *quantity.others)]
    return min((statistics.median(values) for values in each if values), default=None)
