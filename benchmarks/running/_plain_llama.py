"""Llama (Touvron et al. 2023, arXiv:2302.13971) by hand, from MindSpore's cells and operators, with a cache.

The products are primitives that read weights as they lie, which `ops.matmul(x, w.T)` does not; queries that share keys
are rows of one product, so that no key is repeated. As it is called, its cache grows; compiled, it has a fixed size,
and is written in place.
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
    """Causal attention with rotary positions."""

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

    def make_room(self, batch: int, room: int, index: int) -> None:
        """Make a cache of fixed size; row (text · groups + group) · room + position holds one position's key."""
        empty = np.zeros((batch * self.groups * room, self.size), np.float32)
        self.keys = Parameter(Tensor(empty), name=f"keys.{index}", requires_grad=False)
        self.values = Parameter(Tensor(empty), name=f"values.{index}", requires_grad=False)

    def construct(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor, past: Any, rows: Any) -> Any:
        """Give what is found, and the keys and values; `rows` is where they go in a cache of fixed size."""
        batch, length, width = x.shape
        query = self.rotated(self.in_heads(self.q_proj(x), self.heads), cos, sin) * self.scale
        key = self.rotated(self.in_heads(self.k_proj(x), self.groups), cos, sin)
        value = self.in_heads(self.v_proj(x), self.groups)
        if past is not None:
            key, value = ops.concat((past[0], key), 2), ops.concat((past[1], value), 2)
        if rows is not None:
            keys = ops.scatter_update(self.keys, rows, key.reshape(-1, self.size))
            values = ops.scatter_update(self.values, rows, value.reshape(-1, self.size))
            if length == 1:  # what is read at first sees nothing but itself
                key = keys.reshape(batch, self.groups, -1, self.size)
                value = values.reshape(batch, self.groups, -1, self.size)
            else:  # a graph leaves out what nothing depends on
                key, value = ops.depend(key, keys), ops.depend(value, values)
        shared = self.heads // self.groups * length
        scores = self.score(query.reshape(batch, self.groups, shared, self.size), key)
        scores = scores.reshape(batch, self.heads, length, -1) + mask
        weights = ops.softmax(scores, -1).reshape(batch, self.groups, shared, -1)
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

    def construct(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor, past: Any, rows: Any) -> Any:
        """Give the output, keys and values."""
        found, key, value = self.self_attn(self.input_layernorm(x), cos, sin, mask, past, rows)
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

    def construct(self, ids: Tensor, cos: Tensor, sin: Tensor, mask: Tensor, past: Any, rows: Any) -> Any:
        """Give the last layer's output, and keys and values, one layer after the other."""
        x = self.embed_tokens(ids)
        cache: tuple[Tensor, ...] = ()
        for index, layer in enumerate(self.layers):
            own = None if past is None else past[2 * index : 2 * index + 2]
            x, key, value = layer(x, cos, sin, mask, own, rows)
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
        self.groups = config["num_key_value_heads"]
        self.all_seen = Tensor(np.zeros(1, np.float32))
        self.places = Tensor(np.arange(len(angles), dtype=np.int32))

    def word(self, x: Tensor) -> Tensor:
        """Give the best word after the last position, (batch, 1)."""
        return self.best(self.head(x[:, -1], self.model.embed_tokens.embedding_table)).expand_dims(1)

    def construct(self, ids: Tensor, rows: Any = None) -> Any:
        """Read texts of one length: give the next word, and the cache."""
        length = ids.shape[1]
        places = self.places[:length]
        mask = ops.where(places <= places.expand_dims(1), 0.0, NOWHERE)
        x, cache = self.model(ids, self.cos[:length], self.sin[:length], mask, None, rows)
        return self.word(x), cache

    def go_on(self, word: Tensor, place: int, cache: Any) -> Any:
        """Go on after one word, in a cache that grows."""
        at = slice(place, place + 1)
        x, cache = self.model(word, self.cos[at], self.sin[at], self.all_seen, cache, None)
        return self.word(x), cache

    def make_room(self, batch: int, room: int) -> None:
        """Make a cache of fixed size: so many texts, so many positions each."""
        for index, layer in enumerate(self.model.layers):
            layer.self_attn.make_room(batch, room, index)
        starts = np.arange(batch * self.groups, dtype=np.int32)[:, None] * room
        self.starts, self.room = Tensor(starts), room

    def read(self, ids: Tensor) -> Tensor:
        """Read texts into the cache of fixed size; give the next word."""
        rows = self.starts + self.places[: ids.shape[1]]
        return self.construct(ids, rows.reshape(-1))[0]

    def go_on_within(self, word: Tensor, place: Tensor) -> Tensor:
        """Go on after one word, at the place (1,), in the cache of fixed size."""
        mask = ops.where(self.places[: self.room] <= place, 0.0, NOWHERE)
        cos, sin = ops.gather(self.cos, place, 0), ops.gather(self.sin, place, 0)
        x, _ = self.model(word, cos, sin, mask, None, (self.starts + place).reshape(-1))
        return self.word(x)
