"""What the decoders share: a mask, the way through the layers, causal attention, the gated feed-forward network."""

import math
from collections.abc import Sequence
from typing import Any

import mindspore
from attrs.validators import deep_iterable, in_, optional
from mindspore import Tensor, ops

from lazycell import INDEX, UNUSED, child, key_value_cache, rename, when

from .activations import activate
from .attention import attend, extended, split_heads
from .layers import Dropout, HeadNorm, Linear, Part
from .outputs import Cache, KeyValue
from .rotary import rotate_both
from .stages import Stages

Rotation = tuple[Tensor, Tensor]
"""Cosines and sines, as `Rotary` gives them."""

LayerOutput = tuple[Tensor, KeyValue, Tensor | None]
"""A layer's output, (batch, sequence, hidden), its keys and values, and the logits of its router if it has one."""

_KINDS = optional(deep_iterable(in_(("full_attention", "sliding_attention"))))


def check_layer_types(config: Any, field: Any, value: Any) -> None:
    """Refuse `layer_types` that do not say of each layer what it sees: a validator.

    Args:
        config: the cell that is built.
        field: the hyperparameter, as attrs hands it to validators.
        value: what was given: for each layer `"full_attention"` or `"sliding_attention"`, or None.

    Raises:
        ValueError: an entry is neither, or there are not as many as layers.
    """
    _KINDS(config, field, value)
    if value is not None and len(value) != config.num_hidden_layers:
        count = config.num_hidden_layers
        raise ValueError(f"layer_types has {len(value)} entries, and there are num_hidden_layers={count}")


def window_of(layer_types: Any, usual: Any, window: Any) -> Any:
    """Say, in the arguments of `children(…)`, how many positions a layer sees; None: all.

    Args:
        layer_types: what each layer sees, or None where the config does not say.
        usual: whether a layer has a window then.
        window: how many positions are in one.

    Returns:
        An expression for the window of the layer at `INDEX`, or None.
    """
    listed = layer_types[INDEX] == "sliding_attention"
    return when(when(layer_types == None, usual, otherwise=listed), window, otherwise=None)  # noqa: E711 - a symbol


def completed(
    input_ids: Tensor, attention_mask: Tensor | None, position_ids: Tensor | None, past: Cache | None
) -> tuple[Tensor, Tensor]:
    """Give the mask and the positions that are meant where none are given; a cache of fixed size needs both.

    Args:
        input_ids: (batch, sequence), int.
        attention_mask: (batch, positions), 1 for a token and 0 for padding, what is in the cache included; None: all 1.
        position_ids: (batch, sequence), int; None: counted on from the end of the cache.
        past: the cache of an earlier call, or None.

    Returns:
        The mask, (batch, positions), and the positions, (batch, sequence), int64 where they are made here.
    """
    if attention_mask is not None and position_ids is not None:
        return attention_mask, position_ids
    batch, length = input_ids.shape
    seen = 0 if past is None else past[0][0].shape[2]
    if attention_mask is None:
        attention_mask = ops.ones((batch, seen + length), mindspore.int64)
    if position_ids is None:
        position_ids = ops.arange(seen, seen + length)[None]
    return attention_mask, position_ids


def decode(
    layers: Any,
    norm: Any,
    x: Tensor,
    kinds: Sequence[tuple[Any, ...]],
    past: Cache | None,
    use_cache: bool,
    all_states: bool,
    stages: Stages | None = None,
) -> tuple[Any, ...]:
    """Go through the layers, and normalize what the last one gives: what is in a `DecoderOutput`.

    Each layer takes what the one before gave, what `kinds` has for it, and its part of the cache.

    Args:
        layers: cells that return a `LayerOutput`.
        norm: a cell for what the last layer gives.
        x: the embeddings, (batch, sequence, hidden).
        kinds: for each layer its further arguments: the mask and the rotation, say.
        past: the cache of an earlier call, or None.
        use_cache: whether the cache is returned.
        all_states: whether the embeddings and each layer's output are.
        stages: who has which layers, where several ranks have some each; `layers`, `kinds` and `past` are of this one.

    Returns:
        The last layer's output, normalized, (batch, sequence, hidden), keys and values or None, all states or None, and
        the logits of the routers.
    """
    if stages is not None:
        return decode_in_stages(stages, layers, norm, x, kinds, past, use_cache, all_states)
    cache: Cache = ()
    states: tuple[Tensor, ...] = (x,)
    routers: tuple[Tensor, ...] = ()
    for index, layer in enumerate(layers):
        x, own, router = layer(x, *kinds[index], None if past is None else past[index])
        cache += (own,)
        states += (x,)
        if router is not None:
            routers += (router,)
    x = norm(x)
    return x, cache if use_cache else None, (*states[:-1], x) if all_states else None, routers


def decode_in_stages(
    stages: Stages,
    layers: Any,
    norm: Any,
    x: Tensor,
    kinds: Sequence[tuple[Any, ...]],
    past: Cache | None,
    use_cache: bool,
    all_states: bool,
) -> tuple[Any, ...]:
    """Do what `decode` does where ranks have some of the layers each: all of them give what the last one normalized.

    The cache that each returns is that of its own layers.

    Args:
        stages: who has which layers.
        layers: as for `decode`: those of this rank.
        norm: likewise; None on all stages but the last.
        x: likewise.
        kinds: likewise, for the layers of this rank.
        past: likewise, of the layers of this rank.
        use_cache: likewise.
        all_states: likewise.

    Returns:
        As `decode` gives it, the same on all ranks but for the cache.
    """
    cache: Cache = ()
    routers: tuple[Tensor, ...] = ()
    states: tuple[Tensor, ...] = ()
    if all_states:
        states, x = stages.shown((x,), 0, 1, x.shape, x)
    for stage in range(stages.parts):
        found: tuple[Tensor, ...] = ()
        routed: tuple[Tensor, ...] = ()
        if stage == stages.index:
            for index, layer in enumerate(layers):
                x, own, router = layer(x, *kinds[index], None if past is None else past[index])
                cache += (own,)
                found += (x,)
                if router is not None:
                    routed += (router,)
            if norm is not None:
                x = norm(x)
        x = stages.hand_on(x, stage)
        if all_states:
            shown, x = stages.shown(found, stage, stages.counts[stage], x.shape, x)
            states += shown
        if stages.routers[stage] > 0:
            shape = x.shape[0] * x.shape[1], stages.experts
            shown, x = stages.shown(routed, stage, stages.routers[stage], shape, x)
            routers += shown
    return x, cache if use_cache else None, (*states[:-1], x) if all_states else None, routers


class Attention(Part):
    """Causal attention with rotary positions, over a cache of keys and values."""

    window: int | None = None

    width = config.num_attention_heads * config.head_dim
    key_width = config.num_key_value_heads * config.head_dim

    q_proj: Linear = child(Linear, config.hidden_size, width, config.qkv_bias, config.init)
    k_proj: Linear = child(Linear, config.hidden_size, key_width, config.qkv_bias, config.init)
    v_proj: Linear = child(Linear, config.hidden_size, key_width, config.qkv_bias, config.init)
    o_proj: Linear = child(Linear, width, config.hidden_size, config.output_bias, config.init)

    dropout: Dropout = child(Dropout, config.attention_dropout)
    key_values = key_value_cache(config.num_key_value_heads, config.head_dim, window=window)
    rename({"rotary_emb.inv_freq": UNUSED})  # computed, once saved with the weights

    def __post_init__(self) -> None:
        self.scale, self.most = 1 / math.sqrt(self.config.head_dim), None

    def construct(self, x: Tensor, mask: Tensor, positions: Rotation, past: KeyValue | None) -> tuple[Tensor, KeyValue]:
        """Give what is attended to, (batch, sequence, hidden), and the keys and values, those of `past` included.

        Args:
            x: (batch, sequence, hidden).
            mask: added to the scores: (batch, heads, sequence, positions) or what broadcasts to it, float32.
            positions: cosines and sines, as `Rotary` gives them for all heads of queries and keys.
            past: keys and values of earlier positions, each (batch, key heads, positions, head size), or None.

        Returns:
            (batch, sequence, hidden), in the dtype of the parameters, and keys and values, each (batch, key heads,
            positions, head size).
        """
        query, key = self.query_and_key(x)
        query, key = rotate_both(query, key, *positions)
        value = self.heads(self.v_proj(x))
        key, value = extended(past, key, value)
        return self.o_proj(attend(query, key, value, mask, self.dropout, self.scale, self.most)), (key, value)

    def heads(self, x: Tensor) -> Tensor:
        """Give (batch, heads, sequence, head size) of (batch, sequence, heads * head size).

        Args:
            x: (batch, sequence, heads * head size).

        Returns:
            (batch, heads, sequence, head size).
        """
        return split_heads(x, self.config.head_dim)

    def query_and_key(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give both in heads, (batch, heads, sequence, head size), before they are rotated.

        Args:
            x: (batch, sequence, hidden).

        Returns:
            (batch, heads, sequence, head size), and (batch, key heads, sequence, head size).
        """
        return self.heads(self.q_proj(x)), self.heads(self.k_proj(x))


class NormedAttention(Attention):
    """Attention whose queries and keys are normalized, head by head."""

    q_norm: HeadNorm = child(HeadNorm, config.head_dim, config.rms_norm_eps)
    k_norm: HeadNorm = child(HeadNorm, config.head_dim, config.rms_norm_eps)

    def query_and_key(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give both in heads, normalized head by head, before they are rotated.

        Args:
            x: (batch, sequence, hidden).

        Returns:
            (batch, heads, sequence, head size), and (batch, key heads, sequence, head size).
        """
        return self.q_norm(self.heads(self.q_proj(x))), self.k_norm(self.heads(self.k_proj(x)))


class GatedMLP(Part):
    """down(act(gate(x)) · up(x)) (Shazeer 2020, arXiv:2002.05202)."""

    inner: int

    gate_proj: Linear = child(Linear, config.hidden_size, inner, config.mlp_bias, config.init)
    up_proj: Linear = child(Linear, config.hidden_size, inner, config.mlp_bias, config.init)
    down_proj: Linear = child(Linear, inner, config.hidden_size, config.mlp_bias, config.init)

    def construct(self, x: Tensor) -> Tensor:
        """Give (…, hidden) of (…, hidden).

        Args:
            x: (…, hidden), in the dtype of the parameters.

        Returns:
            (…, hidden), in the same dtype.
        """
        return self.down_proj(activate(self.config.hidden_act, self.gate_proj(x)) * self.up_proj(x))
