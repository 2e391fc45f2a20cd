"""Greedy decoding, with a cache of keys and values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from mindspore import Tensor, ops


def generate(
    net: Any, input_ids: Tensor, attention_mask: Tensor | None = None, *, max_new_tokens: int, **inputs: Any
) -> Tensor:
    """Go on with a batch of texts, each time by the word with the highest score.

    Args:
        net: a language model of the zoo.
        input_ids: (batch, sequence), int; shorter texts are padded on the left.
        attention_mask: (batch, sequence), 1 for a token and 0 for padding; default all 1.
        max_new_tokens: how many words to add; nothing ends a text before.
        inputs: what else the model takes.

    Returns:
        (batch, max_new_tokens), int: the new words alone.
    """
    step = _continue if hasattr(net, "lm_head") and not hasattr(net, "encoder") else _translate
    return ops.concat(list(step(net, input_ids, attention_mask, max_new_tokens, **inputs)), 1)


def _next(logits: Tensor, like: Tensor) -> Tensor:
    return ops.argmax(logits[:, -1], -1)[:, None].astype(like.dtype)


def _continue(net: Any, input_ids: Tensor, attention_mask: Tensor | None, count: int) -> Iterator[Tensor]:
    """Give the words that go on with a text."""
    mask = np.ones(input_ids.shape, np.int64) if attention_mask is None else attention_mask.asnumpy()
    positions = np.maximum(mask.cumsum(-1) - 1, 0)
    ids, past = input_ids, None
    for _ in range(count):
        output = net(ids, Tensor(mask), Tensor(positions), past, use_cache=True)
        past, ids = output.past_key_values, _next(output.logits, input_ids)
        yield ids
        mask = np.concatenate((mask, np.ones((len(mask), 1), mask.dtype)), 1)
        positions = positions[:, -1:] + 1


def _translate(
    net: Any,
    input_ids: Tensor,
    attention_mask: Tensor | None,
    count: int,
    decoder_input_ids: Tensor | None = None,
) -> Iterator[Tensor]:
    """Give the words of the text that is made of another."""
    start = np.full((len(input_ids), 1), net.decoder_start_token_id)
    ids = Tensor(start, input_ids.dtype) if decoder_input_ids is None else decoder_input_ids
    read = past = None
    for _ in range(count):
        output = net(input_ids, attention_mask, ids, None, read, past, use_cache=True)
        read, past = (output.encoder_last_hidden_state,), output.past_key_values
        ids = _next(output.logits, input_ids)
        yield ids
