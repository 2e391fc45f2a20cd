"""Qwen 2 (Yang et al. 2024, arXiv:2407.10671): Llama, with biases where it reads, and windows in some layers."""

from typing import Any

from lazycell import INDEX, SELF, child, children, hyper, register, same, when

from .decoder import check_layer_types, window_of
from .llama import LlamaForCausalLM, LlamaForSequenceClassification, LlamaLayer, LlamaModel, LlamaOptions
from .presets.qwen2 import PRESETS


class Qwen2Options(LlamaOptions):
    """The hyperparameters, named as in `config.json`; the cells below know them as `config`."""

    vocab_size: int = 151936
    intermediate_size: int = 22016
    num_key_value_heads: int = 32
    max_position_embeddings: int = 32768
    use_sliding_window: bool = False
    sliding_window: int | None = 4096
    max_window_layers: int = 28
    layer_types: Any = hyper(None, validator=check_layer_types)

    window = when(use_sliding_window, sliding_window, otherwise=None)
    attention_bias = False
    mlp_bias = False
    qkv_bias = True


@register("qwen2")
class Qwen2Model(Qwen2Options, LlamaModel):
    """Qwen 2: from ids to a vector for each position."""

    layers: list[Any] = children(
        num_hidden_layers, LlamaLayer, SELF, INDEX, window_of(layer_types, max_window_layers <= INDEX, window)
    )


@register("qwen2", presets=PRESETS)
class Qwen2ForCausalLM(Qwen2Options, LlamaForCausalLM):
    """Qwen 2, and a score for each word that may come next."""

    model: Qwen2Model = child(Qwen2Model, **same(Qwen2Options))


@register("qwen2")
class Qwen2ForSequenceClassification(Qwen2Options, LlamaForSequenceClassification):
    """Qwen 2, and a score for each label, by the vector of a text's last word."""

    model: Qwen2Model = child(Qwen2Model, **same(Qwen2Options))
