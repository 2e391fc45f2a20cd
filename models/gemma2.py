"""Gemma 2 (Gemma Team 2024, arXiv:2408.00118): Llama, normalized on both sides, with capped scores and windows."""

from typing import Any

import mindspore
from mindspore import Tensor

from lazycell import INDEX, SELF, ConfigRules, Param, child, children, hyper, on, register, same, when

from . import layers
from .activations import activation, cap
from .decoder import Attention, GatedMLP, LayerOutput, Rotation, check_layer_types, window_of
from .layers import Part, cast
from .llama import LlamaForCausalLM, LlamaForSequenceClassification, LlamaModel, LlamaOptions
from .outputs import KeyValue
from .presets.gemma2 import PRESETS


class RMSNorm(layers.RMSNorm):
    """Scaled by 1 + weight, so that a weight of zeros changes nothing."""

    weight: Param["zeros", (width,)]

    def gain(self) -> Tensor:
        return 1.0 + cast(self.weight, mindspore.float32)  # by `super()` a graph would call this again, in a subclass


class Gemma2Options(LlamaOptions):
    """The hyperparameters, named as in `config.json`; the cells below know them as `config`."""

    vocab_size: int = 256000
    hidden_size: int = 2304
    intermediate_size: int = 9216
    num_hidden_layers: int = 26
    num_attention_heads: int = 8
    num_key_value_heads: int = 4
    head_dim: int = 256
    max_position_embeddings: int = 8192
    hidden_activation: str = activation("gelu_pytorch_tanh")
    query_pre_attn_scalar: float = 256
    attn_logit_softcapping: float | None = 50.0
    final_logit_softcapping: float | None = 30.0
    sliding_window: int = 4096
    layer_types: Any = hyper(None, validator=check_layer_types)

    hidden_act = hidden_activation
    mlp_bias = False
    config_rules = ConfigRules(
        only={"use_bidirectional_attention": False},
        renamed={"hidden_act": "hidden_activation", "sliding_window_size": "sliding_window"},
    )


class Gemma2Attention(Attention):
    """Attention whose scores are capped."""

    def __post_init__(self) -> None:
        self.scale, self.most = self.config.query_pre_attn_scalar**-0.5, self.config.attn_logit_softcapping


class Gemma2Layer(Part):
    """Attention and a feed-forward network, each normalized before and after."""

    index: int
    window: int | None = None

    input_layernorm: RMSNorm = child(RMSNorm, config.hidden_size, config.rms_norm_eps)
    self_attn: Gemma2Attention = child(Gemma2Attention, config, window)
    post_attention_layernorm: RMSNorm = child(RMSNorm, config.hidden_size, config.rms_norm_eps)
    pre_feedforward_layernorm: RMSNorm = child(RMSNorm, config.hidden_size, config.rms_norm_eps)
    mlp: GatedMLP = child(GatedMLP, config, config.intermediate_size)
    post_feedforward_layernorm: RMSNorm = child(RMSNorm, config.hidden_size, config.rms_norm_eps)

    def construct(self, x: Tensor, mask: Tensor, positions: Rotation, past: KeyValue | None) -> LayerOutput:
        """Go through both.

        Args:
            x: (batch, sequence, hidden), in the dtype of the parameters.
            mask: added to the scores: (batch, heads, sequence, positions) or what broadcasts to it, float32.
            positions: cosines and sines, as `Rotary` gives them.
            past: keys and values of earlier positions, each (batch, key heads, positions, head size), or None.

        Returns:
            (batch, sequence, hidden), in the same dtype, keys and values, those of `past` included, and the logits of
            the router or None.
        """
        found, cache = self.self_attn(self.input_layernorm(x), mask, positions, past)
        x = x + self.post_attention_layernorm(found)
        return x + self.post_feedforward_layernorm(self.mlp(self.pre_feedforward_layernorm(x))), cache, None


@register("gemma2")
class Gemma2Model(Gemma2Options, LlamaModel):
    """Gemma 2: from ids to a vector for each position."""

    layers: list[Any] = children(
        num_hidden_layers, Gemma2Layer, SELF, INDEX, window_of(layer_types, INDEX % 2 == 0, sliding_window)
    )
    norm: RMSNorm = when(on(pp=-1), child(RMSNorm, hidden_size, rms_norm_eps))  # type: ignore[assignment]

    def embed(self, input_ids: Tensor) -> Tensor:
        x = self.embed_tokens(input_ids)
        return x * Tensor(self.hidden_size**0.5, x.dtype)


@register("gemma2", presets=PRESETS)
class Gemma2ForCausalLM(Gemma2Options, LlamaForCausalLM):
    """Gemma 2, and a score for each word that may come next."""

    tie_word_embeddings: bool = True

    model: Gemma2Model = child(Gemma2Model, **same(Gemma2Options))

    def scores(self, x: Tensor) -> Tensor:
        return cap(self.lm_head(x), self.final_logit_softcapping)


@register("gemma2")
class Gemma2ForSequenceClassification(Gemma2Options, LlamaForSequenceClassification):
    """Gemma 2, and a score for each label, by the vector of a text's last word."""

    model: Gemma2Model = child(Gemma2Model, **same(Gemma2Options))
