"""Move the bytes of stored tensors to where they belong, converting them on the way: the tasks of a load."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import attrs
import numpy as np

from .._dtypes import bytes_of, numpy_dtype
from .._frozen import frozen
from ..formats import ByteRange, TensorHeader
from ..layout import Operation
from ..system import Array, Scratch, empty, populate
from ._blocks import Located, Slab, slabs
from ._cast import CHUNK, convert_into, count_lost
from ._read import Reader

ITEM = 8 << 20
"""Bytes of a tensor that one thread moves before it asks for more work: some milliseconds."""

TURNED = 1 << 20
"""Elements read at once where columns become rows: the more rows, the fuller the cache lines written."""

Lost = Callable[[int, int], None]
"""Called with the position of a parameter, and how many of its values were too large for its dtype."""


@frozen(eq=False)
class Destination:
    """Where a box of a stored tensor goes.

    Attributes:
        located: which box, and where it goes.
        index: position of the parameter.
        unit: bytes that count as progress for each element.
    """

    located: Located
    index: int
    unit: int


@frozen(eq=False)
class Transfer:
    """One stored tensor, read once for all that is made of it; all shapes of `located` are the same."""

    tensor: TensorHeader
    destinations: Sequence[Destination]

    def cut(self, reader: Reader, lost: Lost) -> Iterator[MoveSlab]:
        """Give the tasks, of about `ITEM` bytes each."""
        shape = self.destinations[0].located.shape
        boxes = [each.located.box for each in self.destinations]
        for slab in slabs(shape, boxes, ITEM // self.tensor.itemsize):
            yield MoveSlab(reader, lost, self, slab)


@frozen(eq=False)
class MoveSlab:
    """Task: read some rows of a tensor, straight to where they belong or through a buffer that stays in the cache.

    Not from a map of the file: the process would die if somebody truncates it. A read lease (`F_SETLEASE`), under which
    a truncation waits, makes that safe, but converting 2 GB from a map takes only 3 to 6 % less processor time:
    making and undoing the page table takes nearly as long as the copy. And a process that is stopped would keep
    everybody waiting who opens the file for writing.
    """

    reader: Reader
    lost: Lost
    transfer: Transfer
    slab: Slab

    def __call__(self, scratch: Scratch) -> int:
        """Carry it out."""
        shape = self.transfer.destinations[0].located.shape
        inner = shape[len(self.slab.prefix) + 1 :]
        row = math.prod(inner)
        straight = self._straight(inner)
        if straight is not None:
            target, unit = straight
            start = self.slab.offset(shape) * self.transfer.tensor.itemsize
            populate(target)
            self.reader.read_into(self.transfer.tensor, bytes_of(target), start)
            return target.size * unit
        turned = any(not each.located.target.flags.c_contiguous for each in self.transfer.destinations)
        done, chunk = 0, max(TURNED if turned else CHUNK, self.transfer.tensor.piece)
        for slab in self.slab.cut(max(1, chunk // row)):
            done += self._through(scratch, slab, shape, (slab.stop - slab.start, *inner))
        return done

    def _straight(self, inner: tuple[int, ...]) -> tuple[Array, int] | None:
        """Give the one place that takes the slab's bytes as they are."""
        if len(self.transfer.destinations) > 1:
            return None
        (destination,) = self.transfer.destinations
        met = self.slab.meet(destination.located)
        if met is None:
            return None
        _, target = met
        whole = (self.slab.stop - self.slab.start, *inner) == target.shape
        same = target.dtype == numpy_dtype(self.transfer.tensor.dtype)
        return (target, destination.unit) if whole and same and target.flags.c_contiguous else None

    def _through(self, scratch: Scratch, slab: Slab, shape: tuple[int, ...], extents: tuple[int, ...]) -> int:
        tensor = self.transfer.tensor
        met = [(each, found) for each in self.transfer.destinations if (found := slab.meet(each.located)) is not None]
        if not met:
            return 0
        raw = scratch.take(math.prod(extents) * tensor.itemsize)
        self.reader.read_into(tensor, raw.data, slab.offset(shape) * tensor.itemsize)
        source = raw.view(numpy_dtype(tensor.dtype)).reshape(extents)
        done = 0
        for destination, (index, target) in met:
            populate(target)  # a chunk at a time: the pages are still in the cache when they are filled
            lost = convert_into(source[index], target)
            if lost:
                self.lost(destination.index, lost)
            done += target.size * destination.unit
        return done


@frozen(eq=False)
class MoveWhole:
    """Task: read a tensor whole, for an order of operations that no box can say; the one that needs its size again."""

    reader: Reader
    lost: Lost
    tensor: TensorHeader
    blocks: Sequence[tuple[tuple[Operation, ...], Array, int, int]]
    """Operations, where the block goes, position of the parameter, and bytes an element counts for."""

    def __call__(self, scratch: Scratch) -> int:
        """Carry it out."""
        values = empty(self.tensor.shape, numpy_dtype(self.tensor.dtype))
        self.reader.read_into(self.tensor, bytes_of(values))
        done = 0
        for operations, target, index, unit in self.blocks:
            block = values
            for operation in operations:
                block = operation(block)
            lost = convert_into(block, target)
            if lost:
                self.lost(index, lost)
            done += target.size * unit
        return done


Small = tuple[TensorHeader, str, int]
"""A small tensor, the dtype to be had, and the position of the parameter that it is all of."""

Give = Callable[[int, Array], None]
"""Called with the position of a parameter and its values."""


@frozen(eq=False)
class MoveEach:
    """Task: several small tensors, one after the other, wherever their parts are."""

    reader: Reader
    lost: Lost
    members: Sequence[Small]
    give: Give

    def __call__(self, scratch: Scratch) -> int:
        """Carry it out."""
        done = 0
        for tensor, dtype, index in self.members:
            stored = numpy_dtype(tensor.dtype)
            values = np.empty(tensor.shape, numpy_dtype(dtype))
            raw = scratch.take(values.size * stored.itemsize)
            self.reader.read_into(tensor, raw.data)
            lost = convert_into(raw.view(stored).reshape(tensor.shape), values)
            if lost:
                self.lost(index, lost)
            self.give(index, values)
            done += raw.size
        return done


@frozen(eq=False)
class MoveSmall:
    """Task: several small tensors that lie close together in one file, with one read.

    Those of one dtype that lie side by side are converted at once: a call of numpy costs more than a small tensor.
    Their arrays share one block of memory, which nothing else refers to.
    """

    reader: Reader
    lost: Lost
    members: Sequence[Small]
    """In the order of the file."""
    give: Give

    def __call__(self, scratch: Scratch) -> int:
        """Carry it out."""
        start, stop = _place(self.members[0][0]).start, _place(self.members[-1][0]).stop
        raw = scratch.take(stop - start)
        first = self.members[0][0]
        place = attrs.evolve(_place(first), start=start, stop=stop)
        self.reader.read_into(attrs.evolve(first, ranges=(place,)), raw.data)
        done = 0
        for group in _side_by_side(self.members):
            done += self._move(raw, start, group)
        return done

    def _move(self, raw: Array, start: int, group: Sequence[Small]) -> int:
        header, dtype_name, _ = group[0]
        begin, end = _place(header).start - start, _place(group[-1][0]).stop - start
        stored, dtype = numpy_dtype(header.dtype), numpy_dtype(dtype_name)
        # Perhaps not aligned: numpy copes.
        source: Array = np.ndarray(((end - begin) // stored.itemsize,), stored, buffer=raw.data, offset=begin)
        block = np.empty(source.size * dtype.itemsize, np.uint8)
        values = block.view(dtype)
        overflow = convert_into(source, values)
        position = 0
        for tensor, _, index in group:
            array: Array = np.ndarray(tensor.shape, dtype, buffer=block.data, offset=position * dtype.itemsize)
            if overflow:
                lost = count_lost(source[position : position + array.size], array.reshape(-1))
                if lost:
                    self.lost(index, lost)
            position += array.size
            self.give(index, array)
        return end - begin


def _side_by_side(members: Sequence[Small]) -> Iterator[Sequence[Small]]:
    begin = 0
    for position in range(1, len(members) + 1):
        if position < len(members):
            (before, to, _), (tensor, dtype, _) = members[position - 1], members[position]
            if (before.dtype, to, _place(before).stop) == (tensor.dtype, dtype, _place(tensor).start):
                continue
        yield members[begin:position]
        begin = position


def _place(tensor: TensorHeader) -> ByteRange:
    (place,) = tensor.ranges
    assert isinstance(place, ByteRange)
    return place
