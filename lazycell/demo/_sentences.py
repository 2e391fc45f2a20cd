"""From sentences to vectors, and which of them are near."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._frozen import frozen


@frozen(eq=False)
class Tokens:
    """A batch of sentences as the model reads them, each int64, (batch, sequence)."""

    input_ids: NDArray[np.int64]
    attention_mask: NDArray[np.int64]
    token_type_ids: NDArray[np.int64]


def tokenize(sentences: Sequence[str], path: Path) -> Tokens:
    """Split sentences into tokens, padded to the longest of the batch.

    Args:
        sentences: any strings; what exceeds the model's length is cut off.
        path: the directory with tokenizer.json, and sentence_bert_config.json, which gives the length.
    """
    from tokenizers import Tokenizer  # an extra

    length = json.loads((path / "sentence_bert_config.json").read_text(encoding="utf-8"))["max_seq_length"]
    tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    tokenizer.enable_truncation(length)
    tokenizer.enable_padding()
    encoded = tokenizer.encode_batch(list(sentences))
    return Tokens(
        np.array([each.ids for each in encoded], np.int64),
        np.array([each.attention_mask for each in encoded], np.int64),
        np.array([each.type_ids for each in encoded], np.int64),
    )


def embed(net: Any, tokens: Tokens) -> NDArray[np.float32]:
    """Give each sentence's vector, of length 1: the mean of its tokens' last hidden states.

    Args:
        net: a `BertModel`.
        tokens: a batch.

    Returns:
        float32, (batch, hidden size).
    """
    from mindspore import Tensor  # a process of its own

    output = net(Tensor(tokens.input_ids), Tensor(tokens.attention_mask), Tensor(tokens.token_type_ids))
    states = output.last_hidden_state.asnumpy()
    mask = tokens.attention_mask[:, :, None].astype(states.dtype)
    means = (states * mask).sum(1) / mask.sum(1)
    return np.asarray(means / np.linalg.norm(means, axis=-1, keepdims=True), np.float32)


@frozen
class Pair:
    """Two sentences, by position, and the cosine of the angle between their vectors."""

    first: int
    second: int
    cosine: float


def nearest_pairs(embeddings: NDArray[np.float32], count: int, *, of: int | None = None) -> list[Pair]:
    """Give the pairs whose vectors have the largest cosine, nearest first.

    Args:
        embeddings: (batch, width), each row of length 1.
        count: how many pairs at most.
        of: the position of the sentence that every pair has to have first; default: any.
    """
    cosine = embeddings @ embeddings.T
    size = len(embeddings)
    if of is None:
        pairs = [(first, second) for first in range(size) for second in range(first + 1, size)]
    else:
        pairs = [(of, second) for second in range(size) if second != of]
    pairs.sort(key=lambda pair: -cosine[pair])
    return [Pair(first, second, float(cosine[first, second])) for first, second in pairs[:count]]
