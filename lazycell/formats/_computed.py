"""A tensor whose numbers are computed as they are read, from what is stored: codes of blocks, weights and adapters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from .._dtypes import bytes_of, numpy_dtype
from .._frozen import frozen
from ..system import Array
from ._header import ByteRange

PIECE = 1 << 18
"""Elements that are computed at once, about: a MiB of float32, which a core's cache holds."""


class Values(Protocol):
    """Computes the elements of a tensor in float32. Several threads may ask at once."""

    @property
    def step(self) -> int:
        """How many elements are computed together: what is asked for begins at a multiple, and ends at one or the end.

        A row, say, or a block of codes.
        """

    @property
    def ranges(self) -> Iterable[ByteRange]:
        """The bytes in files that they are computed from."""

    def fill(self, first: int, out: Array) -> None:
        """Compute the elements from `first` on, in row-major order.

        Args:
            first: a multiple of `step`.
            out: of float32, one axis, contiguous, with any content: as many elements as are wanted.

        Raises:
            CheckpointFormatError: a file has changed since its header was read, or has gone.
        """


@frozen
class Computed:
    """All of a tensor, computed as it is read: in pieces, so that no more memory is needed than for some of them.

    Attributes:
        shape: of the tensor.
        values: computes them, in float32.
        dtype: what they are rounded to, canonical; by default they stay as they are computed.
    """

    shape: tuple[int, ...]
    values: Values
    dtype: str = "float32"

    @property
    def nbytes(self) -> int:
        """How many bytes there are."""
        return math.prod(self.shape) * numpy_dtype(self.dtype).itemsize

    @property
    def ranges(self) -> tuple[ByteRange, ...]:
        """The bytes in files that it is computed from."""
        return tuple(self.values.ranges)

    @property
    def piece(self) -> int:
        """How many elements are best read at once: whole steps, and more where the values say so, as their `piece`."""
        step = max(1, self.values.step)
        wanted: int = getattr(self.values, "piece", PIECE)
        return max(step, wanted // step * step)

    def taken(self, sizes: Sequence[int], ranges: Sequence[tuple[int, int]], order: Sequence[int]) -> Computed | None:
        """Give a box of the tensor, for which nothing else is computed; None where its values have none of their own.

        Args:
            sizes: of the axes that the box has, which are those of the tensor in row-major order, or factors of them.
            ranges: start and stop along each.
            order: of these axes in what is given.
        """
        take = getattr(self.values, "taken", None)
        values = None if take is None else take(sizes, ranges, order)
        if values is None:
            return None
        return Computed(tuple(ranges[axis][1] - ranges[axis][0] for axis in order), values, self.dtype)

    def read_into(self, target: memoryview, start: int) -> None:
        """Fill `target` with the bytes from `start` on.

        Raises:
            CheckpointFormatError: a file has changed since its header was read, or has gone.
        """
        dtype = numpy_dtype(self.dtype)
        size, step, count = dtype.itemsize, max(1, self.values.step), math.prod(self.shape)
        stop = start + len(target)
        first, last = start // size // step * step, min(count, -(-stop // (size * step)) * step)
        piece = self.piece
        for begin in range(first, last, piece):
            end = min(begin + piece, last)
            low, high = max(start, begin * size), min(stop, end * size)
            place = target[low - start : high - start]
            if dtype == np.float32 and len(place) == (end - begin) * size:
                direct: Array = np.frombuffer(place, np.float32)
                if direct.flags.aligned:
                    self.values.fill(begin, direct)
                    continue
            values = np.empty(end - begin, np.float32)
            self.values.fill(begin, values)
            with np.errstate(all="ignore"):  # an overflow is the checkpoint's own
                raw = bytes_of(values.astype(dtype, copy=False))
            place[:] = raw[low - begin * size : high - begin * size]
