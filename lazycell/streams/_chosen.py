"""The words of some runs of elements alone, as a stream of their own: what is drawn from it is the part."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .._frozen import frozen
from ._drawn_runs import Indices
from ._words import Stream

_LONG = 64
"""Words of a run from which on it is copied by itself; shorter ones are gathered, element by element."""


@frozen(eq=False)
class Chosen:
    """Stands for a stream: its words are those of some pairs of elements, one after the other.

    Elements 2i and 2i+1 are made of the same word, or of the same two: so a pair is what can be chosen.

    Attributes:
        stream: that the words are from.
        starts: of runs of pairs, in order.
        stops: of these.
        width: words of a pair.
    """

    stream: Stream
    starts: Indices
    stops: Indices
    width: int

    def words(self, start: int, count: int) -> npt.NDArray[np.uint64]:
        """Give some of them, a new array. All are drawn, and those between them: ask once."""
        starts, stops = self.starts * self.width, self.stops * self.width
        first = int(starts[0])
        drawn = self.stream.words(first, int(stops[-1]) - first)
        lengths = stops - starts
        total = int(lengths.sum())
        if total == drawn.size:
            chosen = drawn
        elif total >= _LONG * starts.size:
            pieces = zip((starts - first).tolist(), (stops - first).tolist(), strict=True)
            chosen = np.concatenate([drawn[begin:end] for begin, end in pieces])
        else:
            chosen = drawn[spread(starts - first, lengths)]
        return chosen[start : start + count]


def spread(starts: Indices, lengths: Indices) -> Indices:
    """Give all indices in runs, one after the other."""
    begins = np.cumsum(lengths) - lengths
    return np.repeat(starts - begins, lengths) + np.arange(int(lengths.sum()))
