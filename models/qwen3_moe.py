"""Qwen 3 with experts (Yang et al. 2025, arXiv:2505.09388): in some layers, or all."""

from collections.abc import Sequence
from typing import Any

from mindspore import Tensor

from lazycell import (
    INDEX,
    SELF,
    ConfigRules,
    child,
    children,
    derived,
    divide,
    hyper,
    register,
    require,
    same,
    when,
    whole,
)

from .decoder import GatedMLP
from .experts import SparseMoe
from .presets.qwen3_moe import PRESETS
from .qwen3 import Qwen3ForCausalLM, Qwen3ForSequenceClassification, Qwen3Layer, Qwen3Model, Qwen3Options


class Positions(tuple[int, ...]):
    """Some layers: `positions[index]` tells whether a layer is one of them."""

    def __getitem__(self, index: Any) -> Any:
        return index in tuple(self)


class Qwen3MoeOptions(Qwen3Options):
    """The hyperparameters, named as in `config.json`; the cells below know them as `config`."""

    hidden_size: int = 2048
    intermediate_size: int = 6144
    num_hidden_layers: int = 24
    num_key_value_heads: int = 4
    moe_intermediate_size: int = 768
    num_experts: int = 128
    num_experts_per_tok: int = 8
    divide(tp=moe_intermediate_size, ep=num_experts)
    require(num_experts_per_tok <= num_experts, "num_experts_per_tok must not exceed num_experts")
    norm_topk_prob: bool = False
    decoder_sparse_step: int = 1
    mlp_only_layers: Any = hyper((), converter=Positions)

    experts = whole(num_experts)
    layer_types = None
    max_window_layers = 0
    config_rules = ConfigRules(
        renamed={"num_local_experts": "num_experts"},
        ignored={"max_window_layers"},
    )


def has_experts(config: Any, index: int) -> bool:
    """Tell whether the layer at a position of the whole model has experts.

    Args:
        config: a cell with the hyperparameters of `Qwen3MoeOptions`.
        index: of the layer, from 0; may be symbolic.

    Returns:
        The answer, or an expression for it.
    """
    return bool(
        not config.mlp_only_layers[index] and config.experts > 0 and (index + 1) % config.decoder_sparse_step == 0
    )


class Qwen3Moe(SparseMoe):
    """The experts, each a gated network."""

    normalize = config.norm_topk_prob

    experts: list[GatedMLP] = children(config.num_experts, GatedMLP, config, config.moe_intermediate_size)


class Qwen3MoeLayer(Qwen3Layer):
    """Qwen 3's layer, whose feed-forward network is a mixture of experts in some."""

    is_sparse = derived(has_experts, config, index)

    mlp: Any = when(is_sparse, child(Qwen3Moe, config), otherwise=child(GatedMLP, config, config.intermediate_size))

    def feed_forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        return self.mlp(x) if self.is_sparse else (self.mlp(x), None)


@register("qwen3_moe")
class Qwen3MoeModel(Qwen3MoeOptions, Qwen3Model):
    """Qwen 3 with experts: from ids to a vector for each position."""

    layers: list[Any] = children(num_hidden_layers, Qwen3MoeLayer, SELF, INDEX, window)

    def routers(self) -> Sequence[int]:
        return [index for index in range(self.depth) if has_experts(self, index)]


@register("qwen3_moe", presets=PRESETS)
class Qwen3MoeForCausalLM(Qwen3MoeOptions, Qwen3ForCausalLM):
    """Qwen 3 with experts, and a score for each word that may come next."""

    model: Qwen3MoeModel = child(Qwen3MoeModel, **same(Qwen3MoeOptions))


@register("qwen3_moe")
class Qwen3MoeForSequenceClassification(Qwen3MoeOptions, Qwen3ForSequenceClassification):
    """Qwen 3 with experts, and a score for each label, by the vector of a text's last word."""

    model: Qwen3MoeModel = child(Qwen3MoeModel, **same(Qwen3MoeOptions))
