"""What is compared: cases, their sides, and the targets. Plain data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import attrs

from ._work import Work
from .running._task import Task

OURS = "lazycell"

Ends = Literal["same", "random", "declared", "imported", "answered", "computed"]
"""What there is when a case is done.

`same`: nets whose parameters hold the same bytes on all sides; `random`: nets whose values are each library's own;
`declared`: names and shapes, no values that could be read; `imported`: modules, and no net; `answered`: a command has
ended, and there is nothing; `computed`: what models that run gave, the same on all sides.
"""


@attrs.frozen
class Side:
    """One way of doing a case's work: a module of this package, and which of its functions are timed.

    Attributes:
        name: as it is printed.
        module: `_lazycell`, `_plain_cells`, `_mindspore`, `_torch`, `_numpy`, `_import` or `_command_line`.
        steps: its functions, in order; after them every value is read once, where there are any.
        packages: what has to be installed where it runs; the first is the library that is imported before all else.
        rounds: at most so many, for sides that take long.
        mode: of models that run: `eager`, `synchronous` or `compiled`.
    """

    name: str
    module: str
    steps: tuple[str, ...]
    packages: tuple[str, ...]
    rounds: int | None = None
    mode: str = "eager"


@attrs.frozen
class Case:
    """One piece of work, done by each side.

    Attributes:
        name: for `--only`.
        title: as it is printed.
        work: what is done; its `path` is empty.
        quick: the same, small.
        sides: who does it, in the order of a round.
        suffix: the checkpoint's, which tells its format; None: the case needs none.
        stored: the dtype of the checkpoint's tensors.
        ends: what there is at the end.
        prepare: writes what models that run share into a directory that it makes, and gives the task with its path.
        first: whether a process does the work without having done any like it, and then once more. Else it does the
            same steps on a tiny net before.
    """

    name: str
    title: str
    work: Work | Task
    quick: Work | Task
    sides: tuple[Side, ...]
    suffix: str | None = None
    stored: str = "float32"
    ends: Ends = "same"
    prepare: Callable[[Task, Path], Task] | None = None
    first: bool = False

    @property
    def has_values(self) -> bool:
        """Whether there are values at the end, which are read."""
        return self.ends in ("same", "random")

    @property
    def is_cold(self) -> bool:
        """Whether what is measured is a process from its start, with nothing done before."""
        return self.ends in ("imported", "answered")

    @property
    def is_running(self) -> bool:
        """Whether models do again and again what they are for, each thing a step of its own."""
        return self.ends == "computed"

    @property
    def imports_are_timed(self) -> bool:
        """Whether modules are imported while something is timed, so that it matters whether they are compiled."""
        return self.is_cold or self.first


@attrs.frozen
class Quantity:
    """A number that was measured: the median over the runs of one side of one case.

    Attributes:
        case: its name.
        side: its name.
        of: `seconds`, of all steps together, or only of those in `steps`; `later seconds`, of the same where a process
            does them once more; `cpu`, seconds that all threads worked; `seconds each`, a parameter; `peak`, the most
            resident memory above what there was at the start, in bytes; `anonymous`, what of it belongs to no file, at
            the end; `result`, the bytes of the net's parameters.
        steps: default: all, `read` left out.
        others: sides of the same case; of all of them the least counts.
    """

    case: str
    side: str
    of: str
    steps: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def is_bytes(self) -> bool:
        """Whether it is a number of bytes, not of seconds."""
        return self.of in ("peak", "anonymous", "result")


@attrs.frozen
class Target:
    """A promise: `measured` is at most `times` of `reference`, and `plus`. Without a reference, at most `plus`.

    Attributes:
        what: as it is printed.
        measured: ours.
        reference: the peer's, or ours that it is held against; None: the promise is absolute.
        times: at most so many times the reference; below 1 / 2 it is printed as "so many times faster".
        plus: bytes or seconds, as `measured` is, that are allowed beyond that.
        enough: so many are enough, whatever the reference has.
    """

    what: str
    measured: Quantity
    reference: Quantity | None = None
    times: float = 0
    plus: float = 0
    enough: float = 0


def time_target(what: str, case: str, times: float, peer: str, steps: tuple[str, ...] = ()) -> Target:
    """Promise that lazycell takes at most so many times a peer's time, in the same steps of the same case."""
    return Target(what, Quantity(case, OURS, "seconds", steps), Quantity(case, peer, "seconds", steps), times)


def memory_target(case: str, times: float, plus: int = 0) -> Target:
    """Promise that lazycell's peak is at most so many times the bytes of the parameters, and so many bytes."""
    return Target("peak memory", Quantity(case, OURS, "peak"), Quantity(case, OURS, "result"), times, plus)
