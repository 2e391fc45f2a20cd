"""A tensor whose boxes lie in several files, as the ranks of a mesh write it that have parts of it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from pathlib import Path

from .._frozen import frozen
from ._header import ByteRange, Part
from ._strided import Numbers, StridedRange, blocks, is_packed, span

Range = tuple[int, int]
"""Start and stop along one axis."""

Box = tuple[Range, ...]
"""Start and stop along each axis."""


@frozen
class BoxedRange:
    """The numbers of a tensor in row-major order, from boxes that lie in files.

    Attributes:
        shape: of the tensor; no axis is empty.
        itemsize: bytes of an element.
        places: boxes, which cover the tensor, each element once, and where the numbers of each are.
    """

    shape: tuple[int, ...]
    itemsize: int
    places: tuple[tuple[Box, StridedRange], ...]

    @property
    def nbytes(self) -> int:
        """How many bytes there are."""
        return math.prod(self.shape) * self.itemsize

    @property
    def path(self) -> Path:
        """The first of the files."""
        return self.places[0][1].path

    @property
    def ranges(self) -> tuple[ByteRange, ...]:
        """Between which bytes its numbers lie."""
        return tuple(_range_of(stored) for _, stored in self.places)

    def read_into(self, target: memoryview, start: int) -> None:
        """Fill `target` with the bytes from `start` on, of the tensor in row-major order.

        Raises:
            CheckpointFormatError: a file has changed since its header was read, or has gone.
        """
        with contextlib.ExitStack() as stack:
            opened: dict[int, int] = {}
            for corner, block in blocks(target, start, self.shape, self.itemsize):
                axis = len(corner) - 1
                box = (
                    *((index, index + 1) for index in corner[:axis]),
                    (corner[axis], corner[axis] + len(block)),
                    *((0, size) for size in self.shape[axis + 1 :]),
                )
                self._fill(block.reshape([stop - begin for begin, stop in box]), box, stack, opened)

    def taken(self, sizes: Sequence[int], ranges: Sequence[Range], order: Sequence[int]) -> Part | None:
        """Give a box of the tensor, perhaps turned, from the files alone that have some of it.

        Args:
            sizes: of the axes that the box has, which are those of the tensor in row-major order, or factors of them.
            ranges: start and stop along each.
            order: of these axes in what is given.

        Returns:
            None where the boxes in files are none along these axes.
        """
        found: list[tuple[Box, StridedRange]] = []
        for box, stored in self.places:
            factored = _factored(self.shape, box, sizes)
            if factored is None:
                return None
            met = _met(ranges, factored)
            if any(start >= stop for start, stop in met):
                continue
            own_sizes = [stop - start for start, stop in factored]
            part = stored.taken(own_sizes, _seen_from(met, factored), order)
            if part is None:
                return None
            inside = _seen_from(met, ranges)
            found.append((tuple(inside[axis] for axis in order), part))
        if len(found) == 1:
            part = found[0][1]
            return _range_of(part) if is_packed(part.shape, part.strides) else part
        shape = tuple(ranges[axis][1] - ranges[axis][0] for axis in order)
        return BoxedRange(shape, self.itemsize, tuple(found))

    def _fill(self, target: Numbers, box: Box, stack: contextlib.ExitStack, opened: dict[int, int]) -> None:
        """Fill `target` with a box of the tensor, from every place that has some of it; files stay open in `stack`."""
        for number, (there, stored) in enumerate(self.places):
            met = _met(box, there)
            if any(start >= stop for start, stop in met):
                continue
            if number not in opened:
                opened[number] = stack.enter_context(stored.opened())
            corner = tuple(start for start, _ in _seen_from(met, there))
            stored.read_block(opened[number], corner, target[tuple(slice(*each) for each in _seen_from(met, box))])


def boxed(shape: tuple[int, ...], itemsize: int, places: Sequence[tuple[Box, ByteRange]]) -> BoxedRange:
    """Make a tensor of boxes that lie in files row-major, each in one piece.

    Args:
        shape: of the tensor; no axis is empty.
        itemsize: bytes of an element.
        places: the boxes, which cover it, and where the bytes of each are.
    """
    found = []
    for box, place in places:
        extents = tuple(stop - start for start, stop in box)
        strides = tuple(math.prod(extents[axis + 1 :]) for axis in range(len(extents)))
        found.append((box, StridedRange(place.path, place.start, extents, strides, itemsize, place.stamp)))
    return BoxedRange(shape, itemsize, tuple(found))


def _range_of(stored: StridedRange) -> ByteRange:
    nbytes = span(stored.shape, stored.strides) * stored.itemsize
    return ByteRange(stored.path, stored.start, stored.start + nbytes, stored.stamp)


def _met(one: Sequence[Range], other: Sequence[Range]) -> list[Range]:
    return [(max(a, c), min(b, d)) for (a, b), (c, d) in zip(one, other, strict=True)]


def _seen_from(box: Sequence[Range], origin: Sequence[Range]) -> list[Range]:
    """Give a box as it is seen from the first corner of another."""
    return [(start - first, stop - first) for (start, stop), (first, _) in zip(box, origin, strict=True)]


def _factored(shape: tuple[int, ...], box: Box, sizes: Sequence[int]) -> list[Range] | None:
    """Give a box along factors of the axes; None where it is none."""
    rest, found = [*sizes], []
    for size, (start, stop) in zip(reversed(shape), reversed(box), strict=True):
        while size > 1:
            factor = rest.pop() if rest else 0
            if not factor or size % factor:
                return None
            size //= factor
            if size == 1:
                found.append((start, stop))
            elif start % factor or stop % factor:
                return None
            else:
                found.append((0, factor))
                start, stop = start // factor, stop // factor
    found += [(0, 1)] * len(rest)  # axes of one position
    return found[::-1]
