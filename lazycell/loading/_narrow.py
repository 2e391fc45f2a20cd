"""Where a block of a tensor has its bytes one after the other, so that it can be read like a tensor of its own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from .._frozen import frozen
from ..formats import ByteRange, MemoryRange, Part, TensorHeader
from ..layout import Operation, Reshape, Slice, Transpose

Block = tuple[tuple[int, ...], Sequence[Operation], tuple[tuple[int, int], ...] | None]


def window(shape: tuple[int, ...], operations: Sequence[Operation]) -> tuple[int, int] | None:
    """Give the first element and the end, in row-major order, of what `operations` take out of a tensor of `shape`.

    Returns:
        None if its elements do not lie one after the other in the order that the operations give.
    """
    start = 0
    for operation in operations:
        match operation:
            case Reshape(other):
                shape = other
            case Transpose(axes):
                long = [axis for axis in axes if shape[axis] > 1]
                if long != sorted(long):
                    return None
                shape = tuple(shape[axis] for axis in axes)
            case Slice(axis, first, last):
                if last - first != shape[axis]:
                    if math.prod(shape[:axis]) != 1:
                        return None
                    start += first * math.prod(shape[axis + 1 :])
                shape = (*shape[:axis], last - first, *shape[axis + 1 :])
    return start, start + math.prod(shape)


def place_window(shape: tuple[int, ...], place: tuple[tuple[int, int], ...] | None) -> tuple[int, int] | None:
    """Give the same for a block of a tensor of `shape`; None for `place` is all of it."""
    return window(shape, [Slice(axis, *each) for axis, each in enumerate(place or ())])


Window = tuple[int, int, int]
"""The number of a tensor, the first of its elements, and the end."""


def windows_of(shape: tuple[int, ...], blocks: Iterable[Block]) -> list[Window] | None:
    """Give which elements of stored tensors are those of a tensor, one after the other; None if they are not.

    Args:
        shape: of the tensor.
        blocks: that make it: shape of the stored tensor, operations that take the block out of it, and its place.
    """
    found: list[tuple[int, Window]] = []
    for number, (stored, operations, place) in enumerate(blocks):
        ours, theirs = place_window(shape, place), window(stored, operations)
        if ours is None or theirs is None:
            return None
        found.append((ours[0], (number, *theirs)))
    return [each for _, each in sorted(found)]


def runs_of(tensors: Sequence[TensorHeader], windows: Iterable[Window]) -> list[TensorHeader] | None:
    """Give the windows as tensors of their own; None if they have several dtypes."""
    if len({tensor.dtype for tensor in tensors}) > 1:
        return None
    return [part_of(tensors[number], start, stop) for number, start, stop in windows]


def part_of(tensor: TensorHeader, start: int, stop: int) -> TensorHeader:
    """Give the elements `start` to `stop` of a tensor, named for what they are: `qkv.weight[0:768]`."""
    count = math.prod(tensor.shape)
    if stop - start == count:
        return tensor
    row = count // tensor.shape[0]
    unit = row if start % row == stop % row == 0 else 1
    name = f"{tensor.name}[{start // unit}:{stop // unit}]"
    ranges = narrowed(tensor.ranges, start * tensor.itemsize, stop * tensor.itemsize)
    return TensorHeader(name, tensor.dtype, (stop - start,), ranges, tensor.origin)


def narrowed(parts: Iterable[Part], start: int, stop: int) -> tuple[Part, ...]:
    """Give the bytes `start` to `stop` of those that `parts` hold one after the other."""
    return tuple(_narrowed(parts, start, stop))


def _narrowed(parts: Iterable[Part], start: int, stop: int) -> Iterator[Part]:
    offset = 0
    for part in parts:
        first, last = max(start - offset, 0), min(stop - offset, part.nbytes)
        if first < last:
            yield part if last - first == part.nbytes else _cut(part, first, last)
        offset += part.nbytes


def _cut(part: Part, start: int, stop: int) -> Part:
    match part:
        case ByteRange():
            return ByteRange(part.path, part.start + start, part.start + stop, part.stamp)
        case MemoryRange(content):
            return MemoryRange(content[start:stop])
    return PartOf(part, start, stop)


@frozen
class PartOf:
    """Bytes `start` to `stop` (exclusive) of a part that only its format knows how to read."""

    part: Part
    start: int
    stop: int

    @property
    def nbytes(self) -> int:
        """How many bytes there are."""
        return self.stop - self.start

    @property
    def ranges(self) -> tuple[ByteRange, ...]:
        """The bytes in files that the whole part is made of."""
        found: tuple[ByteRange, ...] = getattr(self.part, "ranges", ())
        return found

    @property
    def piece(self) -> int:
        """How many elements are best read at once, as the whole part says; 0: any."""
        found: int = getattr(self.part, "piece", 0)
        return found

    def read_into(self, target: memoryview, start: int) -> None:
        """Fill `target` with the bytes from `start` on."""
        self.part.read_into(target, self.start + start)
