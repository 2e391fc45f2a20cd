"""Greedy decoding, with a cache of keys and values."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from mindspore import Tensor, ops

from .heads import CausalLM


def generate(
    net: Any,
    input_ids: Tensor,
    attention_mask: Tensor | None = None,
    max_new_tokens: int = 20,
    *,
    eos_token_id: int | Sequence[int] | None = None,
    **inputs: Any,
) -> Tensor:
    """Go on with a batch of texts, or write the answer to each, always by the word with the highest score.

    Args:
        net: a language model, `…ForCausalLM`, `GPT2LMHeadModel`, `T5ForConditionalGeneration`, or a port with the head
            `models.heads.CausalLM`.
        input_ids: (batch, sequence), int; a decoder's shorter texts are padded on the left.
        attention_mask: (batch, sequence), 1 for a token and 0 for padding; default all 1.
        max_new_tokens: how many words to write at most.
        eos_token_id: the word that ends a text, or several; what would follow is that word. None: nothing ends one.
        inputs: for T5, `decoder_input_ids`, (batch, sequence): how the answers begin.

    Returns:
        (batch, words), of the dtype of `input_ids`: the new words alone, as many as the longest text got.

    Raises:
        TypeError: the net is no language model.
        ValueError: `max_new_tokens` is not positive.
    """
    if not isinstance(net, CausalLM) and not hasattr(net, "lm_head"):
        raise TypeError(f"{type(net).__name__} scores no next words: generate with …ForCausalLM, or the like")
    if max_new_tokens < 1:
        raise ValueError(f"max_new_tokens={max_new_tokens}: write how many words to add, 1 or more")
    steps = (_answer if hasattr(net, "encoder") else _continue)(net, input_ids, attention_mask, **inputs)
    ends = np.atleast_1d(np.asarray([] if eos_token_id is None else eos_token_id))
    words: list[Any] = []
    ended = np.zeros((len(input_ids), 1), bool)
    for step in islice(steps, max_new_tokens):
        word = step.asnumpy()
        words.append(np.where(ended, ends[0], word) if ended.any() else word)
        ended |= np.isin(word, ends)
        if ended.all():
            break
    return Tensor(np.concatenate(words, 1), input_ids.dtype)


def _next(logits: Tensor, like: Tensor) -> Tensor:
    return ops.argmax(logits[:, -1], -1)[:, None].astype(like.dtype)


def _continue(net: Any, input_ids: Tensor, attention_mask: Tensor | None) -> Iterator[Tensor]:
    """Give the words that go on with a text; padding counts as no position."""
    mask = np.ones(input_ids.shape, np.int64) if attention_mask is None else attention_mask.asnumpy()
    positions = np.maximum(mask.cumsum(-1) - 1, 0)
    ids, past = input_ids, None
    while True:
        output = net(ids, Tensor(mask), Tensor(positions), past, use_cache=True)
        past, ids = output.past_key_values, _next(output.logits, input_ids)
        yield ids
        mask = np.concatenate((mask, np.ones((len(mask), 1), mask.dtype)), 1)
        positions = positions[:, -1:] + 1


def _answer(
    net: Any, input_ids: Tensor, attention_mask: Tensor | None, decoder_input_ids: Tensor | None = None
) -> Iterator[Tensor]:
    """Give the words of the text that is made of another, which is read once."""
    start = np.full((len(input_ids), 1), net.decoder_start_token_id)
    ids = Tensor(start, input_ids.dtype) if decoder_input_ids is None else decoder_input_ids
    read = past = None
    while True:
        output = net(input_ids, attention_mask, ids, None, read, past, use_cache=True)
        read, past = (output.encoder_last_hidden_state,), output.past_key_values
        ids = _next(output.logits, input_ids)
        yield ids
