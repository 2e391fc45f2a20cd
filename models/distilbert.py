"""DistilBERT (Sanh et al. 2019, arXiv:1910.01108): half the layers of BERT, without types and pooler."""

import math
from typing import Any, ClassVar

import numpy as np
from mindspore import Tensor, ops
from mindspore.common.initializer import Normal

from lazycell import (
    SELF,
    UNUSED,
    ConfigRules,
    LazyCell,
    child,
    children,
    divide,
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
from .presets.distilbert import PRESETS


class DistilBertOptions(LazyCell):
    """The hyperparameters, named as in `config.json`; the cells below know them as `config`."""

    base_model_prefix: ClassVar[str] = "distilbert"

    vocab_size: int = 30522
    max_position_embeddings: int = 512
    sinusoidal_pos_embds: bool = False
    n_layers: int = 6
    n_heads: int = 12
    dim: int = 768
    hidden_dim: int = 4 * dim
    dropout: float = 0.1
    attention_dropout: float = 0.1
    activation: str = activation("gelu")
    initializer_range: float = 0.02
    divide(tp=(vocab_size, n_heads, hidden_dim))
    require(dim % n_heads == 0, "dim must be divisible by n_heads")

    init = Normal(initializer_range)
    head_size = dim // n_heads
    heads_width = n_heads * head_size
    whole_vocab_size = whole(vocab_size)

    config_rules = ConfigRules(
        renamed={"hidden_size": "dim", "num_hidden_layers": "n_layers", "num_attention_heads": "n_heads"},
        ignored=OF_HEADS | {"qa_dropout", "seq_classif_dropout", "tie_weights_"},
    )


def sinusoids(shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Give sines and cosines of each position, in turn (Vaswani et al. 2017, section 3.5).

    Args:
        shape: of the table.
        dtype: of numpy.

    Returns:
        The table.
    """
    positions, width = shape
    columns = np.arange(width)
    angles = np.arange(positions)[:, None] / 10000.0 ** (2 * (columns // 2) / width)
    return np.where(columns % 2, np.cos(angles), np.sin(angles)).astype(dtype)


class Embeddings(Part):
    """Vectors of words and of their positions, added and normalized."""

    word_embeddings: Embedding = child(Embedding, config.vocab_size, config.dim, config.init)
    position_embeddings: Embedding = when(
        config.sinusoidal_pos_embds,
        child(Embedding, config.max_position_embeddings, config.dim, sinusoids),
        otherwise=child(Embedding, config.max_position_embeddings, config.dim, config.init),
    )
    LayerNorm: layers.LayerNorm = child(layers.LayerNorm, config.dim, 1e-12)
    dropout: Dropout = child(Dropout, config.dropout)
    rename({"position_ids": UNUSED})  # 0, 1, 2, …, for a time saved with the weights

    def construct(self, input_ids: Tensor) -> Tensor:
        """Look ids up.

        Args:
            input_ids: (batch, sequence), int.

        Returns:
            (batch, sequence, hidden), in the dtype of the parameters.
        """
        positions = ops.arange(input_ids.shape[1])[None]
        return self.dropout(self.LayerNorm(self.word_embeddings(input_ids) + self.position_embeddings(positions)))


class Attention(Part):
    """Every position attends to every other, in heads: softmax(QKᵀ/√d + mask)V."""

    dim = config.dim
    head_size = config.head_size
    width = config.heads_width

    q_lin: Linear = child(Linear, dim, width, initializer=config.init)
    k_lin: Linear = child(Linear, dim, width, initializer=config.init)
    v_lin: Linear = child(Linear, dim, width, initializer=config.init)
    out_lin: Linear = child(Linear, width, dim, initializer=config.init)
    dropout: Dropout = child(Dropout, config.attention_dropout)

    def construct(self, x: Tensor, mask: Tensor) -> Tensor:
        """Attend to all positions.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.
            mask: added to the scores: (batch, heads, sequence, positions) or what broadcasts to it, float32.

        Returns:
            (batch, sequence, hidden), in the same dtype.
        """
        query, key, value = (split_heads(each(x), self.head_size) for each in (self.q_lin, self.k_lin, self.v_lin))
        return self.out_lin(attend(query, key, value, mask, self.dropout, 1 / math.sqrt(self.head_size)))


class FeedForward(Part):
    """Two linear maps with an activation between them."""

    lin1: Linear = child(Linear, config.dim, config.hidden_dim, initializer=config.init)
    lin2: Linear = child(Linear, config.hidden_dim, config.dim, initializer=config.init)
    dropout: Dropout = child(Dropout, config.dropout)

    def construct(self, x: Tensor) -> Tensor:
        """Map the last axis.

        Args:
            x: (…, hidden), in the dtype of the parameters.

        Returns:
            (…, hidden), in the same dtype.
        """
        return self.dropout(self.lin2(activate(self.config.activation, self.lin1(x), self.training)))


class Layer(Part):
    """Attention and a feed-forward network."""

    attention: Attention = child(Attention, config)
    sa_layer_norm: layers.LayerNorm = child(layers.LayerNorm, config.dim, 1e-12)
    ffn: FeedForward = child(FeedForward, config)
    output_layer_norm: layers.LayerNorm = child(layers.LayerNorm, config.dim, 1e-12)

    def construct(self, x: Tensor, mask: Tensor) -> Tensor:
        """Go through both.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.
            mask: added to the scores: (batch, heads, sequence, positions) or what broadcasts to it, float32.

        Returns:
            (batch, sequence, hidden), in the same dtype.
        """
        x = self.sa_layer_norm(self.attention(x, mask) + x)
        return self.output_layer_norm(self.ffn(x) + x)


class Transformer(Part):
    """The layers, one after another."""

    layer: list[Layer] = children(config.n_layers, Layer, config)

    def construct(self, x: Tensor, mask: Tensor) -> States:
        """Go through all layers.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.
            mask: added to the scores: (batch, heads, sequence, positions) or what broadcasts to it, float32.

        Returns:
            `x` and the output of each layer.
        """
        return run(self.layer, x, mask)


@register("distilbert", presets=PRESETS)
class DistilBertModel(DistilBertOptions, Reader):
    """The encoder: from ids to a vector for each position."""

    output_type: ClassVar[Any] = EncoderOutput
    positions: ClassVar[str | None] = "max_position_embeddings"

    embeddings: Embeddings = child(Embeddings, SELF)
    transformer: Transformer = child(Transformer, SELF)

    def construct(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        output_hidden_states: bool = False,
    ) -> tuple[Any, ...]:
        """Encode a batch.

        Args:
            input_ids: (batch, sequence), int32 or int64, each less than `vocab_size`.
            attention_mask: (batch, sequence), int or bool, 1 for a token and 0 for padding; default all 1.
            output_hidden_states: whether the output of each layer is returned.

        Returns:
            What is in an `EncoderOutput`: the last layer's output, (batch, sequence, hidden), in the dtype of the
            parameters, None, as there is no pooler, and the output of each layer or None.

        Raises:
            ValueError: outside a graph: an id that there is no vector for, more positions than there are, or a mask of
                another shape than the text's.
        """
        if attention_mask is None:
            attention_mask = ops.ones_like(input_ids)
        x = self.embeddings(input_ids)
        states = self.transformer(x, padding_mask(attention_mask, self.n_heads, input_ids.shape[1]))
        return states[-1], None, states if output_hidden_states else None


class DistilBertHead(DistilBertOptions, Head):
    """What DistilBERT's heads share: the encoder."""

    hidden_size = dim

    distilbert: DistilBertModel = child(DistilBertModel, **same(DistilBertOptions))


@register("distilbert")
class DistilBertForMaskedLM(MaskedLM, DistilBertHead):
    """DistilBERT, and a score for each word that may stand at a position."""

    tie_word_embeddings: bool = True

    vocab_transform: Linear = child(Linear, dim, dim, initializer=init)
    vocab_layer_norm: layers.LayerNorm = child(layers.LayerNorm, dim, 1e-12)
    vocab_projector: WholeLinear = child(WholeLinear, dim, vocab_size, initializer=init)
    one_table = when(tie_word_embeddings, tie("vocab_projector.weight", "distilbert.embeddings.word_embeddings.weight"))

    def scores(self, x: Tensor) -> Tensor:
        """Score every word at each position.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.

        Returns:
            (batch, sequence, vocabulary), in the same dtype.
        """
        return self.vocab_projector(
            self.vocab_layer_norm(activate(self.activation, self.vocab_transform(x), self.training))
        )


@register("distilbert")
class DistilBertForSequenceClassification(Labelled, DistilBertHead):
    """DistilBERT, and a score for each label, by the vector of the first position."""

    seq_classif_dropout: float = 0.2

    pre_classifier: Linear = child(Linear, dim, dim, initializer=init)
    drop: Dropout = child(Dropout, seq_classif_dropout)
    classifier: Linear = child(Linear, dim, num_labels, initializer=init)

    def answer(self, output: tuple[Any, ...], input_ids: Tensor) -> tuple[Any, ...]:
        """Score the labels of whole texts.

        Args:
            output: what the model below gave, in the order of its output type.
            input_ids: (batch, sequence), what it was given.

        Returns:
            The logits, (batch, labels), in the dtype of the parameters, and the hidden states or None.
        """
        x = ops.relu(self.pre_classifier(output[0][:, 0]))
        return self.classifier(self.drop(x)), output[2]


@register("distilbert")
class DistilBertForTokenClassification(TokenClassification, DistilBertHead):
    """DistilBERT, and a score for each label at each position."""

    classifier_dropout = dropout


@register("distilbert")
class DistilBertForQuestionAnswering(QuestionAnswering, DistilBertHead):
    """DistilBERT that looks for the answer to a question in a text."""

    qa_dropout: float = 0.1
