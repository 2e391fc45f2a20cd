"""Where the elements of a part are in the whole tensor: runs of them, in the order of both.

A part is of each dimension some ranges. After the last dimension that is cut, whole rows follow one another: the part
is some pieces of each of its rows, the same ones. Both tensors are flattened, and what is between two elements of the
part in one of them is between them in the other, or nowhere.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .._frozen import frozen

Indices = npt.NDArray[np.int64]


@frozen(eq=False)
class Runs:
    """The elements of a tensor that a part has.

    Attributes:
        leading: of each dimension before the last that is cut, the indices that the part has.
        strides: elements from one index to the next, of each of these dimensions.
        starts: of each piece of a row, in elements from the row's first.
        lengths: of each piece, in elements.
    """

    leading: tuple[Indices, ...]
    strides: tuple[int, ...]
    starts: Indices
    lengths: Indices

    @property
    def rows(self) -> int:
        """How many there are in the part."""
        return math.prod(each.size for each in self.leading)

    def offsets(self, rows: Indices) -> Indices:
        """Give where some of the part's rows begin in the whole."""
        offsets: Indices = np.zeros(rows.shape, np.int64)
        if self.leading:
            indices = np.unravel_index(rows, [each.size for each in self.leading])
            for of_part, at, stride in zip(self.leading, indices, self.strides, strict=True):
                offsets += of_part[at] * stride
        return offsets

    def windows(self, size: int) -> Iterator[Window]:
        """Cut the whole into windows of so many elements, and give those in which the part may have some."""
        if not self.rows or not self.lengths.sum():
            return
        first, end = int(self.starts[0]), int(self.starts[-1] + self.lengths[-1])
        dimensions = list(zip(self.leading, self.strides, strict=True))[::-1]

        def offset(row: int) -> int:
            found = 0
            for of_part, stride in dimensions:
                row, at = divmod(row, of_part.size)
                found += int(of_part[at]) * stride
            return found

        rows = range(self.rows)
        begin = 0
        window = (offset(0) + first) // size
        while begin < self.rows:
            low, high = window * size, (window + 1) * size
            stop = bisect.bisect_left(rows, high - first, lo=begin, key=offset)
            yield Window(self, low, high, begin, stop)
            begin = bisect.bisect_right(rows, high - end, lo=begin, key=offset)
            if begin < self.rows:
                window = max(window + 1, (offset(begin) + first) // size)


@frozen(eq=False)
class Window:
    """Some elements of the whole that follow one another, and the rows of the part that reach into them.

    Attributes:
        runs: of the part.
        low: the first element.
        high: the first one after it.
        begin: the first of these rows.
        stop: the first one after them.
    """

    runs: Runs
    low: int
    high: int
    begin: int
    stop: int

    def found(self) -> tuple[Indices, Indices, int]:
        """Give starts and stops of the runs in the whole, and where the first is in the part. There may be none."""
        rows = np.arange(self.begin, self.stop)
        lengths = self.runs.lengths
        row = int(lengths.sum())
        starts = (self.runs.offsets(rows)[:, None] + self.runs.starts).reshape(-1)
        places = (rows[:, None] * row + (np.cumsum(lengths) - lengths)).reshape(-1)
        stops = starts + np.tile(lengths, rows.size)
        clipped, ends = np.maximum(starts, self.low), np.minimum(stops, self.high)
        inside = np.flatnonzero(ends > clipped)
        if not inside.size:
            return inside, inside, 0
        begin = inside[0]
        return clipped[inside], ends[inside], int(places[begin] + clipped[begin] - starts[begin])


def runs_of(whole: Sequence[int], ranges: Sequence[Sequence[tuple[int, int]]]) -> Runs:
    """Find the runs of a part.

    Args:
        whole: the shape of the whole.
        ranges: for each dimension start and stop of what the part has of it, in order.
    """
    cut = [axis for axis, size in enumerate(whole) if tuple(ranges[axis]) != ((0, size),)]
    last = cut[-1] if cut else 0
    pieces: Any = ranges[last] if whole else [(0, 1)]
    inner = math.prod(whole[last + 1 :])
    starts = np.array([start for start, _ in pieces], np.int64) * inner
    stops = np.array([stop for _, stop in pieces], np.int64) * inner
    leading = tuple(
        np.concatenate([np.arange(start, stop, dtype=np.int64) for start, stop in each]) for each in ranges[:last]
    )
    strides = tuple(math.prod(whole[axis + 1 :]) for axis in range(last))
    return Runs(leading, strides, starts, stops - starts)
