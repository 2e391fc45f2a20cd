"""Make every array that a load plan asks for, before any parameter changes."""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from .._allocate import Array, empty
from .._collector import collector_paused
from .._dtypes import numpy_dtype
from .._workers import Task, run
from ..formats._header import ByteRange, TensorHeader
from ..manifest._layout import Operation, Reshape, Slice
from ..reading._blocks import Located, locate
from ..reading._cast import overflow_text
from ..reading._read import Reader, wrong_length
from ..reading._transfer import ITEM, Destination, MoveEach, MoveSmall, MoveWhole, Small, Transfer
from ._plan import LoadPlan, LoadStep, Piece

# Bytes. A tensor below the first is moved with its neighbours, across a gap of at most the second.
_SMALL = 1 << 16
_GAP = 1 << 12
_TOGETHER = 1 << 20

_MEMBERS = 256  # small tensors that one task moves from elsewhere

_NAMED = 5

_Block = tuple[Piece, Array, int, int]
"""A piece, where it goes, position of the parameter, and bytes that an element counts for."""


def stage(plan: LoadPlan, reader: Reader, progress: Callable[[int, int], None] | None = None) -> dict[str, Array]:
    """Give the values of every parameter that `plan` fills.

    A parameter is a view of a private map of the file where `Reader.view` can give one; else it has memory of its
    own, which `reader.threads` threads fill. Beyond the result this takes a few megabytes a thread (the size of one
    stored tensor where a layout turns it, reshapes it and then cuts it).

    Args:
        plan: what to read from where.
        reader: reads it.
        progress: called in this thread with the bytes done and `plan.nbytes`; at least once, at the end with both
            equal. What it raises ends the load.

    Returns:
        By parameter, in the plan's order: arrays of `step.dtype` and `step.tensor.shape`, writable, contiguous,
        aligned to their element size.

    Raises:
        CheckpointFormatError: a file has changed since its header was read, or has gone.

    Warns:
        RuntimeWarning: values of the checkpoint were too large for the dtype of their parameter, and are infinite now.
            No error: checkpoints hold masks of such values, for which infinity does as well.
    """
    with collector_paused():
        staging = _Staging(plan.steps, reader)
    total, viewed = staging.total, staging.viewed
    if viewed < total:

        def report(done: int) -> None:
            if progress is not None:
                progress(viewed + done, total)

        report(0)
        # A thread costs as much as reading a megabyte.
        run(staging.tasks(), max(1, min(reader.threads, math.ceil((total - viewed) / ITEM))), report)
    reader.check_unchanged()
    if progress is not None:
        progress(total, total)
    if staging.lost:
        warnings.warn(_overflow(plan, staging.lost), RuntimeWarning, stacklevel=2)
    return staging.result()


class _Staging:
    """What each step of a plan needs, and what has become of it, by its position.

    Attributes:
        total: bytes of the plan.
        viewed: those of parameters that are ready from the start.
        lost: how many values of a parameter were too large for it.
    """

    def __init__(self, steps: Sequence[LoadStep], reader: Reader) -> None:
        self._steps = steps
        self._reader = reader
        self._arrays: dict[int, Array] = {}
        self._lock = threading.Lock()
        self.total = self.viewed = 0
        self.lost: dict[int, int] = {}
        self._large: list[Transfer] = []
        self._pieces: dict[str, list[_Block]] = {}
        self._in_files: dict[Path, list[tuple[int, int, Small]]] = {}
        self._elsewhere: list[Small] = []
        self._viewed: set[tuple[str, tuple[Operation, ...]]] = set()
        for index, step in enumerate(steps):
            nbytes = step.nbytes
            self.total += nbytes
            view = self._view(step)
            if view is not None:
                self._arrays[index] = view
                self.viewed += nbytes
            elif step.pieces or not nbytes:
                self._add_pieces(index, step)
            else:
                self._add(index, step, nbytes)

    def tasks(self) -> Iterator[Task]:
        """Give the tasks that make the arrays which are no views, those of large tensors first."""
        for blocks in self._pieces.values():
            yield from self._piece_tasks(blocks)
        for transfer in self._large:
            yield from transfer.cut(self._reader, self._count)
        for found in self._in_files.values():
            for members in _neighbours(found):
                yield MoveSmall(self._reader, self._count, members, self._arrays.__setitem__)
        for start in range(0, len(self._elsewhere), _MEMBERS):
            members = self._elsewhere[start : start + _MEMBERS]
            yield MoveEach(self._reader, self._count, members, self._arrays.__setitem__)

    def result(self) -> dict[str, Array]:
        """Give the arrays by name, in order."""
        return {step.parameter: self._arrays[index] for index, step in enumerate(self._steps)}

    def _view(self, step: LoadStep) -> Array | None:
        """Give a parameter as a view of its file, if it can be one and no other parameter is that view."""
        tensor, operations = (step.tensor, ()) if not step.pieces else _run_of_bytes(step)
        if tensor is None or step.dtype != tensor.dtype or (tensor.name, operations) in self._viewed:
            return None
        array = self._reader.view(tensor)
        if array is not None:
            self._viewed.add((tensor.name, operations))
            for operation in operations:
                array = operation(array)
            if array.shape != step.tensor.shape:
                raise ValueError(f"the piece of {step.parameter!r} is {array.shape}, it is {step.tensor.shape}")
        return array

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
        if len(tensor.ranges) == 1 and type(place) is ByteRange:
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
            if target.size:
                self._pieces.setdefault(piece.tensor.name, []).append((piece, target, index, unit))
        if filled != array.size:
            raise ValueError(f"the pieces of {step.parameter!r} are {filled} elements, it has {array.size}")

    def _piece_tasks(self, blocks: Sequence[_Block]) -> Iterator[Task]:
        """Give the tasks of all blocks that are cut from one stored tensor."""
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
            yield from Transfer(tensor, destinations).cut(self._reader, self._count)

    def _count(self, index: int, number: int) -> None:
        with self._lock:
            self.lost[index] = self.lost.get(index, 0) + number


def _run_of_bytes(step: LoadStep) -> tuple[TensorHeader | None, tuple[Operation, ...]]:
    """Give the tensor and the operations of the one piece that lies in its tensor in order, if there is no other."""
    piece, *others = step.pieces
    if others or piece.place is not None:
        return None, ()
    if all(isinstance(each, Reshape) or (isinstance(each, Slice) and each.axis == 0) for each in piece.operations):
        return piece.tensor, piece.operations
    return None, ()


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
        if len(names) > _NAMED:
            names[_NAMED:] = [f"and {len(names) - _NAMED} more"]
        texts.append(f"{overflow_text(sum(counts.values()), dtype)}: {', '.join(names)}")
    return f"{plan.path}: {'; '.join(texts)}; a dtype with a wider range, such as bfloat16 or float32, keeps them"
