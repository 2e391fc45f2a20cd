"""Mixtral (Jiang et al. 2024, arXiv:2401.04088): Mistral, whose feed-forward network is a mixture of experts."""

from collections.abc import Sequence
from typing import Any

from mindspore import Tensor

from lazycell import INDEX, SELF, ConfigRules, child, children, divide, register, require, same, whole

from .activations import activate
from .experts import SparseMoe
from .layers import Linear, Part
from .llama import LlamaLayer
from .mistral import MistralForCausalLM, MistralForSequenceClassification, MistralModel, MistralOptions
from .presets.mixtral import PRESETS


class MixtralOptions(MistralOptions):
    """The hyperparameters, named as in `config.json`; the cells below know them as `config`."""

    max_position_embeddings: int = 131072
    rms_norm_eps: float = 1e-5
    rope_theta: float = 1e6
    sliding_window: int | None = None
    num_local_experts: int = 8
    num_experts_per_tok: int = 2
    require(num_experts_per_tok <= num_local_experts, "num_experts_per_tok must not exceed num_local_experts")

    num_experts = num_local_experts
    experts = whole(num_local_experts)
    divide(ep=num_local_experts)

    config_rules = ConfigRules(only={"router_jitter_noise": 0.0})


class Expert(Part):
    """w2(act(w1(x)) · w3(x)): the gated network, under the names of the checkpoints."""

    w1: Linear = child(Linear, config.hidden_size, config.intermediate_size, False, config.init)
    w2: Linear = child(Linear, config.intermediate_size, config.hidden_size, False, config.init)
    w3: Linear = child(Linear, config.hidden_size, config.intermediate_size, False, config.init)

    def construct(self, x: Tensor) -> Tensor:
        """Map the last axis.

        Args:
            x: (…, hidden), in the dtype of the parameters.

        Returns:
            (…, hidden), in the same dtype.
        """
        return self.w2(activate(self.config.hidden_act, self.w1(x)) * self.w3(x))


class MixtralMoe(SparseMoe):
    """The experts, each a gated network."""

    experts: list[Expert] = children(config.num_experts, Expert, config)


class MixtralLayer(LlamaLayer):
    """Llama's layer, whose feed-forward network is a mixture of experts."""

    mlp = None
    block_sparse_moe: MixtralMoe = child(MixtralMoe, config)

    def feed_forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        return self.block_sparse_moe(x)


@register("mixtral")
class MixtralModel(MixtralOptions, MistralModel):
    """Mixtral: from ids to a vector for each position."""

    layers: list[Any] = children(num_hidden_layers, MixtralLayer, SELF, INDEX, sliding_window)

    def routers(self) -> Sequence[int]:
        return range(self.depth)


@register("mixtral", presets=PRESETS)
class MixtralForCausalLM(MixtralOptions, MistralForCausalLM):
    """Mixtral, and a score for each word that may come next."""

    model: MixtralModel = child(MixtralModel, **same(MixtralOptions))


@register("mixtral")
class MixtralForSequenceClassification(MixtralOptions, MistralForSequenceClassification):
    """Mixtral, and a score for each label, by the vector of a text's last word."""

    model: MixtralModel = child(MixtralModel, **same(MixtralOptions))
