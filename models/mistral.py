"""Mistral (Jiang et al. 2023, arXiv:2310.06825): Llama, with a window beyond which nothing is seen."""

from typing import Any

from lazycell import INDEX, SELF, child, children, register, same

from .llama import LlamaForCausalLM, LlamaForSequenceClassification, LlamaLayer, LlamaModel, LlamaOptions
from .presets.mistral import PRESETS


class MistralOptions(LlamaOptions):
    """The hyperparameters, named as in `config.json`; the cells below know them as `config`."""

    intermediate_size: int = 14336
    num_key_value_heads: int = 8
    max_position_embeddings: int = 131072
    sliding_window: int | None = 4096

    attention_bias = False
    mlp_bias = False


@register("mistral")
class MistralModel(MistralOptions, LlamaModel):
    """Mistral: from ids to a vector for each position."""

    layers: list[Any] = children(num_hidden_layers, LlamaLayer, SELF, INDEX, sliding_window)


@register("mistral", presets=PRESETS)
class MistralForCausalLM(MistralOptions, LlamaForCausalLM):
    """Mistral, and a score for each word that may come next."""

    model: MistralModel = child(MistralModel, **same(MistralOptions))


@register("mistral")
class MistralForSequenceClassification(MistralOptions, LlamaForSequenceClassification):
    """Mistral, and a score for each label, by the vector of a text's last word."""

    model: MistralModel = child(MistralModel, **same(MistralOptions))
