"""Qwen 2 (Yang et al. 2024, arXiv:2407.10671): Llama, with biases where it reads, and windows in some layers."""

from typing import Any

from lazycell import child, hyper, register, same

from .decoder import LAYER_TYPES, windows
from .llama import LlamaForCausalLM, LlamaForSequenceClassification, LlamaModel, LlamaOptions
from .presets.qwen2 import PRESETS


class Qwen2Options(LlamaOptions):
    vocab_size: int = 151936
    intermediate_size: int = 22016
    num_key_value_heads: int = 32
    max_position_embeddings: int = 32768
    use_sliding_window: bool = False
    sliding_window: int | None = 4096
    max_window_layers: int = 28
    layer_types: Any = hyper(None, validator=LAYER_TYPES)

    attention_bias = False
    mlp_bias = False
    qkv_bias = True


@register("qwen2")
class Qwen2Model(Qwen2Options, LlamaModel):
    def windows_by_layer(self) -> list[int | None]:
        window = self.sliding_window if self.use_sliding_window else None
        if self.layer_types is not None:
            return windows(self.layer_types, self.num_hidden_layers, window)
        return [window if index >= self.max_window_layers else None for index in range(self.num_hidden_layers)]


@register("qwen2", presets=PRESETS)
class Qwen2ForCausalLM(Qwen2Options, LlamaForCausalLM):
    model: Qwen2Model = child(Qwen2Model, **same(Qwen2Options))


@register("qwen2")
class Qwen2ForSequenceClassification(Qwen2Options, LlamaForSequenceClassification):
    model: Qwen2Model = child(Qwen2Model, **same(Qwen2Options))
