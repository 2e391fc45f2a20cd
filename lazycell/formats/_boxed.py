"""A tensor whose boxes lie in several files, as the ranks of a mesh write it that have parts of it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .._frozen import frozen
from ._header import ByteRange, Part
from ._strided import Numbers, StridedRange, as_numbers, blocks

Box = tuple[tuple[int, int], ...]
"""Start and stop along each axis."""


_MOST_AXES = 12  # along which anybody would divide a tensor: each doubles the corners that are looked at


@frozen
class BoxedRange:
    """The numbers of a tensor in row-major order, from boxes that lie in files, row-major each.

    Attributes:
        shape: of the tensor; no axis is empty.
        itemsize: bytes of an element.
        places: boxes, which cover the tensor, each element once, and where the bytes of each are.
    """

    shape: tuple[int, ...]
    itemsize: int
    places: tuple[tuple[Box, ByteRange], ...]

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
        """The bytes that it is gathered from."""
        return tuple(place for _, place in self.places)

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

    def read_box(self, target: np.ndarray[Any, np.dtype[Any]], box: Box) -> None:
        """Fill an array with what lies in a box of the tensor; no other bytes are read than the box needs.

        Args:
            target: with the box's extents, of the tensor's dtype or one as wide, and any strides.
            box: in the tensor.

        Raises:
            CheckpointFormatError: a file has changed since its header was read, or has gone.
        """
        if target.size:
            with contextlib.ExitStack() as stack:
                self._fill(as_numbers(target, self.itemsize), box, stack, {})

    def _fill(self, target: Numbers, box: Box, stack: contextlib.ExitStack, opened: dict[int, int]) -> None:
        """Fill `target` with a box of the tensor, from every place that has some of it; files stay open in `stack`."""
        for number, (there, place) in enumerate(self.places):
            met = [(max(one[0], other[0]), min(one[1], other[1])) for one, other in zip(box, there, strict=True)]
            if any(start >= stop for start, stop in met):
                continue
            stored = _stored(there, place, self.itemsize)
            if number not in opened:
                opened[number] = stack.enter_context(stored.opened())
            corner = tuple(start - first for (start, _), (first, _) in zip(met, there, strict=True))
            within = tuple(
                slice(start - first, stop - first) for (start, stop), (first, _) in zip(met, box, strict=True)
            )
            stored.read_block(opened[number], corner, target[within])


def parts_of_boxes(shape: tuple[int, ...], itemsize: int, places: list[tuple[Box, ByteRange]]) -> tuple[Part, ...]:
    """Give the parts of a tensor, one after the other: plain ranges of bytes wherever a box is one.

    Args:
        shape: of the tensor.
        itemsize: bytes of an element.
        places: boxes, which cover the tensor, each element once, and where the bytes of each are.
    """
    if len(places) == 1 or 0 in shape:
        return (places[0][1],)
    strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    places = sorted(places, key=lambda each: sum(start * by for (start, _), by in zip(each[0], strides, strict=True)))
    if all(_is_run(shape, box) for box, _ in places):
        return tuple(place for _, place in places)
    slabs: dict[tuple[int, int], list[tuple[Box, ByteRange]]] = {}
    for box, place in places:
        slabs.setdefault(box[0], []).append((box, place))
    if sum(stop - start for start, stop in slabs) == shape[0]:  # none of them overlaps another
        return tuple(_slab(shape, rows, itemsize, slabs[rows]) for rows in sorted(slabs))
    return (BoxedRange(shape, itemsize, tuple(places)),)


def _slab(shape: tuple[int, ...], rows: tuple[int, int], itemsize: int, places: list[tuple[Box, ByteRange]]) -> Part:
    """Give some rows of a tensor as a part by itself."""
    if len(places) == 1:
        return places[0][1]
    count = rows[1] - rows[0]
    own = tuple((((0, count), *box[1:]), place) for box, place in places)
    return BoxedRange((count, *shape[1:]), itemsize, own)


def _is_run(shape: tuple[int, ...], box: Box) -> bool:
    """Whether a box's elements lie one after the other in the tensor."""
    cut = [axis for axis, (start, stop) in enumerate(box) if stop - start < shape[axis]]
    return not cut or all(stop - start == 1 for start, stop in box[: cut[-1]])


def _stored(box: Box, place: ByteRange, itemsize: int) -> StridedRange:
    extents = tuple(stop - start for start, stop in box)
    strides = tuple(math.prod(extents[axis + 1 :]) for axis in range(len(extents)))
    return StridedRange(place.path, place.start, extents, strides, itemsize, place.stamp)


def covers_once(shape: tuple[int, ...], boxes: list[Box]) -> bool:
    """Whether boxes, inside of a shape, cover each of its elements, and none twice.

    They do if they have as many elements as the shape, and each corner that an odd number of them has in common is one
    of the shape's: then every element is in an odd number of boxes, so in one at least, and there are none to spare.
    """
    axes = [axis for axis, size in enumerate(shape) if any(box[axis] != (0, size) for box in boxes)]
    if len(axes) > _MOST_AXES or sum(math.prod(stop - start for start, stop in box) for box in boxes) != math.prod(
        shape
    ):
        return False
    odd: set[tuple[int, ...]] = set()
    for box in boxes:
        if all(start < stop for start, stop in box):
            odd.symmetric_difference_update(_corners([box[axis] for axis in axes]))
    wanted = set(_corners([(0, shape[axis]) for axis in axes])) if math.prod(shape) else set()
    return odd == wanted


def _corners(box: list[tuple[int, int]]) -> Iterator[tuple[int, ...]]:
    corners: list[tuple[int, ...]] = [()]
    for start, stop in box:
        corners = [(*corner, edge) for corner in corners for edge in (start, stop)]
    return iter(corners)
