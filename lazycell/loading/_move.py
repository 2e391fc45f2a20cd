"""Fill the arrays of a load that are no views of a file: with what is read, cut, turned and converted."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from .. import reading
from .._collector import collector_paused
from .._dtypes import numpy_dtype
from ..formats import ByteRange
from ..layout import Operation
from ..reading import (
    ITEM,
    Destination,
    Located,
    MoveEach,
    MoveSmall,
    MoveWhole,
    Reader,
    Small,
    Transfer,
    locate,
    overflow_text,
    wrong_length,
)
from ..show import few
from ..system import Array, Task, empty, run
from ._plan import LoadPlan, LoadStep, Piece

# Bytes. A tensor below the first is moved with its neighbours, across a gap of at most the second.
_SMALL = 1 << 16
_GAP = 1 << 12
_TOGETHER = 1 << 20

_MEMBERS = 256  # small tensors that one task moves from elsewhere

_NAMED = 5

_Block = tuple[Piece, Array, int, int]
"""A piece, where it goes, position of the parameter, and bytes that an element counts for."""


def move(
    plan: LoadPlan, arrays: dict[int, Array], reader: Reader, progress: Callable[[int], None] | None
) -> str | None:
    """Add the arrays that are lacking, by the position of their step, with `reader.threads` threads.

    Args:
        plan: what to read from where.
        arrays: those that are there.
        reader: reads the others.
        progress: called with the bytes that are there.

    Returns:
        A warning, if values were too large for the dtype of their parameter.
    """
    there = sum(plan.steps[index].nbytes for index in arrays)
    lacking = plan.nbytes - there
    with collector_paused():
        moves = _Moves(plan.steps, arrays, reader)
    if lacking:

        def report(done: int) -> None:
            if progress is not None:
                progress(there + done)

        report(0)
        # A thread costs as much as reading a megabyte.
        run(moves.tasks(), max(1, min(reader.threads, math.ceil(lacking / ITEM))), report)
    return _overflow(plan, moves.lost) if moves.lost else None


class _Moves:
    """What has to be moved for the parameters whose arrays are lacking.

    Attributes:
        lost: how many values of a parameter were too large for it, by the position of its step.
    """

    def __init__(self, steps: Sequence[LoadStep], arrays: dict[int, Array], reader: Reader) -> None:
        self._reader = reader
        self._arrays = arrays
        self._lock = threading.Lock()
        self.lost: dict[int, int] = {}
        self._large: list[Transfer] = []
        self._pieces: dict[str, list[_Block]] = {}
        self._parts: dict[int, list[_Block]] = {}  # by the tensor: one that has been cut is known by no name
        self._in_files: dict[Path, list[tuple[int, int, Small]]] = {}
        self._elsewhere: list[Small] = []
        for index, step in enumerate(steps):
            if index in arrays:
                continue
            nbytes = step.nbytes
            if step.pieces or not nbytes:
                self._add_pieces(index, step)
            else:
                self._add(index, step, nbytes)

    def tasks(self) -> Iterator[Task]:
        """Give the tasks, those of large tensors first."""
        for blocks in self._pieces.values():
            yield from self._piece_tasks(blocks)
        for blocks in self._parts.values():
            yield from self._piece_tasks(blocks, in_part=True)
        for transfer in self._large:
            yield from transfer.cut(self._reader, self._count)
        for found in self._in_files.values():
            for members in _neighbours(found):
                yield MoveSmall(self._reader, self._count, members, self._arrays.__setitem__)
        for start in range(0, len(self._elsewhere), _MEMBERS):
            members = self._elsewhere[start : start + _MEMBERS]
            yield MoveEach(self._reader, self._count, members, self._arrays.__setitem__)

    def _add(self, index: int, step: LoadStep, nbytes: int) -> None:
        tensor = step.tensor
        if sum(part.nbytes for part in tensor.ranges) != nbytes:
            raise wrong_length(tensor)
        if nbytes > _SMALL:
            target = self._allocate(index, step).reshape(-1)
            located = Located(target.shape, ((0, target.size),), target)
            self._large.append(Transfer(tensor, (Destination(located, index, tensor.itemsize),)))
            return
        small, place = (tensor, step.dtype, index), tensor.ranges[0]
        # Between parts lies what other ranks have: not to be read for the sake of fewer calls, unless parts are tiny.
        alone = step.part is not None and nbytes >= reading.SHORTEST
        if len(tensor.ranges) == 1 and type(place) is ByteRange and not alone:
            self._in_files.setdefault(place.path, []).append((place.start, place.stop, small))
        else:
            self._elsewhere.append(small)

    def _allocate(self, index: int, step: LoadStep) -> Array:
        array = self._arrays[index] = empty(step.tensor.shape, numpy_dtype(step.dtype))
        return array

    def _add_pieces(self, index: int, step: LoadStep) -> None:
        array = self._allocate(index, step)
        unit, filled = step.tensor.itemsize, 0
        for piece in step.pieces:
            target = array if piece.place is None else array[tuple(slice(*each) for each in piece.place)]
            filled += target.size
            if target.size and step.part is not None:
                self._parts.setdefault(id(piece.tensor), []).append((piece, target, index, unit))
            elif target.size:
                self._pieces.setdefault(piece.tensor.name, []).append((piece, target, index, unit))
        if filled != array.size:
            raise ValueError(f"the pieces of {step.parameter!r} are {filled} elements, it has {array.size}")

    def _piece_tasks(self, blocks: Sequence[_Block], *, in_part: bool = False) -> Iterator[Task]:
        """Give the tasks of all blocks that are cut from one stored tensor, of which a rank perhaps has a part."""
        tensor = blocks[0][0].tensor
        by_shape: dict[tuple[int, ...], list[Destination]] = {}
        whole: list[tuple[tuple[Operation, ...], Array, int, int]] = []
        for piece, target, index, unit in blocks:
            located = locate(tensor.shape, piece.operations, target)
            if located is None:
                whole.append((piece.operations, target, index, unit))
                continue
            if not located.shape:
                located = Located((1,), ((0, 1),), located.target.reshape(1))
            by_shape.setdefault(located.shape, []).append(Destination(located, index, unit))
        if whole:
            yield MoveWhole(self._reader, self._count, tensor, whole)
        for destinations in by_shape.values():
            if in_part:
                yield from reading.part_tasks(self._reader, self._count, tensor, destinations)
            else:
                yield from Transfer(tensor, destinations).cut(self._reader, self._count)

    def _count(self, index: int, number: int) -> None:
        with self._lock:
            self.lost[index] = self.lost.get(index, 0) + number


def _neighbours(found: Iterable[tuple[int, int, Small]]) -> Iterator[list[Small]]:
    """Group small tensors of one file that lie close together."""
    members: list[Small] = []
    begin = end = 0
    for start, stop, small in sorted(found, key=lambda each: each[:2]):
        if members and not (end <= start <= end + _GAP and stop - begin <= _TOGETHER):
            yield members
            members = []
        if not members:
            begin = start
        members.append(small)
        end = stop
    if members:
        yield members


def _overflow(plan: LoadPlan, lost: dict[int, int]) -> str:
    by_dtype: dict[str, dict[str, int]] = {}
    for index, count in sorted(lost.items()):
        step = plan.steps[index]
        by_dtype.setdefault(step.dtype, {})[step.parameter] = count
    texts = []
    for dtype, counts in by_dtype.items():
        names = [f"{name} ({count})" for name, count in counts.items()]
        texts.append(f"{overflow_text(sum(counts.values()), dtype)}: {few(names, _NAMED)}")
    return f"{plan.path}: {'; '.join(texts)}; a dtype with a wider range, such as bfloat16 or float32, keeps them"
