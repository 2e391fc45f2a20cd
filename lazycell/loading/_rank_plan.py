"""What one rank reads: the plan for a whole model, cut to the part of each parameter that the rank has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import attrs

from ..formats import TensorHeader
from ..mesh import Box, Place
from ._cut_block import cut_block
from ._narrow import runs_of
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
    steps = []
    for step in plan.steps:
        if step.parameter in places:
            place = places[step.parameter]
            steps.append(step if place is None else _cut(step, place, alone=users[id(step.tensor)] == 1))
    return attrs.evolve(
        plan,
        steps=tuple(steps),
        initialize=_there(plan.initialize, places),
        new_head=_there(plan.new_head, places),
        lacking=_there(plan.lacking, places),
    )


def _there(names: Iterable[str], places: Mapping[str, Place | None]) -> tuple[str, ...]:
    return tuple(name for name in names if name in places)


def _cut(step: LoadStep, place: Place, *, alone: bool = True) -> LoadStep:
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
    pieces = step.pieces or (Piece(step.tensor),)
    found = [cut for piece in pieces for cut in _cut_piece(piece, shape, place)]
    copies = (LoadStep(step.parameter, copy.name, copy, copy.dtype) for copy in step.same_as)
    part = RankPart(place, step, tuple(_cut(copy, place) for copy in copies))
    runs = runs_of(place.shape, [(each.tensor, each.operations, each.place) for each in found]) if alone else None
    if runs is None:
        tensor = attrs.evolve(step.tensor, shape=place.shape, ranges=())
        return attrs.evolve(step, tensor=tensor, pieces=tuple(found), part=part)
    ranges = tuple(each for run in runs for each in run.ranges)
    if len(runs) == 1:
        tensor = attrs.evolve(runs[0], shape=place.shape)
    else:
        dtype = runs[0].dtype if runs else step.tensor.dtype
        tensor = TensorHeader(step.key, dtype, place.shape, ranges, step.tensor.origin)
    return attrs.evolve(step, tensor=tensor, pieces=(), part=part)


def _cut_piece(piece: Piece, shape: tuple[int, ...], place: Place) -> Iterable[Piece]:
    """Give what of a piece is in a part, and where in the part.

    Args:
        piece: of the parameter.
        shape: of the parameter.
        place: the part.
    """
    block = piece.place if piece.place is not None else tuple((0, size) for size in shape)
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
