"""What one rank reads: the plan for a whole model, cut to the part of each parameter that the rank has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from ..formats import TensorHeader
from ..mesh import Box, Place
from ._cut_block import cut_block
from ._narrow import Window, runs_of, windows_of
from ._plan import LoadPlan, LoadStep, Piece, RankPart


def cut_plan(plan: LoadPlan, places: Mapping[str, Place | None]) -> LoadPlan:
    """Cut the plan for a whole model to what one rank has of it. Needs no numpy, and reads nothing.

    What is contiguous in a file stays one range of bytes, and so can be a view of it. What does not lie in one piece
    becomes `pieces`. Names, and all that is said of the file, stay those of the whole plan, which is the same on every
    rank.

    Args:
        plan: for all of every parameter, as on a single rank.
        places: of each parameter that the rank has any of: the part; None: all of it. The others are neither read nor
            left to their initializers.

    Returns:
        What the rank has to do: its `nbytes` are those of the rank's parts.

    Raises:
        ValueError: a place is of a parameter of another shape.
    """
    users = Counter(id(step.tensor) for step in plan.steps)
    cut = _Cut()
    steps = []
    for step in plan.steps:
        if step.parameter in places:
            place = places[step.parameter]
            steps.append(step if place is None else cut(step, place, alone=users[id(step.tensor)] == 1))
    return attrs.evolve(
        plan,
        steps=tuple(steps),
        initialize=_there(plan.initialize, places),
        new_head=_there(plan.new_head, places),
        lacking=_there(plan.lacking, places),
    )


def _there(names: Iterable[str], places: Mapping[str, Place | None]) -> tuple[str, ...]:
    return tuple(name for name in names if name in places)


_Known = tuple[list[tuple[int, Piece]], list[Window] | None]
"""What a part is made of: pieces, each with the number of the one that it is cut from, and the runs that they are."""


class _Cut:
    """Cuts steps to parts, and works out once what is the same for many: layers are alike."""

    def __init__(self) -> None:
        self._known: dict[object, _Known] = {}

    def __call__(self, step: LoadStep, place: Place, *, alone: bool = True) -> LoadStep:
        """Cut a step to a part.

        Args:
            step: for all of the parameter.
            place: the part.
            alone: whether no other parameter is the same stored tensor: views of parts that overlap would share memory.
        """
        shape = step.tensor.shape
        if place.whole != shape:
            raise ValueError(f"{step.parameter!r} has the shape {shape}, its place is one in {place.whole}")
        if all(each == ((0, size),) for each, size in zip(place.ranges, shape, strict=True)):
            return step
        copies = (LoadStep(step.parameter, copy.name, copy, copy.dtype) for copy in step.same_as)
        part = RankPart(place, step, tuple(self(copy, place) for copy in copies))
        pieces, windows = self._cut(step.pieces or (Piece(step.tensor),), place)
        runs = runs_of([each.tensor for each in pieces], windows) if alone and windows is not None else None
        if runs is None:
            tensor = TensorHeader(step.tensor.name, step.tensor.dtype, place.shape, (), step.tensor.origin)
            return LoadStep(step.parameter, step.key, tensor, step.dtype, step.same_as, pieces, part)
        ranges = tuple(each for run in runs for each in run.ranges)
        if len(runs) == 1:
            (run,) = runs
            tensor = TensorHeader(run.name, run.dtype, place.shape, ranges, run.origin)
        else:
            dtype = runs[0].dtype if runs else step.tensor.dtype
            tensor = TensorHeader(step.key, dtype, place.shape, ranges, step.tensor.origin)
        return LoadStep(step.parameter, step.key, tensor, step.dtype, step.same_as, (), part)

    def _cut(self, pieces: Sequence[Piece], place: Place) -> tuple[tuple[Piece, ...], list[Window] | None]:
        """Give the pieces that make a part, and the runs of elements that they are, if they are."""
        key = place, *((each.tensor.shape, each.operations, each.place, _kind(each.tensor)) for each in pieces)
        known = self._known.get(key)
        if known is None:
            found = [(number, cut) for number, each in enumerate(pieces) for cut in _cut_piece(each, place)]
            windows = windows_of(place.shape, ((cut.tensor.shape, cut.operations, cut.place) for _, cut in found))
            if all(cut.tensor is pieces[number].tensor for number, cut in found):
                self._known[key] = found, windows
            return tuple(cut for _, cut in found), windows
        found, windows = known
        return tuple(Piece(pieces[number].tensor, cut.operations, cut.place) for number, cut in found), windows


def _kind(tensor: TensorHeader) -> type | None:
    """Tell tensors apart of which parts are made in different ways."""
    return type(tensor.ranges[0]) if tensor.ranges else None


def _cut_piece(piece: Piece, place: Place) -> Iterator[Piece]:
    """Give what of a piece of a parameter is in a part of it, and where in the part."""
    block = piece.place if piece.place is not None else tuple((0, size) for size in place.whole)
    extents = tuple(stop - start for start, stop in block)
    for there, here in place.boxes():
        met = tuple((max(a, c), min(b, d)) for (a, b), (c, d) in zip(block, there, strict=True))
        if any(start >= stop for start, stop in met):
            continue
        for cut in cut_block(piece.tensor, piece.operations, extents, _moved(met, block)):
            # From the block to the parameter, and from there to the part.
            where = tuple(
                (low + a - c + e, high + a - c + e)
                for (low, high), (a, _), (c, _), (e, _) in zip(cut.box, block, there, here, strict=True)
            )
            yield Piece(cut.tensor, cut.operations, where)


def _moved(box: Box, origin: Box) -> Box:
    """Give a box as it is seen from the first corner of another."""
    return tuple((start - first, stop - first) for (start, stop), (first, _) in zip(box, origin, strict=True))
