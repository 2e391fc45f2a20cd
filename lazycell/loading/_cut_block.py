"""Cut a block that operations take out of a stored tensor: which boxes of the tensor the part of it is made of.

The axes of a stored tensor are parted into factors, so that every operation moves whole factors about: `(heads, width)`
is what a reshape makes of an axis of `heads * width`, wherever that axis has been turned to before. Some of the heads
are then a range of one factor, and the same range wherever that factor is in the file.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import attrs

from .. import formats
from .._frozen import frozen
from ..formats import ByteRange, MemoryRange, Part, TensorHeader
from ..layout import Operation, Reshape, Slice, Transpose
from ..mesh import Box
from ._narrow import PartOf, part_of, window


@attrs.define(eq=False)
class _Factor:
    """A factor of an axis of the stored tensor: its size there, and which of its positions are in the block."""

    size: int
    start: int
    stop: int

    @property
    def extent(self) -> int:
        """How many positions are in the block."""
        return self.stop - self.start


@frozen
class CutBlock:
    """A box of a block, and how to take it out of a stored tensor.

    Attributes:
        tensor: the stored tensor; or a run of its bytes, as a tensor of its own.
        operations: they give the box of it. Slices come before anything is turned.
        box: where in the block it is.
    """

    tensor: TensorHeader
    operations: tuple[Operation, ...]
    box: Box


def cut_block(
    tensor: TensorHeader, operations: Sequence[Operation], block: tuple[int, ...], box: Box
) -> list[CutBlock]:
    """Cut a block to a box: to one box of the stored tensor mostly, to several where a range crosses a factor.

    Args:
        tensor: as it is stored.
        operations: they give the block of it.
        block: its shape.
        box: of the block.
    """
    if any(start >= stop for start, stop in box):
        return []
    factors = _factors(tensor, operations)
    if factors is None:
        # Turned, and then reshaped across what was turned: no box of the tensor is the part. All of it is read.
        slices = [Slice(axis, *each) for axis, each in enumerate(box) if each != (0, block[axis])]
        return [CutBlock(tensor, (*operations, *slices), box)]
    tensor, stored, axes = factors
    found = []
    extents = [[factor.extent for factor in axis] for axis in axes]
    for chosen in itertools.product(*(_ranges(sizes, *each) for sizes, each in zip(extents, box, strict=True))):
        ranges = {id(factor): (factor.start, factor.stop) for factor in stored}
        for axis, (_, inner) in zip(axes, chosen, strict=True):
            for factor, (start, stop) in zip(axis, inner, strict=True):
                ranges[id(factor)] = factor.start + start, factor.start + stop
        part = tuple(outer for outer, _ in chosen)
        found.append(_taken(tensor, stored, axes, [ranges[id(factor)] for factor in stored], part))
    return found


def _factors(
    tensor: TensorHeader, operations: Sequence[Operation]
) -> tuple[TensorHeader, list[_Factor], list[list[_Factor]]] | None:
    """Give the stored tensor, its factors, and those of each axis of what the operations give; None: it has none."""
    stored = [_Factor(size, 0, size) for size in tensor.shape]
    axes = [[factor] for factor in stored]
    for done, operation in enumerate(operations):
        match operation:
            case Transpose(order):
                axes = [axes[axis] for axis in order]
            case Slice(axis, start, stop):
                found = [*_ranges([factor.extent for factor in axes[axis]], start, stop)]
                if len(found) != 1:
                    return None
                for factor, (first, last) in zip(axes[axis], found[0][1], strict=True):
                    factor.start, factor.stop = factor.start + first, factor.start + last
            case Reshape(shape):
                reshaped = _reshaped(stored, axes, shape)
                if reshaped is None:
                    run = window(tensor.shape, operations[:done])
                    if run is None:
                        return None
                    # What has been taken so far is a run of bytes, which has any shape.
                    tensor = part_of(tensor, *run)
                    stored = [_Factor(size, 0, size) for size in shape]
                    reshaped = [[factor] for factor in stored]
                axes = reshaped
    return tensor, stored, axes


def _reshaped(stored: list[_Factor], axes: list[list[_Factor]], shape: tuple[int, ...]) -> list[list[_Factor]] | None:
    """Give the factors of each axis of another shape, parting those of `stored` that it parts; None: it cannot be."""
    rest = [factor for axis in axes for factor in axis if factor.extent > 1]
    found = []
    for size in shape:
        axis: list[_Factor] = []
        while size > 1:
            factor = rest.pop(0)
            if size % factor.extent == 0:
                size //= factor.extent
            else:
                inner, uneven = divmod(factor.extent, size)
                if uneven or any(each % inner for each in (factor.size, factor.start, factor.stop)):
                    return None
                second = _Factor(inner, 0, inner)
                factor.size, factor.start, factor.stop = (
                    each // inner for each in (factor.size, factor.start, factor.stop)
                )
                stored.insert(stored.index(factor) + 1, second)
                rest.insert(0, second)
                size = 1
            axis.append(factor)
        found.append(axis)
    return found


def _ranges(extents: Sequence[int], start: int, stop: int) -> Iterator[tuple[tuple[int, int], list[tuple[int, int]]]]:
    """Part a range of an axis so that each part of it is a range of each of its factors.

    Gives each part: its range of the axis, and those of the factors, as long as these are.
    """
    if not extents:
        yield (start, stop), []
        return
    inner = math.prod(extents[1:])
    first, last = -(-start // inner), stop // inner
    if first > last:  # inside one position of the first factor
        yield from _inside(extents, last, start, stop)
        return
    if start < first * inner:
        yield from _inside(extents, first - 1, start, first * inner)
    if first < last:
        yield (first * inner, last * inner), [(first, last), *((0, size) for size in extents[1:])]
    if last * inner < stop:
        yield from _inside(extents, last, last * inner, stop)


def _inside(
    extents: Sequence[int], position: int, start: int, stop: int
) -> Iterator[tuple[tuple[int, int], list[tuple[int, int]]]]:
    offset = position * math.prod(extents[1:])
    for (low, high), ranges in _ranges(extents[1:], start - offset, stop - offset):
        yield (low + offset, high + offset), [(position, position + 1), *ranges]


def _taken(
    tensor: TensorHeader, stored: list[_Factor], axes: list[list[_Factor]], ranges: list[tuple[int, int]], box: Box
) -> CutBlock:
    """Write the operations that take a box out of a stored tensor: first the slices, then what turns it."""
    sizes = tuple(factor.size for factor in stored)
    extents = tuple(stop - start for start, stop in ranges)
    shape = tuple(stop - start for start, stop in box)
    positions = {id(factor): position for position, factor in enumerate(stored)}
    inside = [positions[id(factor)] for axis in axes for factor in axis]
    dropped = [position for position in range(len(stored)) if position not in {*inside}]  # of one position each
    order = (*dropped, *inside)
    apart = _apart(tensor, sizes, ranges, order)
    if apart is not None:
        return CutBlock(attrs.evolve(tensor, shape=shape, ranges=(apart,)), (), box)
    operations: list[Operation] = []
    if sizes != tensor.shape:
        operations.append(Reshape(sizes))
    operations += (Slice(axis, *each) for axis, each in enumerate(ranges) if each != (0, sizes[axis]))
    if order != tuple(range(len(order))):
        operations.append(Transpose(order))
    if tuple(extents[each] for each in order) != shape:
        operations.append(Reshape(shape))
    return CutBlock(tensor, tuple(operations), box)


def _apart(
    tensor: TensorHeader, sizes: tuple[int, ...], ranges: list[tuple[int, int]], order: tuple[int, ...]
) -> Part | None:
    """Give the part of a tensor whose numbers lie apart, or are computed, which is one such again; None: it is another.

    The halves of a weight-normed tensor cannot be cut: their norms are of the whole. What is computed of them is read
    in rows.

    Args:
        tensor: as it is stored.
        sizes: of its factors.
        ranges: what is taken of each.
        order: of the factors in what is taken.
    """
    part, *others = tensor.ranges
    # These classes need numpy, which who only plans has not.
    if others or isinstance(part, ByteRange | MemoryRange | PartOf):
        return None
    if not isinstance(part, formats.StridedRange | formats.BoxedRange | formats.Computed):
        return None
    return part.taken(sizes, ranges, order)
