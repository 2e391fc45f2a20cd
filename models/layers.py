"""The layers that the families share, each a declaration and a formula."""

from __future__ import annotations

import math
from typing import Any

from mindspore import Tensor, ops

from lazycell import LazyCell, Param, hyper, when

ACTIVATIONS = ("gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_python", "quick_gelu", "relu", "silu", "swish", "tanh")
"""Names of activations, as configs have them."""


def tanh(x: Tensor) -> Tensor:
    """Hyperbolic tangent, element by element.

    By way of the sigmoid: MindSpore 2.10's own tanh is off by up to 1e-4 on CPU, this by less than 2e-6.
    """
    return 2.0 * ops.sigmoid(2.0 * x) - 1.0


def activate(name: str, x: Tensor) -> Tensor:
    """Apply the activation that a config calls `name`, element by element.

    Args:
        name: one of `ACTIVATIONS`.
        x: any shape.
    """
    if name in ("gelu_new", "gelu_pytorch_tanh"):
        return 0.5 * x * (1.0 + tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x)))
    if name in ("gelu", "gelu_python"):
        return 0.5 * x * (1.0 + ops.erf(x * math.sqrt(0.5)))
    if name == "quick_gelu":
        return x * ops.sigmoid(1.702 * x)
    if name == "relu":
        return ops.relu(x)
    if name in ("silu", "swish"):
        return x * ops.sigmoid(x)
    return tanh(x)


class Linear(LazyCell):
    """Affine map of the last axis: `y = x Wᵀ + b`, from (…, in_features) to (…, out_features)."""

    in_features: int
    out_features: int
    use_bias: bool = True
    initializer: Any = hyper("he_uniform", doc="initializer of the weight")

    weight: Param[initializer, (out_features, in_features)]
    bias: Param["zeros", (out_features,)] = when(use_bias)

    def construct(self, x: Tensor) -> Tensor:
        return ops.dense(x, self.weight, self.bias)


class Embedding(LazyCell):
    """A table of vectors, looked up by id: from any shape of ids to (*shape, width)."""

    size: int
    width: int
    initializer: Any = hyper("normal", doc="initializer of the table")

    weight: Param[initializer, (size, width)]

    def construct(self, ids: Tensor) -> Tensor:
        return ops.gather(self.weight, ids, 0)


class LayerNorm(LazyCell):
    """Normalization of the last axis to mean 0 and variance 1, then scaled and shifted (Ba et al. 2016)."""

    width: int
    eps: float = 1e-5

    weight: Param["ones", (width,)]
    bias: Param["zeros", (width,)]

    def __post_init__(self) -> None:
        # The primitive: ops.layer_norm has no CPU kernel in MindSpore 2.10.
        self.normalize = ops.LayerNorm(begin_norm_axis=-1, begin_params_axis=-1, epsilon=self.eps)

    def construct(self, x: Tensor) -> Tensor:
        return self.normalize(x, self.weight, self.bias)[0]


class Dropout(LazyCell):
    """Zeroes elements with probability `rate` while training, and scales the others; the identity otherwise."""

    rate: float = 0.0

    def construct(self, x: Tensor) -> Tensor:
        return ops.dropout(x, p=self.rate, training=True) if self.training and self.rate > 0 else x
