"""Qwen 3 (Yang et al. 2025, arXiv:2505.09388): Qwen 2, with normalized queries and keys instead of biases."""

from typing import Any

from lazycell import INDEX, SELF, ConfigRules, child, children, register, same

from .decoder import NormedAttention, window_of
from .llama import LlamaLayer
from .presets.qwen3 import PRESETS
from .qwen2 import Qwen2ForCausalLM, Qwen2ForSequenceClassification, Qwen2Model, Qwen2Options


class Qwen3Options(Qwen2Options):
    """The hyperparameters, named as in `config.json`; the cells below know them as `config`."""

    head_dim: int = 128
    attention_bias: bool = False

    qkv_bias = attention_bias
    output_bias = attention_bias

    config_rules = ConfigRules(only={"use_qk_norm": True})


class Qwen3Layer(LlamaLayer):
    """Llama's layer, with normalized queries and keys."""

    self_attn: NormedAttention = child(NormedAttention, config, window)


@register("qwen3")
class Qwen3Model(Qwen3Options, Qwen2Model):
    """Qwen 3: from ids to a vector for each position."""

    layers: list[Any] = children(
        num_hidden_layers, Qwen3Layer, SELF, INDEX, window_of(layer_types, max_window_layers <= INDEX, window)
    )


@register("qwen3", presets=PRESETS)
class Qwen3ForCausalLM(Qwen3Options, Qwen2ForCausalLM):
    """Qwen 3, and a score for each word that may come next."""

    model: Qwen3Model = child(Qwen3Model, **same(Qwen3Options))


@register("qwen3")
class Qwen3ForSequenceClassification(Qwen3Options, Qwen2ForSequenceClassification):
    """Qwen 3, and a score for each label, by the vector of a text's last word."""

    model: Qwen3Model = child(Qwen3Model, **same(Qwen3Options))
