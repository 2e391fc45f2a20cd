"""A tensor whose numbers do not lie one after the other, as PyTorch stores views of larger ones."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from .._errors import CheckpointFormatError
from .._frozen import frozen
from ..system import read_into_at
from . import _files
from ._files import FileStamp

# What a read costs beside its bytes, in bytes that could be read meanwhile, and how many bytes are read before they are
# put where they belong.
_READ = 8 << 10
_MOST = 32 << 20

_NUMBERS = {1: "u1", 2: "u2", 4: "u4", 8: "u8"}
Numbers = np.ndarray[tuple[int, ...], np.dtype[Any]]


@frozen
class StridedRange:
    """The numbers of a tensor in row-major order, from where they lie in a file.

    Attributes:
        path: of the file.
        start: where the tensor's first number is, in bytes.
        shape: of the tensor; no axis is empty.
        strides: from one number to the next along each axis, in elements.
        itemsize: bytes of an element.
        stamp: the state of the file when its header was read.
    """

    path: Path
    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    itemsize: int
    stamp: FileStamp | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def nbytes(self) -> int:
        """How many bytes there are."""
        return math.prod(self.shape) * self.itemsize

    def read_into(self, target: memoryview, start: int) -> None:
        """Fill `target` with the bytes from `start` on, of the tensor in row-major order.

        No more of the file is read, or kept in memory, than a small multiple of what is asked for.

        Raises:
            CheckpointFormatError: the file has changed since its header was read, or has gone.
        """
        with self.opened() as descriptor:
            for corner, block in blocks(target, start, self.shape, self.itemsize):
                self.read_block(descriptor, corner, block)

    def taken(
        self, sizes: Sequence[int], ranges: Sequence[tuple[int, int]], order: Sequence[int]
    ) -> StridedRange | None:
        """Give a box of the tensor, perhaps turned; None where that is none of these.

        Args:
            sizes: of the axes that the box has, which are those of the tensor in row-major order, or factors of them.
            ranges: start and stop along each.
            order: of these axes in what is given.
        """
        rest, strides = [*sizes], []
        for size, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            while size > 1:
                factor = rest.pop() if rest else 0
                if not factor or size % factor:
                    return None
                strides.append(stride)
                size, stride = size // factor, stride * factor
        strides += [0] * len(rest)  # axes of one position
        strides.reverse()
        start = sum(first * stride for (first, _), stride in zip(ranges, strides, strict=True))
        shape = tuple(ranges[axis][1] - ranges[axis][0] for axis in order)
        return attrs.evolve(
            self,
            start=self.start + start * self.itemsize,
            shape=shape,
            strides=tuple(strides[axis] for axis in order),
        )

    @contextlib.contextmanager
    def opened(self) -> Iterator[int]:
        """Open the file for some calls of `read_block`, to which its descriptor is given.

        Raises:
            CheckpointFormatError: the file has changed since its header was read, or has gone.
        """
        try:
            file = _files.open_regular(self.path)
        except FileNotFoundError:
            raise CheckpointFormatError(f"{self.path}: the file has gone since its header was read") from None
        with file:
            yield file.fileno()
            change = None if self.stamp is None else self.stamp.change_to(FileStamp.of(file.fileno()))
        if change is not None:
            raise CheckpointFormatError(f"{self.path}: the file has changed since its header was read: {change}")

    def read_block(self, descriptor: int, corner: tuple[int, ...], target: Numbers) -> None:
        """Fill `target` with a block of the tensor.

        Args:
            descriptor: of the file.
            corner: where the block begins; it is one index wide along the axes that `target` does not have, the first
                ones.
            target: of unsigned integers as wide as the elements, with any strides.
        """
        place = sum(index * stride for index, stride in zip(corner, self.strides, strict=False))
        self._read_box(descriptor, target, place, self.strides[len(self.shape) - target.ndim :])

    def _read_box(self, descriptor: int, target: Numbers, place: int, strides: tuple[int, ...]) -> None:
        """Fill `target` with numbers that begin at element `place`, with one read for each run that is worth it."""
        long = [axis for axis in range(target.ndim) if target.shape[axis] > 1 and strides[axis]]
        long.sort(key=lambda axis: strides[axis])
        outer, run = _runs([(target.shape[axis], strides[axis]) for axis in long], self.itemsize)
        apart, together = long[len(long) - outer :], long[: len(long) - outer]
        reads = math.prod(target.shape[axis] for axis in apart)
        if reads * run * self.itemsize > _MOST and long:
            axis = long[-1]
            middle = target.shape[axis] // 2
            first, second = np.split(target, [middle], axis)
            self._read_box(descriptor, first, place, strides)
            self._read_box(descriptor, second, place + middle * strides[axis], strides)
            return
        counts = tuple(target.shape[axis] for axis in apart)
        content = np.empty((*counts, run), target.dtype)
        places = np.full(counts, place, np.int64)
        for axis, index in zip(apart, np.indices(counts, np.int64, sparse=True), strict=True):
            places += index * strides[axis]
        view, length = content.reshape(-1).view(np.uint8).data, run * self.itemsize
        for number, at in enumerate(places.reshape(-1).tolist()):
            self._fill(descriptor, view[number * length : (number + 1) * length], self.start + at * self.itemsize)
        steps = [0] * target.ndim
        for position, axis in enumerate(apart):
            steps[axis] = content.strides[position]
        for axis in together:
            steps[axis] = strides[axis] * self.itemsize
        target[...] = np.lib.stride_tricks.as_strided(content, target.shape, steps, writeable=False)

    def _fill(self, descriptor: int, view: memoryview, start: int) -> None:
        while len(view):
            try:
                count = read_into_at(descriptor, view, start)
            except OSError as error:
                raise OSError(error.errno, error.strerror, str(self.path)) from None
            if not count:
                raise CheckpointFormatError(
                    f"{self.path}: the file has become shorter since its header was read: "
                    f"{start + len(view)} bytes needed, {start} left"
                )
            view, start = view[count:], start + count


def blocks(
    target: memoryview, start: int, shape: tuple[int, ...], itemsize: int
) -> Iterator[tuple[tuple[int, ...], Numbers]]:
    """Give the blocks of a tensor that its bytes from `start` on are, one after the other: to be filled.

    Args:
        target: where the bytes belong; whole when the last block has been filled.
        start: in bytes of the tensor in row-major order.
        shape: of the tensor; no axis is empty.
        itemsize: bytes of an element.

    Yields:
        Where a block begins, and its unsigned integers, without the axes along which it is one index wide.
    """
    first, last = start // itemsize, -(-(start + len(target)) // itemsize)
    array = np.frombuffer(target, np.uint8)
    offset = start - first * itemsize
    halves = bool(offset) or (last - first) * itemsize != len(target)  # parts of elements at its ends
    content = np.empty((last - first) * itemsize, np.uint8) if halves else array
    numbers = as_numbers(content, itemsize)
    for prefix, begin, end in boxes(shape, first, last):
        block_shape = (end - begin, *shape[len(prefix) + 1 :])
        count = math.prod(block_shape)
        block, numbers = numbers[:count].reshape(block_shape), numbers[count:]
        yield (*prefix, begin), block
    if halves:
        array[:] = content[offset : offset + len(target)]


def as_numbers(array: np.ndarray[Any, np.dtype[Any]], itemsize: int) -> Numbers:
    """Give an array as integers as wide as its elements, which numpy copies faster than what means nothing to it."""
    return array.view(_NUMBERS.get(itemsize, f"V{itemsize}"))


def boxes(shape: tuple[int, ...], first: int, last: int) -> Iterator[tuple[tuple[int, ...], int, int]]:
    """Cut the elements from `first` to `last` (exclusive), in row-major order, into rows of one axis each.

    Gives, in their order, the index of the axes before, and the first and last row (exclusive): two an axis at most.
    """
    if first >= last:
        return
    row = math.prod(shape[1:])
    begin, end = -(-first // row), last // row
    if begin > end:  # inside one row
        yield from _inside(shape, end, first - end * row, last - end * row)
        return
    if first < begin * row:
        yield from _inside(shape, begin - 1, first - (begin - 1) * row, row)
    if begin < end:
        yield (), begin, end
    if end * row < last:
        yield from _inside(shape, end, 0, last - end * row)


def _inside(shape: tuple[int, ...], index: int, first: int, last: int) -> Iterator[tuple[tuple[int, ...], int, int]]:
    for prefix, begin, end in boxes(shape[1:], first, last):
        yield (index, *prefix), begin, end


def _runs(axes: list[tuple[int, int]], itemsize: int) -> tuple[int, int]:
    """Choose how many of the outer axes are gone through one by one, and how many elements each read then has.

    Args:
        axes: length and stride of each, that of the smallest stride first.
        itemsize: bytes of an element.
    """
    best: tuple[int, int, int] | None = None
    run = 1
    for inner in range(len(axes) + 1):
        if inner:
            size, stride = axes[inner - 1]
            run += (size - 1) * stride
        cost = math.prod(size for size, _ in axes[inner:]) * (run * itemsize + _READ)
        if best is None or cost < best[0]:
            best = cost, len(axes) - inner, run
    assert best is not None
    return best[1], best[2]


def span(shape: tuple[int, ...], strides: tuple[int, ...]) -> int:
    """Give how many elements lie from a tensor's first number to its last, both counted; 0 if it has none."""
    if 0 in shape:
        return 0
    return 1 + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))


def is_packed(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Whether the numbers lie one after the other in row-major order; axes of length 1 may have any stride."""
    expected = 1
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size != 1 and stride != expected:
            return False
        expected *= size
    return True
