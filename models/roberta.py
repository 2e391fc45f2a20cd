"""RoBERTa (Liu et al. 2019, arXiv:1907.11692): BERT, whose positions are counted without the padding."""

from typing import Any, ClassVar

from mindspore import Tensor

from lazycell import SELF, UNUSED, ConfigRules, Param, child, hyper, register, rename, same, tie, when

from . import layers
from .activations import activate, tanh
from .bert import BertModel, BertOptions, Embeddings, biases_of_file
from .heads import Head, Labelled, MaskedLM, QuestionAnswering, TokenClassification
from .layers import Dropout, Linear, Part, WholeLinear
from .presets.roberta import PRESETS


class RobertaOptions(BertOptions):
    """The hyperparameters, named as in `config.json`; the cells below know them as `config`."""

    base_model_prefix: ClassVar[str] = "roberta"

    vocab_size: int = 50265
    pad_token_id: int = 1


def other_names(head: str) -> dict[str, str]:
    """Give the families that are built as RoBERTa, with what each calls its class of this head.

    Args:
        head: the end of the class's name: `"ForMaskedLM"`.

    Returns:
        Names of classes by family.
    """
    return {"camembert": f"Camembert{head}", "xlm-roberta": f"XLMRoberta{head}"}


class RobertaEmbeddings(Embeddings):
    """BERT's; the position of a word is the padding's id and how many words have come, itself included."""

    def construct(self, input_ids: Tensor, token_type_ids: Tensor, position_ids: Tensor | None) -> Tensor:
        """Look ids up; positions are counted without the padding.

        Args:
            input_ids: (batch, sequence), int.
            token_type_ids: (batch, sequence), int.
            position_ids: (batch, sequence), int, or None.

        Returns:
            (batch, sequence, hidden), in the dtype of the parameters.
        """
        if position_ids is None:
            words = (input_ids != self.config.pad_token_id).astype(input_ids.dtype)
            position_ids = words.cumsum(1).astype(input_ids.dtype) * words + self.config.pad_token_id
        return super().construct(input_ids, token_type_ids, position_ids)


@register("roberta", presets=PRESETS, also=other_names("Model"))
class RobertaModel(RobertaOptions, BertModel):
    """RoBERTa: from ids to a vector for each position."""

    embeddings: RobertaEmbeddings = child(RobertaEmbeddings, SELF)

    def first_position(self) -> int:
        return self.pad_token_id + 1


class RobertaHead(RobertaOptions, Head):
    """What RoBERTa's heads share: the encoder, without its pooler."""

    roberta: RobertaModel = child(RobertaModel, **same(RobertaOptions), add_pooling_layer=False)
    rename({"roberta.pooler.{*rest}": UNUSED})


class RobertaLMHead(Part):
    """Scores of words, from vectors that were mapped once more."""

    dense: Linear = child(Linear, config.hidden_size, config.hidden_size, initializer=config.init)
    layer_norm: layers.LayerNorm = child(layers.LayerNorm, config.hidden_size, config.layer_norm_eps)
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
        return self.decoder(self.layer_norm(activate("gelu", self.dense(x), self.training)))


@register("roberta", also=other_names("ForMaskedLM"))
class RobertaForMaskedLM(MaskedLM, RobertaHead):
    """RoBERTa, and a score for each word that may stand at a position."""

    tie_word_embeddings: bool = True
    tie_bias: bool = hyper(tie_word_embeddings, doc="whether `bias` is the decoder's; else it adds nothing")
    config_rules = ConfigRules(
        by_file=biases_of_file("lm_head.decoder.bias", "lm_head.bias"), written={"tie_bias": UNUSED}
    )

    lm_head: RobertaLMHead = child(RobertaLMHead, SELF)
    one_table = when(tie_word_embeddings, tie("lm_head.decoder.weight", "roberta.embeddings.word_embeddings.weight"))

    def scores(self, x: Tensor) -> Tensor:
        """Score every word at each position.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.

        Returns:
            (batch, sequence, vocabulary), in the same dtype.
        """
        return self.lm_head(x)


class RobertaClassificationHead(Part):
    """Scores of labels, by the vector of the first position."""

    dense: Linear = child(Linear, config.hidden_size, config.hidden_size, initializer=config.init)
    dropout: Dropout = child(Dropout, config.classifier_dropout)
    out_proj: Linear = child(Linear, config.hidden_size, config.num_labels, initializer=config.init)

    def construct(self, x: Tensor) -> Tensor:
        """Score the labels of whole texts.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.

        Returns:
            (batch, labels), in the same dtype.
        """
        return self.out_proj(self.dropout(tanh(self.dense(self.dropout(x)))))


@register("roberta", also=other_names("ForSequenceClassification"))
class RobertaForSequenceClassification(Labelled, RobertaHead):
    """RoBERTa, and a score for each label, by the vector of the first position."""

    classifier_dropout: float = hidden_dropout_prob

    classifier: RobertaClassificationHead = child(RobertaClassificationHead, SELF)

    def answer(self, output: tuple[Any, ...], input_ids: Tensor) -> tuple[Any, ...]:
        """Score the labels of whole texts.

        Args:
            output: what the model below gave, in the order of its output type.
            input_ids: (batch, sequence), what it was given.

        Returns:
            The logits, (batch, labels), in the dtype of the parameters, and the hidden states or None.
        """
        return self.classifier(output[0][:, 0]), output[2]


@register("roberta", also=other_names("ForTokenClassification"))
class RobertaForTokenClassification(TokenClassification, RobertaHead):
    """RoBERTa, and a score for each label at each position."""

    classifier_dropout: float = hidden_dropout_prob


@register("roberta", also=other_names("ForQuestionAnswering"))
class RobertaForQuestionAnswering(QuestionAnswering, RobertaHead):
    """RoBERTa that looks for the answer to a question in a text."""
