"""BERT (Devlin et al. 2018, arXiv:1810.04805) by hand, from MindSpore's cells and operators."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from mindspore import Tensor, nn, ops


class Embeddings(nn.Cell):
    """Words, positions and types, added and normalized."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Build it."""
        super().__init__()
        width = config["hidden_size"]
        self.word_embeddings = nn.Embedding(config["vocab_size"], width)
        self.position_embeddings = nn.Embedding(config["max_position_embeddings"], width)
        self.token_type_embeddings = nn.Embedding(config["type_vocab_size"], width)
        self.LayerNorm = nn.LayerNorm((width,), epsilon=config["layer_norm_eps"])
        self.positions = Tensor(np.arange(config["max_position_embeddings"], dtype=np.int32))

    def construct(self, ids: Tensor, types: Tensor) -> Tensor:
        """Give a vector for each position."""
        positions = self.position_embeddings(self.positions[: ids.shape[1]])
        return self.LayerNorm(self.word_embeddings(ids) + self.token_type_embeddings(types) + positions)


class SelfAttention(nn.Cell):
    """Every position attends to all that are no padding."""

    def __init__(self, width: int, heads: int) -> None:
        """Build it."""
        super().__init__()
        self.query, self.key, self.value = (nn.Dense(width, width) for _ in range(3))
        self.score, self.mix = ops.BatchMatMul(transpose_b=True), ops.BatchMatMul()
        self.heads, self.scale = heads, 1 / math.sqrt(width // heads)

    def construct(self, x: Tensor, mask: Tensor) -> Tensor:
        """Give what is found, (batch, length, width)."""
        query, key, value = self.in_heads(self.query(x)), self.in_heads(self.key(x)), self.in_heads(self.value(x))
        weights = ops.softmax(self.score(query * self.scale, key) + mask, -1)
        return self.mix(weights, value).transpose(0, 2, 1, 3).reshape(x.shape)

    def in_heads(self, x: Tensor) -> Tensor:
        """Split the last axis: to (batch, heads, length, size)."""
        batch, length, width = x.shape
        return x.reshape(batch, length, self.heads, width // self.heads).transpose(0, 2, 1, 3)


class Residual(nn.Cell):
    """A linear map, and the sum with what bypassed it, normalized."""

    def __init__(self, inner: int, config: dict[str, Any]) -> None:
        """Build it."""
        super().__init__()
        self.dense = nn.Dense(inner, config["hidden_size"])
        self.LayerNorm = nn.LayerNorm((config["hidden_size"],), epsilon=config["layer_norm_eps"])

    def construct(self, x: Tensor, bypass: Tensor) -> Tensor:
        """Give (batch, length, width)."""
        return self.LayerNorm(self.dense(x) + bypass)


class Attention(nn.Cell):
    """Attention, and what comes after it."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Build it."""
        super().__init__()
        self.self = SelfAttention(config["hidden_size"], config["num_attention_heads"])
        self.output = Residual(config["hidden_size"], config)

    def construct(self, x: Tensor, mask: Tensor) -> Tensor:
        """Give (batch, length, width)."""
        return self.output(self.self(x, mask), x)


class Widened(nn.Cell):
    """The first half of the feed-forward network."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Build it."""
        super().__init__()
        self.dense = nn.Dense(config["hidden_size"], config["intermediate_size"])
        self.gelu = nn.GELU(approximate=False)

    def construct(self, x: Tensor) -> Tensor:
        """Give (batch, length, inner)."""
        return self.gelu(self.dense(x))


class Layer(nn.Cell):
    """Attention and the feed-forward network."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Build it."""
        super().__init__()
        self.attention = Attention(config)
        self.intermediate = Widened(config)
        self.output = Residual(config["intermediate_size"], config)

    def construct(self, x: Tensor, mask: Tensor) -> Tensor:
        """Give (batch, length, width)."""
        x = self.attention(x, mask)
        return self.output(self.intermediate(x), x)


class Encoder(nn.Cell):
    """The layers."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Build it."""
        super().__init__()
        self.layer = nn.CellList([Layer(config) for _ in range(config["num_hidden_layers"])])

    def construct(self, x: Tensor, mask: Tensor) -> Tensor:
        """Give the last one's output."""
        for layer in self.layer:
            x = layer(x, mask)
        return x


class Pooler(nn.Cell):
    """What the first position says of the whole text."""

    def __init__(self, width: int) -> None:
        """Build it."""
        super().__init__()
        self.dense = nn.Dense(width, width)

    def construct(self, x: Tensor) -> Tensor:
        """Give (batch, width)."""
        return ops.tanh(self.dense(x[:, 0]))


class Bert(nn.Cell):
    """From ids to a vector for each position."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Build it."""
        super().__init__()
        self.embeddings = Embeddings(config)
        self.encoder = Encoder(config)
        self.pooler = Pooler(config["hidden_size"])

    def construct(self, ids: Tensor, mask: Tensor, types: Tensor) -> Tensor:
        """Encode a batch; `mask` is 1 for a word and 0 for padding."""
        hidden = (1.0 - mask.astype("float32")).expand_dims(1).expand_dims(1) * -1e9
        return self.encoder(self.embeddings(ids, types), hidden)


class Classifier(nn.Cell):
    """A score for each of two labels."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Build it."""
        super().__init__()
        self.bert = Bert(config)
        self.classifier = nn.Dense(config["hidden_size"], 2)

    def construct(self, ids: Tensor, mask: Tensor, types: Tensor) -> Tensor:
        """Give (batch, 2)."""
        return self.classifier(self.bert.pooler(self.bert(ids, mask, types)))
