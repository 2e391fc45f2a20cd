"""Turn "these operations of a stored tensor give that block" into "this box of the tensor goes to that view".

Then a tensor can be read in slabs of rows, each of which goes to its places at once: no stored tensor is ever in memory
whole, however it has to be cut and turned.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from .._frozen import frozen
from ..layout import Operation, Reshape, Slice, Transpose
from ..system import Array

Box = tuple[tuple[int, int], ...]
"""For each axis start and stop."""


@frozen
class Located:
    """A box of a stored tensor, and where its elements go.

    Attributes:
        shape: of the stored tensor, perhaps with other axes than its header says; the elements are in the same order.
        box: of that shape.
        target: a writable view with the box's extents.
    """

    shape: tuple[int, ...]
    box: Box
    target: Array


def locate(shape: tuple[int, ...], operations: Sequence[Operation], target: Array) -> Located | None:
    """Undo `operations`, which give `target` of a tensor of `shape`, from the last to the first.

    Returns:
        None if there is no such box: a tensor was turned, reshaped across the axes it was turned by, and then cut.

    Raises:
        ValueError: the operations do not give the shape of `target`.
    """
    rest = list(operations)
    while rest and isinstance(first := rest[0], Reshape):  # only gives the same bytes other axes
        shape = first.shape
        del rest[0]
    shapes = list(_shapes(shape, rest))
    if shapes[-1] != target.shape:
        raise ValueError(f"the operations give {shapes[-1]}, the block is {target.shape}")
    box: Box = tuple((0, size) for size in target.shape)
    for operation, before, after in zip(reversed(rest), shapes[-2::-1], reversed(shapes), strict=False):
        match operation:
            case Slice(axis, start, _):
                low, high = box[axis]
                box = (*box[:axis], (low + start, high + start), *box[axis + 1 :])
            case Transpose(axes):
                inverse = tuple(axes.index(axis) for axis in range(len(axes)))
                box = tuple(box[axis] for axis in inverse)
                target = target.transpose(inverse)
            case Reshape():
                whole = box == tuple((0, size) for size in after)
                reshaped = _reshaped(target, before) if whole else None
                if reshaped is None:
                    return None
                target, box = reshaped, tuple((0, size) for size in before)
    return Located(shape, box, target)


def _shapes(shape: tuple[int, ...], operations: Sequence[Operation]) -> Iterator[tuple[int, ...]]:
    """Give the shape before the first operation and after each."""
    yield shape
    for operation in operations:
        match operation:
            case Slice(axis, start, stop):
                shape = (*shape[:axis], stop - start, *shape[axis + 1 :])
            case Transpose(axes):
                shape = tuple(shape[axis] for axis in axes)
            case Reshape(other):
                shape = other
        yield shape


def _reshaped(array: Array, shape: tuple[int, ...]) -> Array | None:
    """Give a view in another shape; None where only a copy has it."""
    view = array[...]
    try:
        view.shape = shape
    except AttributeError:
        return None
    return view


@frozen
class Slab:
    """Rows of a tensor that lie one after the other: `tensor[(*prefix, slice(start, stop))]`."""

    prefix: tuple[int, ...]
    start: int
    stop: int

    @property
    def rows(self) -> tuple[int, int]:
        """Start and stop."""
        return self.start, self.stop

    def cut(self, rows: int) -> Iterator[Slab]:
        """Give the same rows in slabs of at most `rows`."""
        for start in range(self.start, self.stop, rows):
            yield Slab(self.prefix, start, min(start + rows, self.stop))

    def offset(self, shape: tuple[int, ...]) -> int:
        """How many elements of the tensor come before it."""
        position = 0
        for index, size in zip((*self.prefix, self.start), shape, strict=False):
            position = position * size + index
        return position * math.prod(shape[len(self.prefix) + 1 :])

    def meet(self, located: Located) -> tuple[tuple[slice, ...], Array] | None:
        """Give what of the slab goes to `located`, and the view where it goes; None: nothing does.

        The index is for an array of the slab's rows, without the axes of `prefix`.
        """
        axis = len(self.prefix)
        outer, (first, last), inner = located.box[:axis], located.box[axis], located.box[axis + 1 :]
        if not all(start <= position < stop for position, (start, stop) in zip(self.prefix, outer, strict=True)):
            return None
        start, stop = max(self.start, first), min(self.stop, last)
        if start >= stop:
            return None
        place = tuple(position - box[0] for position, box in zip(self.prefix, outer, strict=True))
        rows = slice(start - self.start, stop - self.start)
        where: tuple[int | slice, ...] = (*place, slice(start - first, stop - first))
        view: Array = located.target[where]
        return (rows, *(slice(*box) for box in inner)), view


def slabs(shape: tuple[int, ...], boxes: Sequence[Box], most: int) -> Iterator[Slab]:
    """Cut a tensor of at least one axis and one element into slabs of about `most` elements that cover the boxes."""
    axis, row = len(shape) - 1, 1
    while axis > 0 and row * shape[axis] <= most:
        row *= shape[axis]
        axis -= 1
    # Rows before the first box and after the last are nobody's.
    first, last = (pick(box[axis][side] for box in boxes) for pick, side in ((min, 0), (max, 1)))
    ranges = [range(min(box[each][0] for box in boxes), max(box[each][1] for box in boxes)) for each in range(axis)]
    for index in np.ndindex(*(len(each) for each in ranges)):
        prefix = tuple(each[position] for each, position in zip(ranges, index, strict=True))
        yield from Slab(prefix, first, last).cut(max(1, most // row))
