"""Where in a parameter the part is that a rank has."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from .._frozen import frozen

Range = tuple[int, int]
"""Start and stop along one dimension."""

Box = tuple[Range, ...]
"""Start and stop along each dimension."""


@frozen
class Place:
    """What of a parameter a rank has: of each dimension some ranges, which follow one another in its part.

    Attributes:
        whole: the shape of the whole parameter.
        ranges: of each dimension, in order; of one that is `fused(…)` several, a part of each section.
        shard: for each dimension the axis along which other ranks have other parts of it, several of them as a tuple;
            None: every rank has all of it.
    """

    whole: tuple[int, ...]
    ranges: tuple[tuple[Range, ...], ...]
    shard: tuple[str | tuple[str, ...] | None, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the part."""
        return tuple(sum(stop - start for start, stop in each) for each in self.ranges)

    @property
    def size(self) -> int:
        """The number of elements of the part."""
        return math.prod(self.shape)

    def boxes(self) -> Iterator[tuple[Box, Box]]:
        """Give the boxes that the part is made of: where each is in the whole, and where in the part."""
        per_dimension = []
        for ranges in self.ranges:
            found, position = [], 0
            for start, stop in ranges:
                found.append(((start, stop), (position, position + stop - start)))
                position += stop - start
            per_dimension.append(found)
        for chosen in itertools.product(*per_dimension):
            yield tuple(each[0] for each in chosen), tuple(each[1] for each in chosen)
