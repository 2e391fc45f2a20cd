"""The scores of the next word, operator by operator, over a cache that grows."""

from typing import Any

import mindspore
import numpy as np
from mindspore import Tensor
from numpy.typing import NDArray

from ..heads import CausalLM
from ..layers import cast
from .choosing import Scores
from .padding import Ids, positions_of


class Continuing:
    """Goes on with texts."""

    def __init__(self, net: Any, ids: Ids, mask: Ids) -> None:
        self.net, self.mask, self.past = net, mask, None
        self.ids, self.positions = ids, positions_of(mask)
        # A head of another kind scores every position.
        self.options = {"logits_to_keep": 1} if isinstance(net, CausalLM) else {}

    def scores(self) -> Scores:
        """Score what comes after the words so far."""
        output = self.net(
            Tensor(self.ids), Tensor(self.mask), Tensor(self.positions), self.past, use_cache=True, **self.options
        )
        self.past = output.past_key_values
        return last(output.logits)

    def go_on(self, words: NDArray[Any]) -> None:
        """Take the words that were chosen, (batch,)."""
        self.ids = words[:, None].astype(self.ids.dtype)
        self.mask = np.pad(self.mask, ((0, 0), (0, 1)), constant_values=1)
        self.positions = self.positions[:, -1:] + 1

    def close(self, *, keep: bool = True) -> None:
        """Nothing is kept."""


class Answering:
    """Writes answers to texts, each of which is read once."""

    def __init__(self, net: Any, ids: Ids, mask: Ids, start: Ids) -> None:
        self.net, self.past = net, None
        self.read: tuple[Tensor, ...] | None = None
        self.question, self.mask, self.ids = Tensor(ids), Tensor(mask), start

    def scores(self) -> Scores:
        """Score what comes after the words so far."""
        output = self.net(self.question, self.mask, Tensor(self.ids), None, self.read, self.past, use_cache=True)
        self.read, self.past = (output.encoder_last_hidden_state,), output.past_key_values
        return last(output.logits)

    def go_on(self, words: NDArray[Any]) -> None:
        """Take the words that were chosen, (batch,)."""
        self.ids = words[:, None].astype(self.ids.dtype)

    def close(self, *, keep: bool = True) -> None:
        """Nothing is kept."""


def last(logits: Tensor) -> Scores:
    """Give the scores of the last position as an array, (batch, vocabulary)."""
    scores: Scores = cast(logits, mindspore.float32).asnumpy()[:, -1]
    return scores
