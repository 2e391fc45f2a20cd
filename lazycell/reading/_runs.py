"""Read a part of a stored tensor that does not lie in one piece, and of the rest as little as can be.

Who maps copies it out of the map, and touches the pages that it is on. Who does not reads each run of bytes that is
worth a call by itself, and whole rows where runs are shorter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from .._dtypes import bytes_of, numpy_dtype
from .._frozen import frozen
from ..formats import ByteRange, MemoryRange, TensorHeader
from ..system import Array, Scratch, Task, populate
from ._blocks import Box, Slab, slabs
from ._cast import CHUNK, convert_into
from ._read import Reader
from ._transfer import ITEM, TURNED, Destination, Lost, Transfer

SHORTEST = 512
"""Bytes. A call costs as much as a few kilobytes, and below this there are more calls than anybody waits for."""

_NEARLY_ALL = 0.96
"""Of the rows that it lies in: a part that is as much is read with them, in large pieces."""


def part_tasks(reader: Reader, lost: Lost, tensor: TensorHeader, destinations: Sequence[Destination]) -> Iterator[Task]:
    """Give the tasks that read boxes of one stored tensor, of about `ITEM` bytes each.

    Args:
        reader: reads the file.
        lost: is told what is too large for its dtype.
        tensor: as it is stored.
        destinations: boxes of it, all of one shape of it.
    """
    array = None if _in_rows(tensor, destinations) else _at_hand(reader, tensor)
    if array is not None:
        array = array.reshape(destinations[0].located.shape)
        for each in destinations:
            yield from _tasks(reader, lost, tensor, each, array)
        return
    # What only its format knows how to read is dear to ask, or is computed: it is read as if there were no ranks.
    by_run = all(isinstance(part, ByteRange | MemoryRange) for part in tensor.ranges)
    runs = [each for each in destinations if by_run and _run(tensor, each) >= SHORTEST]
    rows = [each for each in destinations if each not in runs]
    if runs and _in_rows(tensor, runs):
        rows, runs = rows + runs, []
    for each in runs:
        yield from _tasks(reader, lost, tensor, each, None)
    if rows:
        yield from Transfer(tensor, rows).cut(reader, lost)


def _in_rows(tensor: TensorHeader, destinations: Sequence[Destination]) -> bool:
    """Whether boxes are nearly all of the rows that they lie in."""
    shape, boxes = destinations[0].located.shape, [each.located.box for each in destinations]
    rows = sum(
        (slab.stop - slab.start) * math.prod(shape[len(slab.prefix) + 1 :])
        for slab in slabs(shape, boxes, ITEM // tensor.itemsize)
    )
    return sum(each.located.target.size for each in destinations) >= _NEARLY_ALL * rows


def _at_hand(reader: Reader, tensor: TensorHeader) -> Array | None:
    """Give a tensor as an array that costs nothing, to be copied from; None: it has to be read."""
    if len(tensor.ranges) == 1 and isinstance(part := tensor.ranges[0], MemoryRange):
        array: Array = np.ndarray(tensor.shape, numpy_dtype(tensor.dtype), buffer=part.content)
        return array
    return reader.view(tensor)


def _run(tensor: TensorHeader, destination: Destination) -> int:
    """Give the length of a run of bytes of a box."""
    _, length = _runs(destination.located.shape, destination.located.box)
    return length * tensor.itemsize


def _runs(shape: tuple[int, ...], box: Box) -> tuple[int, int]:
    """Give the axis from which on a box lies in one piece, and how many elements a piece has."""
    axis = len(shape) - 1
    while axis > 0 and box[axis] == (0, shape[axis]):
        axis -= 1
    start, stop = box[axis]
    return axis, (stop - start) * math.prod(shape[axis + 1 :])


def _tasks(
    reader: Reader, lost: Lost, tensor: TensorHeader, destination: Destination, array: Array | None
) -> Iterator[Task]:
    extents = tuple(stop - start for start, stop in destination.located.box)
    for slab in slabs(extents, [tuple((0, size) for size in extents)], ITEM // tensor.itemsize):
        yield MovePart(reader, lost, tensor, destination, array, slab)


@frozen(eq=False)
class MovePart:
    """Task: bring some rows of a box to where they belong, out of a map or run by run.

    A map is read as long as the load lasts, and by whoever has views of the file also later: truncating a file that is
    mapped ends the process, which a load with `mmap=True` says.
    """

    reader: Reader
    lost: Lost
    tensor: TensorHeader
    destination: Destination
    array: Array | None
    """The stored tensor; None: it is read."""
    slab: Slab
    """Rows of the box."""

    def __call__(self, scratch: Scratch) -> int:
        """Carry it out."""
        located, stored = self.destination.located, numpy_dtype(self.tensor.dtype)
        target = self._target(self.slab)
        if self.array is None and target.dtype == stored and target.flags.c_contiguous:
            populate(target)
            self._read(self.slab, bytes_of(target))
            return target.size * self.destination.unit
        row, done = max(1, target[0].size), 0
        for slab in self.slab.cut(max(1, (CHUNK if located.target.flags.c_contiguous else TURNED) // row)):
            target = self._target(slab)
            populate(target)
            if self.array is not None:
                source = self.array[tuple(slice(*each) for each in self._box(slab))].reshape(target.shape)
            else:
                raw = scratch.take(target.size * stored.itemsize)
                self._read(slab, raw.data)
                source = raw.view(stored).reshape(target.shape)
            lost = convert_into(source, target)
            if lost:
                self.lost(self.destination.index, lost)
            done += target.size * self.destination.unit
        return done

    def _target(self, slab: Slab) -> Array:
        where: tuple[int | slice, ...] = (*slab.prefix, slice(slab.start, slab.stop))
        view: Array = self.destination.located.target[where]
        return view

    def _box(self, slab: Slab) -> Box:
        """Give rows of the box as a box of the tensor."""
        box = self.destination.located.box
        rows = ((position, position + 1) for position in slab.prefix)
        moved = [(low + box[axis][0], high + box[axis][0]) for axis, (low, high) in enumerate((*rows, slab.rows))]
        return (*moved, *box[len(moved) :])

    def _read(self, slab: Slab, target: memoryview) -> None:
        shape, box = self.destination.located.shape, self._box(slab)
        axis, length = _runs(shape, box)
        starts = np.zeros(1, np.int64)
        for size, (first, last) in zip(shape[:axis], box[:axis], strict=True):
            starts = (starts[:, np.newaxis] * size + np.arange(first, last)).reshape(-1)
        starts = (starts * shape[axis] + box[axis][0]) * (math.prod(shape[axis + 1 :]) * self.tensor.itemsize)
        self.reader.read_runs(self.tensor, target, starts.tolist(), length * self.tensor.itemsize)
