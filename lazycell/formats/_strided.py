"""A tensor whose numbers do not lie one after the other, as PyTorch stores views of larger ones."""

from __future__ import annotations

import math
from pathlib import Path

import attrs
import numpy as np

from .._errors import CheckpointFormatError
from .._frozen import frozen
from . import _files
from ._stamp import FileStamp


@frozen
class StridedRange:
    """The numbers of a tensor in row-major order, from where they lie in a file.

    Attributes:
        path: of the file.
        start: where the tensor's first number is, in bytes.
        stop: after the last byte of the storage that it is a view of.
        shape: of the tensor.
        strides: from one number to the next along each axis, in elements.
        itemsize: bytes of an element.
        stamp: the state of the file when its header was read.
    """

    path: Path
    start: int
    stop: int
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

        Raises:
            CheckpointFormatError: the file has changed since its header was read.
        """
        row = math.prod(self.shape[1:]) * self.itemsize
        first, last = start // row, -(-(start + len(target)) // row)
        step, inner = self.strides[0] * self.itemsize, self._reach(self.shape[1:], self.strides[1:])
        begin = self.start + first * step
        needed = (last - 1 - first) * step + inner
        with _files.open_regular(self.path) as file:
            content = _files.read_at(file, begin, needed)
            change = None if self.stamp is None else self.stamp.change_to(FileStamp.of(file.fileno()))
        if change is not None or len(content) < needed:
            change = change or f"{begin + needed} bytes needed, {begin + len(content)} left"
            raise CheckpointFormatError(f"{self.path}: the file has changed since its header was read: {change}")
        numbers = np.frombuffer(content, f"V{self.itemsize}")
        strides = tuple(stride * self.itemsize for stride in self.strides)
        rows = np.lib.stride_tricks.as_strided(numbers, (last - first, *self.shape[1:]), strides, writeable=False)
        packed = np.ascontiguousarray(rows).reshape(-1).view(np.uint8)
        offset = start - first * row
        np.frombuffer(target, np.uint8)[:] = packed[offset : offset + len(target)]

    def _reach(self, shape: tuple[int, ...], strides: tuple[int, ...]) -> int:
        return span(shape, strides) * self.itemsize


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
