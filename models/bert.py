"""BERT: Bidirectional Encoder Representations from Transformers (Devlin et al. 2018, arXiv:1810.04805).

The parameters' names are those of Hugging Face's checkpoints, so nothing is renamed when one is loaded.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from attrs.validators import in_
from mindspore import Tensor, ops
from mindspore.common.initializer import Normal

from lazycell import (
    SELF,
    ConfigRules,
    LazyCell,
    Param,
    buffer,
    child,
    children,
    hyper,
    register,
    require,
    same,
    tie,
    when,
)

from . import layers
from .layers import ACTIVATIONS, Dropout, Embedding, Linear, activate
from .presets.bert import PRESETS


class BertOptions(LazyCell):
    """The hyperparameters of every BERT, named as in `config.json`; the cells below know them as `config`."""

    vocab_size: int = 30522
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    hidden_act: str = hyper("gelu", validator=in_(ACTIVATIONS))
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    initializer_range: float = 0.02
    layer_norm_eps: float = 1e-12
    require(hidden_size % num_attention_heads == 0, "hidden_size must be divisible by num_attention_heads")

    init = Normal(initializer_range)

    config_rules = ConfigRules(
        only={"position_embedding_type": "absolute"},
        ignored={"pad_token_id", "classifier_dropout", "tie_word_embeddings"},
    )


def positions(shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Give 0, 1, 2, … as a row."""
    return np.arange(shape[-1], dtype=dtype).reshape(shape)


class Embeddings(LazyCell):
    """Words, positions and token types, added and normalized."""

    config: Any
    width = config.hidden_size

    word_embeddings: Embedding = child(Embedding, config.vocab_size, width, config.init)
    position_embeddings: Embedding = child(Embedding, config.max_position_embeddings, width, config.init)
    token_type_embeddings: Embedding = child(Embedding, config.type_vocab_size, width, config.init)
    LayerNorm: layers.LayerNorm = child(layers.LayerNorm, width, config.layer_norm_eps)
    dropout: Dropout = child(Dropout, config.hidden_dropout_prob)
    position_ids: Tensor = buffer(positions, (1, config.max_position_embeddings), "int64", persistent=False)

    def construct(self, input_ids: Tensor, token_type_ids: Tensor, position_ids: Tensor | None) -> Tensor:
        if position_ids is None:
            position_ids = self.position_ids[:, : input_ids.shape[1]]
        x = self.word_embeddings(input_ids) + self.token_type_embeddings(token_type_ids)
        return self.dropout(self.LayerNorm(x + self.position_embeddings(position_ids)))


class SelfAttention(LazyCell):
    """Every position attends to every other, in heads: softmax(QKᵀ/√d + mask)V."""

    config: Any
    hidden_size = config.hidden_size
    n_heads = config.num_attention_heads
    head_size = hidden_size // n_heads

    query: Linear = child(Linear, hidden_size, hidden_size, initializer=config.init)
    key: Linear = child(Linear, hidden_size, hidden_size, initializer=config.init)
    value: Linear = child(Linear, hidden_size, hidden_size, initializer=config.init)
    dropout: Dropout = child(Dropout, config.attention_probs_dropout_prob)

    def construct(self, x: Tensor, mask: Tensor) -> Tensor:
        query, key, value = self.heads(self.query(x)), self.heads(self.key(x)), self.heads(self.value(x))
        scores = ops.matmul(query, key.swapaxes(-1, -2)) / math.sqrt(self.head_size)
        weights = self.dropout(ops.softmax(scores + mask, -1))
        return ops.matmul(weights, value).swapaxes(1, 2).reshape(x.shape)

    def heads(self, x: Tensor) -> Tensor:
        """Split the last axis: (batch, sequence, hidden) to (batch, heads, sequence, head size)."""
        batch, sequence, _ = x.shape
        return x.reshape(batch, sequence, self.n_heads, self.head_size).swapaxes(1, 2)


class Residual(LazyCell):
    """A linear map, dropout, and the sum with what bypassed it, normalized."""

    config: Any
    in_features: int

    dense: Linear = child(Linear, in_features, config.hidden_size, initializer=config.init)
    LayerNorm: layers.LayerNorm = child(layers.LayerNorm, config.hidden_size, config.layer_norm_eps)
    dropout: Dropout = child(Dropout, config.hidden_dropout_prob)

    def construct(self, x: Tensor, bypass: Tensor) -> Tensor:
        return self.LayerNorm(self.dropout(self.dense(x)) + bypass)


class Attention(LazyCell):
    """Self-attention and its residual connection."""

    config: Any

    self: SelfAttention = child(SelfAttention, config)
    output: Residual = child(Residual, config, config.hidden_size)

    def construct(self, x: Tensor, mask: Tensor) -> Tensor:
        return self.output(self.self(x, mask), x)


class Dense(LazyCell):
    """A linear map from the hidden size, and an activation."""

    config: Any
    out_features: int
    activation: str

    dense: Linear = child(Linear, config.hidden_size, out_features, initializer=config.init)

    def construct(self, x: Tensor) -> Tensor:
        return activate(self.activation, self.dense(x))


class Layer(LazyCell):
    """Attention and the feed-forward network."""

    config: Any

    attention: Attention = child(Attention, config)
    intermediate: Dense = child(Dense, config, config.intermediate_size, config.hidden_act)
    output: Residual = child(Residual, config, config.intermediate_size)

    def construct(self, x: Tensor, mask: Tensor) -> Tensor:
        x = self.attention(x, mask)
        return self.output(self.intermediate(x), x)


class Encoder(LazyCell):
    """The stack of layers, called `layer` as in the checkpoints."""

    config: Any

    layer: list[Layer] = children(config.num_hidden_layers, Layer, config)

    def construct(self, x: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        states: tuple[Tensor, ...] = (x,)
        for layer in self.layer:
            x = layer(x, mask)
            states += (x,)
        return states


class BertOutput(NamedTuple):
    """What `BertModel` returns.

    Attributes:
        last_hidden_state: (batch, sequence, hidden).
        pooler_output: (batch, hidden), or None without a pooler.
        hidden_states: the embeddings and each layer's output, each (batch, sequence, hidden); None unless asked for.
    """

    last_hidden_state: Tensor
    pooler_output: Tensor | None
    hidden_states: tuple[Tensor, ...] | None


@register("bert", presets=PRESETS)
class BertModel(BertOptions):
    """The encoder: from ids to a vector for each position, and one for the whole sequence."""

    add_pooling_layer: bool = True

    embeddings: Embeddings = child(Embeddings, SELF)
    encoder: Encoder = child(Encoder, SELF)
    pooler: Dense | None = when(add_pooling_layer, child(Dense, SELF, hidden_size, "tanh"))

    def construct(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        position_ids: Tensor | None = None,
        output_hidden_states: bool = False,
    ) -> BertOutput:
        """Encode a batch.

        Args:
            input_ids: (batch, sequence), int.
            attention_mask: (batch, sequence), 1 for a token and 0 for padding; default all 1.
            token_type_ids: (batch, sequence), int; default all 0.
            position_ids: (batch, sequence), int; default 0, 1, 2, …
            output_hidden_states: whether to return the embeddings and every layer's output.
        """
        if attention_mask is None:
            attention_mask = ops.ones_like(input_ids)
        if token_type_ids is None:
            token_type_ids = ops.zeros_like(input_ids)
        x = self.embeddings(input_ids, token_type_ids, position_ids)
        # The lowest score that float16 can hold: softmax makes it 0, and a row of nothing but padding is no NaN.
        mask = (1 - attention_mask[:, None, None, :]).astype(x.dtype) * -65504.0
        states = self.encoder(x, mask)
        pooled = None if self.pooler is None else self.pooler(states[-1][:, 0])
        return BertOutput(states[-1], pooled, states if output_hidden_states else None)


class Transform(Dense):
    """The masked-LM head's dense layer, activation and normalization."""

    LayerNorm: layers.LayerNorm = child(layers.LayerNorm, out_features, config.layer_norm_eps)

    def construct(self, x: Tensor) -> Tensor:
        return self.LayerNorm(super().construct(x))


class Predictions(LazyCell):
    """From a position's vector to a score for each word."""

    config: Any

    transform: Transform = child(Transform, config, config.hidden_size, config.hidden_act)
    decoder: Linear = child(Linear, config.hidden_size, config.vocab_size, initializer=config.init)
    bias: Param["zeros", (config.vocab_size,)]
    one_bias = tie("decoder.bias", "bias")

    def construct(self, x: Tensor) -> Tensor:
        return self.decoder(self.transform(x))


class Head(LazyCell):
    """The masked-LM head, nested as in the checkpoints."""

    config: Any

    predictions: Predictions = child(Predictions, config)

    def construct(self, x: Tensor) -> Tensor:
        return self.predictions(x)


class MaskedLMOutput(NamedTuple):
    """What `BertForMaskedLM` returns.

    Attributes:
        logits: (batch, sequence, vocabulary).
        hidden_states: as in `BertOutput`.
    """

    logits: Tensor
    hidden_states: tuple[Tensor, ...] | None


@register("bert")
class BertForMaskedLM(BertOptions):
    """BERT with the head that it was trained with: a score for each word at each position."""

    tie_word_embeddings: bool = True

    bert: BertModel = child(BertModel, **same(BertOptions), add_pooling_layer=False)
    cls: Head = child(Head, SELF)
    one_table = when(
        tie_word_embeddings, tie("cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight")
    )

    def construct(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        position_ids: Tensor | None = None,
        output_hidden_states: bool = False,
    ) -> MaskedLMOutput:
        """Score every word at every position; the arguments are those of `BertModel`."""
        output = self.bert(input_ids, attention_mask, token_type_ids, position_ids, output_hidden_states)
        return MaskedLMOutput(self.cls(output.last_hidden_state), output.hidden_states)
