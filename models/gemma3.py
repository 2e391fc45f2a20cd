"""Gemma 3, text (Gemma Team 2025, arXiv:2503.19786): Gemma 2, with normalized queries and keys, and two rotations."""

from typing import Any

from mindspore import Parameter, Tensor

from lazycell import INDEX, SELF, ConfigRules, child, children, hyper, param, register, require, same

from .decoder import NormedAttention, Rotation, window_of
from .gemma2 import (
    Gemma2Attention,
    Gemma2ForCausalLM,
    Gemma2ForSequenceClassification,
    Gemma2Layer,
    Gemma2Model,
    Gemma2Options,
    RMSNorm,
)
from .presets.gemma3 import PRESETS
from .rotary import ROPES_WRITTEN, Rotary, check_ropes


class Gemma3Options(Gemma2Options):
    """The hyperparameters, named as in `config.json`; the cells below know them as `config`."""

    vocab_size: int = 262208
    max_position_embeddings: int = 131072
    attn_logit_softcapping: float | None = None
    final_logit_softcapping: float | None = None
    rope_theta: float = 1e6
    rope_local_base_freq: float = 10000.0
    rope_parameters: Any = hyper(None, validator=check_ropes)
    sliding_window_pattern: int = 6
    require(sliding_window_pattern > 0, "sliding_window_pattern must be positive")

    config_rules = ConfigRules(only={"use_qk_norm": True}, written=ROPES_WRITTEN)


class HeadNorm(RMSNorm):
    """Gemma's, of each head: ranks that have some of the heads each use the whole weight for those."""

    weight: Parameter = param("zeros", (width,), partial="tp")


class Gemma3Attention(NormedAttention, Gemma2Attention):
    """Gemma 2's, with normalized queries and keys, and no cap: the reference reads its option and does not use it."""

    q_norm: HeadNorm = child(HeadNorm, config.head_dim, config.rms_norm_eps)  # type: ignore[assignment]
    k_norm: HeadNorm = child(HeadNorm, config.head_dim, config.rms_norm_eps)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.scale, self.most = self.config.query_pre_attn_scalar**-0.5, None


class Gemma3Layer(Gemma2Layer):
    """Gemma 2's layer, with normalized queries and keys."""

    self_attn: Gemma3Attention = child(Gemma3Attention, config, window)


@register("gemma3_text")
class Gemma3TextModel(Gemma3Options, Gemma2Model):
    """Gemma 3: from ids to a vector for each position."""

    layers: list[Any] = children(
        num_hidden_layers,
        Gemma3Layer,
        SELF,
        INDEX,
        window_of(layer_types, (INDEX + 1) % sliding_window_pattern != 0, sliding_window),
    )
    rotary_emb: Rotary = child(
        Rotary, head_dim, max_position_embeddings, rope_parameters, rope_scaling, rope_theta, "full_attention"
    )
    rotary_emb_local: Rotary = child(
        Rotary, head_dim, max_position_embeddings, rope_parameters, None, rope_local_base_freq, "sliding_attention"
    )

    def rotations(self, position_ids: Tensor) -> tuple[Rotation, ...]:
        heads = self.rotated_heads
        both = self.rotary_emb(position_ids, heads), self.rotary_emb_local(position_ids, heads)
        return tuple([both[window is not None] for window in self.windows])


@register("gemma3_text", presets=PRESETS)
class Gemma3ForCausalLM(Gemma3Options, Gemma2ForCausalLM):
    """Gemma 3, and a score for each word that may come next."""

    model: Gemma3TextModel = child(Gemma3TextModel, **same(Gemma3Options))


@register("gemma3_text", also={"gemma3_text": "Gemma3TextForSequenceClassification"})
class Gemma3ForSequenceClassification(Gemma3Options, Gemma2ForSequenceClassification):
    """Gemma 3, and a score for each label, by the vector of a text's last word."""

    # transformers gives the name without `Text` to the model of texts and images.
    config_rules = ConfigRules(written={"architectures": lambda values: ["Gemma3TextForSequenceClassification"]})

    model: Gemma3TextModel = child(Gemma3TextModel, **same(Gemma3Options))
