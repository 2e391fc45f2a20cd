"""The scores of the next word from graphs: one for the prompt, one for a step over a cache of fixed size."""

from typing import Any

import mindspore
import numpy as np
from mindspore import Tensor, ops
from numpy.typing import NDArray

from .cells import NextWord, NextWordOfAnswer, Prompt, Question
from .choosing import Scores
from .graphs import Step, graphs_of, rounded
from .padding import Ids, padded, positions_of
from .plain import last


class Continuing:
    """Goes on with texts."""

    def __init__(self, net: Any, ids: Ids, mask: Ids, words: int) -> None:
        length = rounded(ids.shape[1])
        self.net, self.graphs = net, graphs_of(net)
        self.ids, self.mask = padded(ids, length), padded(mask, length)
        self.positions, self.room, self.place = positions_of(self.mask), rounded(length + words), length
        self.step: Step | None = None

    def scores(self) -> Scores:
        """Score what comes after the words so far."""
        if self.step is None:
            return self._begin()
        logits = self.step(Tensor(self.ids), self.whole, Tensor(self.positions), _index(self.place))
        self.place += 1
        return last(logits)

    def _begin(self) -> Scores:
        logits, past = self.graphs.read(lambda: Prompt(self.net), self.ids, self.mask, self.positions)
        # First, since it sleeps until the graph has run: what else asks for a result spins, on a core that is needed.
        scores = last(logits)
        self.key = len(self.ids), self.room
        self.step = self.graphs.take(self.key, lambda: Step(past, self.room, self._make))
        self.step.fill(past)
        after = np.ones((len(self.mask), self.room - self.mask.shape[1]), self.mask.dtype)
        self.whole = Tensor(np.concatenate((self.mask, after), 1))
        return scores

    def go_on(self, words: NDArray[Any]) -> None:
        """Take the words that were chosen, (batch,)."""
        self.ids = words[:, None].astype(self.ids.dtype)
        self.positions = self.positions[:, -1:] + 1

    def close(self, *, keep: bool = True) -> None:
        """Leave the cache to the next text."""
        if keep and self.step is not None:
            self.graphs.put_back(self.key, self.step)
        self.step = None

    def _make(self, tables: Any, starts: Tensor) -> Any:
        return NextWord(self.net, tables, starts)


class Answering:
    """Writes answers to texts, each of which is read once."""

    def __init__(self, net: Any, ids: Ids, mask: Ids, start: Ids, words: int) -> None:
        length = rounded(ids.shape[1])
        self.net, self.graphs, self.ids = net, graphs_of(net), start
        self.question, self.mask = padded(ids, length), padded(mask, length)
        self.place = start.shape[1]
        self.room = rounded(self.place + words)
        self.step: Step | None = None

    def scores(self) -> Scores:
        """Score what comes after the words so far."""
        if self.step is None:
            return self._begin()
        logits = self.step(Tensor(self.ids), self.seen, self.whole, self.read, _index(self.place))
        self.place += 1
        return last(logits)

    def _begin(self) -> Scores:
        found = self.graphs.read(lambda: Question(self.net), self.question, self.mask, self.ids)
        logits, past, self.read = found
        scores = last(logits)
        own, others = (list(pairs) for pairs in zip(*past, strict=True))
        self.key = len(self.ids), self.room, self.mask.shape[1]
        self.step = self.graphs.take(self.key, lambda: Step(own, self.room, self._make, others))
        self.step.fill(own + others)
        self.seen, self.whole = Tensor(self.mask), ops.ones((len(self.ids), self.room), mindspore.int64)
        return scores

    def go_on(self, words: NDArray[Any]) -> None:
        """Take the words that were chosen, (batch,)."""
        self.ids = words[:, None].astype(self.ids.dtype)

    def close(self, *, keep: bool = True) -> None:
        """Leave the cache to the next text."""
        if keep and self.step is not None:
            self.graphs.put_back(self.key, self.step)
        self.step = None

    def _make(self, tables: Any, starts: Tensor) -> Any:
        return NextWordOfAnswer(self.net, tables, starts, len(self.ids), self.mask.shape[1])


def _index(place: int) -> Tensor:
    return Tensor([place], mindspore.int32)
