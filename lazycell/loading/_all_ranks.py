"""What each rank of a mesh reads and holds, for all of them at once."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from .. import show
from .._dtypes import ITEMSIZES
from .._frozen import frozen
from ..manifest import Group, RankGroups
from ._plan import LoadPlan, LoadStep

_PATTERNS = 3
_POSITIONS = re.compile(r"\{([^}]*)\}|(\d+)")


@frozen
class Held:
    """What a rank holds, and what of it comes out of a checkpoint.

    Attributes:
        parameters: how many it has any of.
        elements: of its parts of them.
        nbytes: bytes of these, in the dtypes that they will have.
        filled: how many of the parameters are filled from the checkpoint; the others stay with their initializers.
        read: bytes of the checkpoint that are its parts, in the dtypes that are stored.
    """

    parameters: int = 0
    elements: int = 0
    nbytes: int = 0
    filled: int = 0
    read: int = 0

    def __add__(self, other: Held) -> Held:
        return Held(
            self.parameters + other.parameters,
            self.elements + other.elements,
            self.nbytes + other.nbytes,
            self.filled + other.filled,
            self.read + other.read,
        )


@frozen
class RankKind:
    """Ranks that hold as much: as many parameters of each kind, or parts of as many.

    Attributes:
        ranks: how many they are.
        first: the first of them.
        where: their positions along the axes on which ranks have other parameters: `pp=1..6, ep=0`; empty: all ranks.
        held: by each of them.
    """

    ranks: int
    first: int
    where: str
    held: Held


def held_by(groups: Iterable[Group], plan: LoadPlan) -> Held:
    """Give what a rank holds that has these groups.

    Args:
        groups: of parameters.
        plan: for the whole model.
    """
    return sum(_Counted(plan).each(groups), Held())


def kinds_of_ranks(groups: RankGroups, plan: LoadPlan) -> list[RankKind]:
    """Give the ranks of a mesh, those that hold as much together, in the order of their first ones.

    Args:
        groups: what they have.
        plan: for the whole model.
    """
    counted = _Counted(plan)
    found: dict[object, tuple[Held, list[tuple[int, ...]]]] = {}
    for at, mine in groups.cells().items():
        each = counted.each(mine)
        alike: Counter[int] = Counter()
        for group in mine:
            alike[id(group.kind)] += len(group.names)
        held = sum(each, Held())
        found.setdefault((frozenset(alike.items()), held), (held, []))[1].append(at)
    return [
        RankKind(len(cells) * groups.ranks_of_cell, groups.first_of(cells[0]), _where(groups, cells), held)
        for held, cells in found.values()
    ]


class _Counted:
    """Sums over groups; each group is summed up once, however many ranks have it."""

    def __init__(self, plan: LoadPlan) -> None:
        self._steps = {step.parameter: step for step in plan.steps}
        self._known: dict[int, Held] = {}

    def each(self, groups: Iterable[Group]) -> list[Held]:
        """Give the sum of each group."""
        found = []
        for group in groups:
            held = self._known.get(id(group))
            if held is None:
                held = self._known[id(group)] = self._held(group)
            found.append(held)
        return found

    def _held(self, group: Group) -> Held:
        elements, count = math.prod(group.kind.shape), len(group.names)
        steps = [step for name in group.names if (step := self._steps.get(name)) is not None]
        size = ITEMSIZES[group.kind.first.dtype]
        unread = (count - len(steps)) * size
        nbytes = sum(ITEMSIZES[step.dtype] for step in steps) + unread
        read = sum(step.tensor.itemsize for step in steps)
        return Held(count, elements * count, elements * nbytes, len(steps), elements * read)


def _where(groups: RankGroups, cells: Sequence[tuple[int, ...]]) -> str:
    """Say which positions cells have: `pp=1..6, ep=0`; an axis along which all are is left out."""
    if len(cells) == math.prod(groups.sizes[axis] for axis in groups.axes):
        return ""
    texts = []
    for pattern, _ in show.collapse(".".join(map(str, cell)) for cell in cells):
        positions = [several or one for several, one in _POSITIONS.findall(pattern)]
        texts.append(
            ", ".join(
                f"{axis}={each}"
                for axis, each in zip(groups.axes, positions, strict=True)
                if each != f"0..{groups.sizes[axis] - 1}"
            )
        )
    shown = "; ".join(texts[:_PATTERNS])
    return shown if len(texts) <= _PATTERNS else f"{shown} {show.more(len(texts) - _PATTERNS)}"


def files_of(steps: Iterable[LoadStep]) -> list[str]:
    """Give the files that the bytes of steps are in, in order of first use; what is in memory has none."""
    found: dict[str, None] = {}
    for step in steps:
        tensors = [piece.tensor for piece in step.pieces] or [step.tensor]
        for part in (part for tensor in tensors for part in tensor.ranges):
            path = getattr(part, "path", None)
            if path is not None:
                found[str(path)] = None
    return list(found)
