"""Llama (Touvron et al. 2023, arXiv:2302.13971) by hand, from MindSpore's cells and operators, with a cache.

The products are primitives that read weights as they lie, which `ops.matmul(x, w.T)` does not; queries that share keys
are rows of one product, so that no key is repeated.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from mindspore import Parameter, Tensor, nn, ops

NOWHERE = -1e9


class RMSNorm(nn.Cell):
    """Division of the last axis by its root mean square, then scaled; `ops.rms_norm` has no CPU kernel."""

    def __init__(self, width: int, eps: float) -> None:
        """Build it."""
        super().__init__()
        self.weight = Parameter(Tensor(np.ones(width, np.float32)), name="weight")
        self.mean = ops.ReduceMean(keep_dims=True)
        self.eps = eps

    def construct(self, x: Tensor) -> Tensor:
        """Normalize (…, width)."""
        return x * ops.rsqrt(self.mean(ops.square(x), -1) + self.eps) * self.weight


class Attention(nn.Cell):
    """Causal attention with rotary positions; what earlier positions left is joined with `join`."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Build it."""
        super().__init__()
        width, self.heads, self.groups = (
            config[name] for name in ("hidden_size", "num_attention_heads", "num_key_value_heads")
        )
        self.size = width // self.heads
        self.q_proj = nn.Dense(width, width, has_bias=False)
        self.k_proj = nn.Dense(width, self.groups * self.size, has_bias=False)
        self.v_proj = nn.Dense(width, self.groups * self.size, has_bias=False)
        self.o_proj = nn.Dense(width, width, has_bias=False)
        self.score, self.mix = ops.BatchMatMul(transpose_b=True), ops.BatchMatMul()
        self.scale = 1 / math.sqrt(self.size)

    def construct(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor, past: Any, place: Any) -> Any:
        """Give what is found, and the keys and values; `place` is where they go in a cache of fixed size."""
        batch, length, width = x.shape
        query = self.rotated(self.in_heads(self.q_proj(x), self.heads), cos, sin) * self.scale
        key = self.rotated(self.in_heads(self.k_proj(x), self.groups), cos, sin)
        value = self.in_heads(self.v_proj(x), self.groups)
        if past is not None:
            if place is None:
                key, value = ops.concat((past[0], key), 2), ops.concat((past[1], value), 2)
            else:
                key, value = ops.where(place, key, past[0]), ops.where(place, value, past[1])
        rows = self.heads // self.groups * length
        scores = self.score(query.reshape(batch, self.groups, rows, self.size), key)
        scores = scores.reshape(batch, self.heads, length, -1) + mask
        weights = ops.softmax(scores, -1).reshape(batch, self.groups, rows, -1)
        found = self.mix(weights, value).reshape(batch, self.heads, length, self.size)
        return self.o_proj(found.transpose(0, 2, 1, 3).reshape(batch, length, width)), key, value

    def in_heads(self, x: Tensor, heads: int) -> Tensor:
        """Split the last axis: to (batch, heads, length, size)."""
        batch, length, _ = x.shape
        return x.reshape(batch, length, heads, self.size).transpose(0, 2, 1, 3)

    def rotated(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Turn pairs by their position's angle."""
        left, right = ops.chunk(x, 2, -1)
        return x * cos + ops.concat((-right, left), -1) * sin


class MLP(nn.Cell):
    """down(silu(gate(x)) · up(x))."""

    def __init__(self, width: int, inner: int) -> None:
        """Build it."""
        super().__init__()
        self.gate_proj = nn.Dense(width, inner, has_bias=False)
        self.up_proj = nn.Dense(width, inner, has_bias=False)
        self.down_proj = nn.Dense(inner, width, has_bias=False)

    def construct(self, x: Tensor) -> Tensor:
        """Transform (…, width)."""
        return self.down_proj(ops.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Cell):
    """Attention and the feed-forward network, each of what is normalized."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Build it."""
        super().__init__()
        width, eps = config["hidden_size"], config["rms_norm_eps"]
        self.input_layernorm = RMSNorm(width, eps)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = RMSNorm(width, eps)
        self.mlp = MLP(width, config["intermediate_size"])

    def construct(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor, past: Any, place: Any) -> Any:
        """Give the output, keys and values."""
        found, key, value = self.self_attn(self.input_layernorm(x), cos, sin, mask, past, place)
        x = x + found
        return x + self.mlp(self.post_attention_layernorm(x)), key, value


class Model(nn.Cell):
    """From ids to a vector for each position."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Build it."""
        super().__init__()
        self.embed_tokens = nn.Embedding(config["vocab_size"], config["hidden_size"])
        self.layers = nn.CellList([Layer(config) for _ in range(config["num_hidden_layers"])])
        self.norm = RMSNorm(config["hidden_size"], config["rms_norm_eps"])

    def construct(self, ids: Tensor, cos: Tensor, sin: Tensor, mask: Tensor, past: Any, place: Any) -> Any:
        """Give the last layer's output, and keys and values, one layer after the other."""
        x = self.embed_tokens(ids)
        cache: tuple[Tensor, ...] = ()
        for index, layer in enumerate(self.layers):
            own = None if past is None else past[2 * index : 2 * index + 2]
            x, key, value = layer(x, cos, sin, mask, own, place)
            cache += (key, value)
        return self.norm(x), cache


class Llama(nn.Cell):
    """A model that says which word comes next; its word table is its head, too."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Build it."""
        super().__init__()
        self.model = Model(config)
        self.head, self.best = ops.MatMul(transpose_b=True), ops.Argmax(-1)
        size = config["hidden_size"] // config["num_attention_heads"]
        frequencies = config["rope_theta"] ** (-np.arange(0, size, 2) / size)
        angles = np.arange(config["max_position_embeddings"])[:, None] * np.tile(frequencies, 2)
        self.cos, self.sin = Tensor(np.cos(angles).astype(np.float32)), Tensor(np.sin(angles).astype(np.float32))
        self.all_seen = Tensor(np.zeros(1, np.float32))
        self.places = Tensor(np.arange(len(angles), dtype=np.int32))

    def word(self, x: Tensor) -> Tensor:
        """Give the best word after the last position, (batch, 1)."""
        return self.best(self.head(x[:, -1], self.model.embed_tokens.embedding_table)).expand_dims(1)

    def construct(self, ids: Tensor) -> Any:
        """Read texts of one length: give the next word, and the cache."""
        length = ids.shape[1]
        places = self.places[:length]
        mask = ops.where(places <= places.expand_dims(1), 0.0, NOWHERE)
        x, cache = self.model(ids, self.cos[:length], self.sin[:length], mask, None, None)
        return self.word(x), cache

    def read(self, ids: Tensor, room: int) -> Any:
        """Do the same, with a cache that has room for so many positions in all."""
        word, cache = self.construct(ids)
        empty = ops.zeros((*cache[0].shape[:2], room - ids.shape[1], cache[0].shape[3]), cache[0].dtype)
        return word, [ops.concat((each, empty), 2) for each in cache]

    def go_on(self, word: Tensor, place: int, cache: Any) -> Any:
        """Go on after one word, in a cache that grows."""
        at = slice(place, place + 1)
        x, cache = self.model(word, self.cos[at], self.sin[at], self.all_seen, cache, None)
        return self.word(x), cache

    def go_on_within(self, word: Tensor, place: Tensor, *cache: Tensor) -> Any:
        """Go on after one word, at the place (1,), in a cache of fixed size."""
        places = self.places[: cache[0].shape[2]]
        mask = ops.where(places <= place, 0.0, NOWHERE)
        here = (places == place).reshape(1, 1, -1, 1)
        cos, sin = ops.gather(self.cos, place, 0), ops.gather(self.sin, place, 0)
        x, cache = self.model(word, cos, sin, mask, cache, here)
        return self.word(x), cache
