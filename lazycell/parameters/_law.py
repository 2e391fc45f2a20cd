"""Which law MindSpore's initializers follow: the one place that knows what each of them does.

As `mindspore/common/initializer.py` of 2.10 does it, not as its documentation says where the two differ: a net built
lazily begins with values distributed as those of one built eagerly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from mindspore.common import initializer as ms

from ..streams import (
    Constant,
    Dirac,
    Identity,
    Law,
    Normal,
    Orthogonal,
    Sparse,
    TruncatedNormal,
    Uniform,
    fan,
    fans,
    gain,
)

Shape = tuple[int, ...]


def law_of(initializer: ms.Initializer, shape: Shape) -> Law | None:
    """Give the law of one of MindSpore's own initializers; None for any other, subclasses of these included.

    Raises:
        ValueError: the initializer cannot be used for this shape, or with its own settings.
    """
    rule = _RULES.get(type(initializer))
    return None if rule is None else rule(initializer, shape)


def _normal(initializer: Any, shape: Shape) -> Law:
    return Normal(float(initializer.mean), _sigma(initializer.sigma))


def _truncated(initializer: Any, shape: Shape) -> Law:
    low, high = float(initializer.a), float(initializer.b)
    if not low < high:
        raise ValueError(f"a={initializer.a} has to be less than b={initializer.b}")
    return TruncatedNormal(float(initializer.mean), _sigma(initializer.sigma), low, high)


def _sigma(value: Any) -> float:
    sigma = float(value)
    if not sigma >= 0:
        raise ValueError(f"sigma={value} has to be 0 or more")
    return sigma


def _symmetric(limit: float) -> Law:
    return Uniform(-limit, limit)


def _he(initializer: Any, shape: Shape) -> float:
    """Give the standard deviation."""
    slope = 0.01 if initializer.negative_slope is None else initializer.negative_slope
    return gain(initializer.nonlinearity, slope) / math.sqrt(fan(shape, initializer.mode))


def _variance_scaling(initializer: Any, shape: Shape) -> Law:
    fan_in, fan_out = fans(shape)
    chosen = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[initializer.mode]
    variance = initializer.scale / max(1.0, chosen)
    if initializer.distribution == "untruncated_normal":
        return Normal(0.0, math.sqrt(variance))
    # Also for "truncated_normal", its default: MindSpore compares it with another spelling.
    return _symmetric(math.sqrt(3 * variance))


def _matrix(make: Callable[[Any], Law]) -> Callable[[Any, Shape], Law]:
    def rule(initializer: Any, shape: Shape) -> Law:
        if len(shape) != 2:
            raise ValueError(f"it initializes matrices, and the shape is {shape}")
        return make(initializer)

    return rule


def _sparse(initializer: Any) -> Law:
    sparsity = float(initializer.sparsity)
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity={initializer.sparsity} has to be between 0 and 1")
    return Sparse(sparsity, _sigma(initializer.sigma))


def _orthogonal(initializer: Any, shape: Shape) -> Law:
    if len(shape) < 2:
        raise ValueError(f"it initializes tensors of at least two dimensions, and the shape is {shape}")
    return Orthogonal(float(initializer.gain))


def _dirac(initializer: Any, shape: Shape) -> Law:
    if len(shape) not in (3, 4, 5):
        raise ValueError(f"it initializes tensors of 3, 4 or 5 dimensions, and the shape is {shape}")
    if shape[0] % initializer.groups:
        raise ValueError(f"the first dimension, {shape[0]}, is not divisible by groups={initializer.groups}")
    return Dirac(initializer.groups)


_RULES: dict[type, Callable[[Any, Shape], Law]] = {
    ms.Zero: lambda initializer, shape: Constant(0),
    ms.One: lambda initializer, shape: Constant(1),
    ms.Constant: lambda initializer, shape: Constant(initializer.value),
    ms.Normal: _normal,
    ms.TruncatedNormal: _truncated,
    ms.Uniform: lambda initializer, shape: _symmetric(float(initializer.scale)),
    ms.XavierUniform: lambda initializer, shape: _symmetric(initializer.gain * math.sqrt(6 / sum(fans(shape)))),
    ms.XavierNormal: lambda initializer, shape: Normal(0.0, _sigma(initializer.gain * math.sqrt(2 / sum(fans(shape))))),
    ms.HeUniform: lambda initializer, shape: _symmetric(math.sqrt(3) * _he(initializer, shape)),
    ms.HeNormal: lambda initializer, shape: Normal(0.0, _sigma(_he(initializer, shape))),
    ms.VarianceScaling: _variance_scaling,
    ms.Orthogonal: _orthogonal,
    ms.Sparse: _matrix(_sparse),
    ms.Identity: _matrix(lambda initializer: Identity()),
    ms.Dirac: _dirac,
}
