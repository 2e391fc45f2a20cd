"""Heads: what is made of a model's vectors, whatever the model."""

from collections.abc import Mapping
from typing import Any, ClassVar

import mindspore
from mindspore import Tensor, ops

from lazycell import SELF, UNUSED, ConfigRules, HandOn, child, hyper

from .layers import Dropout, Linear
from .named import Named
from .outputs import CausalLMOutput, LogitsOutput, QuestionAnsweringOutput

OF_HEADS = frozenset({"classifier_dropout", "pad_token_id", "tie_word_embeddings"})
"""What a config may say of a head; a model without one has nothing to do with it."""


class Head(Named):
    """A model, which `base_model_prefix` names as the checkpoints do, and what `answer` makes of its output.

    Both are tuples, in the order of the outputs in `models.outputs`.
    """

    base_model_prefix: ClassVar[str] = "model"
    output_type: ClassVar[Any] = LogitsOutput

    # Without a default a graph does not find `input_ids` that are given by keyword.
    def construct(self: Any, input_ids: Tensor | None = None, *inputs: Any, **named: Any) -> tuple[Any, ...]:
        """Read a batch of texts.

        Args:
            input_ids: (batch, sequence), int32 or int64, each less than `vocab_size`.
            inputs: further arguments of the model below, in its order.
            named: the same, by keyword.

        Returns:
            What is in the class's `output_type`, a `LogitsOutput` if it says no other.

        Raises:
            ValueError: outside a graph: what the model below refuses.
        """
        return self.answer(getattr(self, self.base_model_prefix)(input_ids, *inputs, **named), input_ids)


class CausalLM(Head):
    """A score for each word that may come next; of the last `logits_to_keep` positions alone, if that is not 0."""

    output_type: ClassVar[Any] = CausalLMOutput
    in_stages: ClassVar[bool] = False

    def __post_init__(self: Any) -> None:
        hand_on = HandOn("pp")
        if hand_on.active:
            self.in_stages, self.hand_on = True, hand_on

    def construct(
        self: Any, input_ids: Tensor | None = None, *inputs: Any, logits_to_keep: int = 0, **named: Any
    ) -> tuple[Any, ...]:
        """Read a batch of texts, or go on reading one.

        Args:
            input_ids: (batch, sequence), int32 or int64, each less than `vocab_size`.
            inputs: further arguments of the model below, in its order.
            logits_to_keep: of how many last positions scores are given; 0: of all.
            named: further arguments of the model below, by keyword: `attention_mask`, `use_cache`, …

        Returns:
            What is in a `CausalLMOutput`: the logits, (batch, sequence, vocabulary), in the dtype of the parameters,
            and what the model below returns besides.

        Raises:
            ValueError: outside a graph: what the model below refuses.
        """
        model = getattr(self, self.base_model_prefix)
        output = model(input_ids, *inputs, **named)
        x = output[0][:, -logits_to_keep:]  # from -0 on is all
        if not self.in_stages:
            return self.scores(x), *output[1:]
        scores = self.scores(x) if self.lm_head is not None else model.stages.answered(x, self.whole_vocab_size)
        return self.hand_on(scores, self.hand_on.parts - 1), *output[1:]

    def scores(self: Any, x: Tensor) -> Tensor:
        """Give (batch, sequence, vocabulary) of (batch, sequence, hidden), by the cell `lm_head`.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.

        Returns:
            (batch, sequence, vocabulary), in the same dtype.
        """
        return self.lm_head(x)


class MaskedLM(Head):
    """A score for each word that may stand at a position."""

    def answer(self: Any, output: Any, input_ids: Tensor) -> tuple[Any, ...]:
        """Give what is in a `LogitsOutput`, by the method `scores`: logits are (batch, sequence, vocabulary).

        Args:
            output: what the model below gave, in the order of its output type.
            input_ids: (batch, sequence), what it was given.

        Returns:
            The logits, (batch, sequence, vocabulary), and the hidden states or None.
        """
        return self.scores(output[0]), output[2]


class Labels(dict[Any, str]):
    """`id2label`, as configs have it; where they have none, there are two labels."""

    @property
    def count(self) -> int:
        """How many labels there are."""
        return len(self) or 2


def labels(values: Mapping[str, Any]) -> Any:
    """Give `id2label` as it is written: with the names that transformers gives, where there are none for all labels.

    Args:
        values: the hyperparameters of a net.

    Returns:
        Names by number, as text; `UNUSED` where a config does without.
    """
    names, count = values["id2label"], values["num_labels"]
    if not names and count == Labels().count:
        return UNUSED
    return names if len(names) == count else {str(number): f"LABEL_{number}" for number in range(count)}


def label_ids(values: Mapping[str, Any]) -> Any:
    """Give `label2id`, as `labels` has it.

    Args:
        values: the hyperparameters of a net.

    Returns:
        Numbers by name; `UNUSED` where a config does without.
    """
    named = labels(values)
    return UNUSED if named is UNUSED else {name: int(number) for number, name in named.items()}


class Labelled(Head):
    """A score for each label."""

    id2label: Labels = hyper(Labels(), converter=Labels)
    num_labels: int = id2label.count

    config_rules = ConfigRules(written={"id2label": labels, "label2id": label_ids, "num_labels": UNUSED})


class TokenClassification(Labelled):
    """A score for each label at each position."""

    drop: Dropout = child(Dropout, SELF.classifier_dropout)
    classifier: Linear = child(Linear, SELF.hidden_size, SELF.num_labels, initializer=SELF.init)

    def answer(self: Any, output: Any, input_ids: Tensor) -> tuple[Any, ...]:
        """Give what is in a `LogitsOutput`: logits are (batch, sequence, labels).

        Args:
            output: what the model below gave, in the order of its output type.
            input_ids: (batch, sequence), what it was given.

        Returns:
            The logits, (batch, sequence, labels), and the hidden states or None.
        """
        return self.labels(self.drop(output[0])), output[2]

    def labels(self, x: Tensor) -> Tensor:
        """Give (batch, sequence, labels) of (batch, sequence, hidden).

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.

        Returns:
            (batch, sequence, labels), in the same dtype.
        """
        return self.classifier(x)


class QuestionAnswering(Head):
    """Where in a text the answer starts and ends."""

    output_type: ClassVar[Any] = QuestionAnsweringOutput

    qa_outputs: Linear = child(Linear, SELF.hidden_size, 2, initializer=SELF.init)

    def answer(self: Any, output: Any, input_ids: Tensor) -> tuple[Any, ...]:
        """Give what is in a `QuestionAnsweringOutput`: logits are (batch, sequence).

        Args:
            output: what the model below gave, in the order of its output type.
            input_ids: (batch, sequence), what it was given.

        Returns:
            The logits of the start and of the end, each (batch, sequence), and the hidden states or None.
        """
        scores = self.qa_outputs(output[0])
        return scores[..., 0], scores[..., 1], output[2]


class LastTokenClassification(Labelled):
    """A score for each label, by the vector of a text's last word: in a decoder, it alone has seen all others."""

    pad_token_id: int | None = None

    def answer(self: Any, output: Any, input_ids: Tensor) -> tuple[Any, ...]:
        """Give what is in a `LogitsOutput`: logits are (batch, labels). What a text ends at, only the padding tells.

        Args:
            output: what the model below gave, in the order of its output type.
            input_ids: (batch, sequence), what it was given.

        Returns:
            The logits, (batch, labels), and the hidden states or None.

        Raises:
            ValueError: there are several texts, and no `pad_token_id`.
        """
        scores = self.score(output[0])
        if self.pad_token_id is None:
            if input_ids.shape[0] > 1:
                raise ValueError("pad_token_id is None, so nothing tells where each text of a batch ends: give it")
            return scores[:, -1], output[2]
        places = ops.arange(input_ids.shape[1]) * (input_ids != self.pad_token_id).astype(mindspore.int64)
        return scores[ops.arange(input_ids.shape[0]), ops.argmax(places, 1)], output[2]
