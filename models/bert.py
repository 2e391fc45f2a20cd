"""BERT: Bidirectional Encoder Representations from Transformers (Devlin et al. 2018, arXiv:1810.04805)."""

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from mindspore import Tensor, ops
from mindspore.common.initializer import Normal

from lazycell import (
    SELF,
    UNUSED,
    ConfigRules,
    LazyCell,
    Param,
    StoredTensors,
    buffer,
    child,
    children,
    divide,
    hyper,
    register,
    rename,
    require,
    same,
    tie,
    when,
    whole,
)

from . import layers
from .activations import activate, activation
from .attention import attend, padding_mask, split_heads
from .heads import OF_HEADS, Head, Labelled, MaskedLM, QuestionAnswering, TokenClassification
from .inputs import Reader
from .layers import Dropout, Embedding, Linear, Part, WholeLinear, run
from .outputs import EncoderOutput, States
from .presets.bert import PRESETS


class BertOptions(LazyCell):
    """The hyperparameters of every BERT, named as in `config.json`; the cells below know them as `config`."""

    base_model_prefix: ClassVar[str] = "bert"

    vocab_size: int = 30522
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    hidden_act: str = activation("gelu")
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    initializer_range: float = 0.02
    layer_norm_eps: float = 1e-12
    divide(tp=(vocab_size, num_attention_heads, intermediate_size))
    require(hidden_size % num_attention_heads == 0, "hidden_size must be divisible by num_attention_heads")

    init = Normal(initializer_range)
    head_size = hidden_size // num_attention_heads
    heads_width = num_attention_heads * head_size
    whole_vocab_size = whole(vocab_size)

    config_rules = ConfigRules(
        only={"position_embedding_type": "absolute"},
        ignored=OF_HEADS
        | {
            "directionality",
            "pooler_fc_size",
            "pooler_num_attention_heads",
            "pooler_num_fc_layers",
            "pooler_size_per_head",
            "pooler_type",
        },
    )


def positions(shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Give 0, 1, 2, … as a row.

    Args:
        shape: of the table.
        dtype: of numpy.

    Returns:
        The table.
    """
    return np.arange(shape[-1], dtype=dtype).reshape(shape)


class Embeddings(Part):
    """Vectors of words, of their positions and of the texts that they are of, added and normalized."""

    width = config.hidden_size

    word_embeddings: Embedding = child(Embedding, config.vocab_size, width, config.init)
    position_embeddings: Embedding = child(Embedding, config.max_position_embeddings, width, config.init)
    token_type_embeddings: Embedding = child(Embedding, config.type_vocab_size, width, config.init)
    LayerNorm: layers.LayerNorm = child(layers.LayerNorm, width, config.layer_norm_eps)
    dropout: Dropout = child(Dropout, config.hidden_dropout_prob)
    position_ids: Tensor = buffer(positions, (1, config.max_position_embeddings), "int64", persistent=False)

    def construct(self, input_ids: Tensor, token_type_ids: Tensor, position_ids: Tensor | None) -> Tensor:
        """Look ids up.

        Args:
            input_ids: (batch, sequence), int.
            token_type_ids: (batch, sequence), int.
            position_ids: (batch, sequence), int; None: 0, 1, 2, …

        Returns:
            (batch, sequence, hidden), in the dtype of the parameters.
        """
        if position_ids is None:
            position_ids = self.position_ids[:, : input_ids.shape[1]]
        x = self.word_embeddings(input_ids) + self.token_type_embeddings(token_type_ids)
        return self.dropout(self.LayerNorm(x + self.position_embeddings(position_ids)))


class SelfAttention(Part):
    """Every position attends to every other, in heads: softmax(QKᵀ/√d + mask)V."""

    hidden_size = config.hidden_size
    head_size = config.head_size
    width = config.heads_width

    query: Linear = child(Linear, hidden_size, width, initializer=config.init)
    key: Linear = child(Linear, hidden_size, width, initializer=config.init)
    value: Linear = child(Linear, hidden_size, width, initializer=config.init)
    dropout: Dropout = child(Dropout, config.attention_probs_dropout_prob)

    def construct(self, x: Tensor, mask: Tensor) -> Tensor:
        """Attend to all positions.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.
            mask: added to the scores: (batch, heads, sequence, positions) or what broadcasts to it, float32.

        Returns:
            (batch, sequence, hidden), in the same dtype.
        """
        query, key, value = (split_heads(each(x), self.head_size) for each in (self.query, self.key, self.value))
        return attend(query, key, value, mask, self.dropout, 1 / math.sqrt(self.head_size))


class Residual(Part):
    """A linear map, dropout, and the sum with what bypassed it, normalized."""

    in_features: int

    dense: Linear = child(Linear, in_features, config.hidden_size, initializer=config.init)
    LayerNorm: layers.LayerNorm = child(layers.LayerNorm, config.hidden_size, config.layer_norm_eps)
    dropout: Dropout = child(Dropout, config.hidden_dropout_prob)

    def construct(self, x: Tensor, bypass: Tensor) -> Tensor:
        """Add what bypassed it, and normalize.

        Args:
            x: (…, in_features), in the dtype of the parameters.
            bypass: (…, hidden), in the same dtype.

        Returns:
            (…, hidden), in the same dtype.
        """
        return self.LayerNorm(self.dropout(self.dense(x)) + bypass)


class Attention(Part):
    """Attention, and the sum with what bypassed it."""

    self: SelfAttention = child(SelfAttention, config)
    output: Residual = child(Residual, config, config.heads_width)

    def construct(self, x: Tensor, mask: Tensor) -> Tensor:
        """Attend to all positions.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.
            mask: added to the scores: (batch, heads, sequence, positions) or what broadcasts to it, float32.

        Returns:
            (batch, sequence, hidden), in the same dtype.
        """
        return self.output(self.self(x, mask), x)


class Dense(Part):
    """A linear map and an activation."""

    out_features: int
    activation: str

    dense: Linear = child(Linear, config.hidden_size, out_features, initializer=config.init)

    def construct(self, x: Tensor) -> Tensor:
        """Map the last axis.

        Args:
            x: (…, hidden), in the dtype of the parameters.

        Returns:
            (…, out_features), in the same dtype.
        """
        return activate(self.activation, self.dense(x), self.training)


class Layer(Part):
    """Attention and a feed-forward network."""

    attention: Attention = child(Attention, config)
    intermediate: Dense = child(Dense, config, config.intermediate_size, config.hidden_act)
    output: Residual = child(Residual, config, config.intermediate_size)

    def construct(self, x: Tensor, mask: Tensor) -> Tensor:
        """Go through both.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.
            mask: added to the scores: (batch, heads, sequence, positions) or what broadcasts to it, float32.

        Returns:
            (batch, sequence, hidden), in the same dtype.
        """
        x = self.attention(x, mask)
        return self.output(self.intermediate(x), x)


class Encoder(Part):
    """The layers, one after another."""

    layer: list[Layer] = children(config.num_hidden_layers, Layer, config)

    def construct(self, x: Tensor, mask: Tensor) -> States:
        """Go through all layers.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.
            mask: added to the scores: (batch, heads, sequence, positions) or what broadcasts to it, float32.

        Returns:
            `x` and the output of each layer.
        """
        return run(self.layer, x, mask)


@register("bert", presets=PRESETS)
class BertModel(BertOptions, Reader):
    """The encoder: from ids to a vector for each position, and one for the whole sequence."""

    output_type: ClassVar[Any] = EncoderOutput
    ids_below: ClassVar[dict[str, str]] = {"input_ids": "vocab_size", "token_type_ids": "type_vocab_size"}
    positions: ClassVar[str | None] = "max_position_embeddings"

    add_pooling_layer: bool = True
    config_rules = ConfigRules(written={"add_pooling_layer": UNUSED})

    embeddings: Embeddings = child(Embeddings, SELF)
    encoder: Encoder = child(Encoder, SELF)
    base_model_heads: ClassVar[tuple[str, ...]] = ("pooler",)
    pooler: Dense | None = when(add_pooling_layer, child(Dense, SELF, hidden_size, "tanh"))

    def construct(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        position_ids: Tensor | None = None,
        output_hidden_states: bool = False,
    ) -> tuple[Any, ...]:
        """Encode a batch.

        Args:
            input_ids: (batch, sequence), int32 or int64, each less than `vocab_size`.
            attention_mask: (batch, sequence), int or bool, 1 for a token and 0 for padding; default all 1.
            token_type_ids: (batch, sequence), int, which of two texts each token is of, less than `type_vocab_size`;
                default all 0.
            position_ids: (batch, sequence), int, each less than `max_position_embeddings`; default 0, 1, 2, …
            output_hidden_states: whether the output of each layer is returned.

        Returns:
            What is in an `EncoderOutput`: the last layer's output, (batch, sequence, hidden), in the dtype of the
            parameters, what the pooler makes of its first position, (batch, hidden), or None without a pooler, and the
            output of each layer or None.

        Raises:
            ValueError: outside a graph: an id that there is no vector for, more positions than there are, or a mask of
                another shape than the text's.
        """
        if attention_mask is None:
            attention_mask = ops.ones_like(input_ids)
        if token_type_ids is None:
            token_type_ids = ops.zeros_like(input_ids)
        x = self.embeddings(input_ids, token_type_ids, position_ids)
        states = self.encoder(x, padding_mask(attention_mask, self.num_attention_heads, input_ids.shape[1]))
        pooled = None if self.pooler is None else self.pooler(states[-1][:, 0])
        return states[-1], pooled, states if output_hidden_states else None


class Transform(Dense):
    """A linear map, an activation and a norm."""

    LayerNorm: layers.LayerNorm = child(layers.LayerNorm, out_features, config.layer_norm_eps)

    def construct(self, x: Tensor) -> Tensor:
        """Map the last axis.

        Args:
            x: (…, hidden), in the dtype of the parameters.

        Returns:
            (…, out_features), in the same dtype.
        """
        return self.LayerNorm(super().construct(x))


class Predictions(Part):
    """Scores of words, from vectors that were mapped once more."""

    transform: Transform = child(Transform, config, config.hidden_size, config.hidden_act)
    decoder: WholeLinear = child(WholeLinear, config.hidden_size, config.vocab_size, initializer=config.init)
    bias: Param["zeros", (config.vocab_size,)]
    one_bias = when(config.tie_bias, tie("decoder.bias", "bias"))

    def construct(self, x: Tensor) -> Tensor:
        """Score every word at each position.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.

        Returns:
            (batch, sequence, vocabulary), in the same dtype.
        """
        return self.decoder(self.transform(x))


class PredictionHead(Part):
    """Scores of words, under the name that checkpoints have for them."""

    predictions: Predictions = child(Predictions, config)

    def construct(self, x: Tensor) -> Tensor:
        """Score every word at each position.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.

        Returns:
            (batch, sequence, vocabulary), in the same dtype.
        """
        return self.predictions(x)


class BertHead(BertOptions, Head):
    """What BERT's heads share: the encoder, without its pooler."""

    bert: BertModel = child(BertModel, **same(BertOptions), add_pooling_layer=False)
    rename({"bert.pooler.{*rest}": UNUSED})  # of models that need the vector of the whole text


def biases_of_file(decoder: str, bias: str) -> Callable[[Mapping[str, Any], StoredTensors], dict[str, bool]]:
    """Say that two biases are one where a file has one of them alone, whatever is tied: so wrote transformers 4.

    Args:
        decoder: the stored name of one.
        bias: that of the other.

    Returns:
        A function for `ConfigRules(by_file=…)`.
    """
    return lambda given, file: {} if decoder in file and bias in file else {"tie_bias": True}


@register("bert")
class BertForMaskedLM(MaskedLM, BertHead):
    """BERT, and a score for each word that may stand at a position."""

    tie_word_embeddings: bool = True
    tie_bias: bool = hyper(tie_word_embeddings, doc="whether `bias` is the decoder's; else it adds nothing")
    config_rules = ConfigRules(
        by_file=biases_of_file("cls.predictions.decoder.bias", "cls.predictions.bias"), written={"tie_bias": UNUSED}
    )

    cls: PredictionHead = child(PredictionHead, SELF)
    rename({"cls.seq_relationship.{*rest}": UNUSED})  # whether one sentence follows another: BertForPreTraining's
    one_table = when(
        tie_word_embeddings, tie("cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight")
    )

    def scores(self, x: Tensor) -> Tensor:
        """Score every word at each position.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.

        Returns:
            (batch, sequence, vocabulary), in the same dtype.
        """
        return self.cls(x)


@register("bert")
class BertForSequenceClassification(Labelled, BertHead):
    """BERT, and a score for each label, by the vector of the whole text."""

    classifier_dropout: float = hidden_dropout_prob

    bert: BertModel = child(BertModel, **same(BertOptions))
    dropout: Dropout = child(Dropout, classifier_dropout)
    classifier: Linear = child(Linear, hidden_size, num_labels, initializer=init)

    def answer(self, output: tuple[Any, ...], input_ids: Tensor) -> tuple[Any, ...]:
        """Score the labels of whole texts.

        Args:
            output: what the model below gave, in the order of its output type.
            input_ids: (batch, sequence), what it was given.

        Returns:
            The logits, (batch, labels), in the dtype of the parameters, and the hidden states or None.
        """
        return self.classifier(self.dropout(output[1])), output[2]


@register("bert")
class BertForTokenClassification(TokenClassification, BertHead):
    """BERT, and a score for each label at each position."""

    classifier_dropout: float = hidden_dropout_prob


@register("bert")
class BertForQuestionAnswering(QuestionAnswering, BertHead):
    """BERT that looks for the answer to a question in a text."""
