"""What is compared: cases, their sides, and the targets. Plain data."""

from __future__ import annotations

import attrs

from ._work import Work

OURS = "lazycell"


@attrs.frozen
class Side:
    """One way of doing a case's work: a module of this package, and which of its functions are timed.

    Attributes:
        name: as it is printed.
        module: `_lazycell`, `_mindspore` or `_torch`.
        steps: its functions, in order; after them every value is read once.
        packages: what has to be installed where it runs.
        rounds: at most so many, for sides that take long.
    """

    name: str
    module: str
    steps: tuple[str, ...]
    packages: tuple[str, ...]
    rounds: int | None = None


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
    """

    name: str
    title: str
    work: Work
    quick: Work
    sides: tuple[Side, ...]
    suffix: str | None = None
    stored: str = "float32"


@attrs.frozen
class Quantity:
    """A number that was measured: the median over the runs of one side of one case.

    Attributes:
        case: its name.
        side: its name.
        of: `seconds`, of all steps together, or only of those in `steps`; `cpu`, seconds that all threads worked;
            `seconds each`, a parameter; `peak`, the most resident memory above what there was at the start, in bytes;
            `anonymous`, what of it belongs to no file, at the end; `result`, the bytes of the net's parameters.
        steps: default: all, `read` left out.
    """

    case: str
    side: str
    of: str
    steps: tuple[str, ...] = ()


@attrs.frozen
class Target:
    """A promise: `measured` is at most `times` of `reference`, and `plus` bytes.

    Attributes:
        what: as it is printed.
        measured: ours.
        reference: the peer's, or ours that it is held against.
        times: at most so many times the reference; below 1 / 2 it is printed as "so many times faster".
        plus: bytes that are allowed beyond that.
    """

    what: str
    measured: Quantity
    reference: Quantity
    times: float
    plus: int = 0
