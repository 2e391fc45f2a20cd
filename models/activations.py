"""The functions that nets apply number by number."""

import math
from typing import Any

import mindspore
from attrs.validators import in_
from mindspore import Tensor, ops

from lazycell import hyper

from .layers import cast

ACTIVATIONS = ("gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_python", "quick_gelu", "relu", "silu", "swish", "tanh")
"""Names of activations, as configs have them."""


def activation(default: str) -> Any:
    """Declare a hyperparameter that is one of `ACTIVATIONS`.

    Args:
        default: its name where none is given.

    Returns:
        The declaration, as of `hyper`.
    """
    return hyper(default, validator=in_(ACTIVATIONS))


def activate(name: str, x: Tensor, training: bool = False) -> Tensor:
    """Apply the one of `ACTIVATIONS` that a config calls `name`, element by element.

    Args:
        name: one of `ACTIVATIONS`.
        x: of any shape and floating-point dtype.
        training: whether gradients will be asked for: then the form is chosen that has the quicker one.

    Returns:
        The same shape and dtype. The kinds of gelu are computed in float32.
    """
    if name in ("gelu", "gelu_python"):
        wide = cast(x, mindspore.float32)
        return cast(gelu_by_sigmoid(wide) if _on_cpu() and not training else gelu_by_erf(wide), x.dtype)
    if name in ("gelu_new", "gelu_pytorch_tanh"):
        return cast(gelu_new(cast(x, mindspore.float32)), x.dtype)
    if name == "quick_gelu":
        return x * ops.sigmoid(1.702 * x)
    if name == "relu":
        return ops.relu(x)
    if name in ("silu", "swish"):
        return x * ops.sigmoid(x)
    return tanh(x)


def gelu_by_erf(x: Tensor) -> Tensor:
    """Give x Φ(x), Φ being the normal distribution's share below x (Hendrycks and Gimpel 2016, arXiv:1606.08415).

    Args:
        x: of any shape and floating-point dtype.

    Returns:
        The same shape and dtype.
    """
    return 0.5 * x * (1.0 + ops.erf(x * math.sqrt(0.5)))


_LOG_ODDS = (
    *(1.5957684516906738, 0.07266856729984283, -6.625999958487228e-05, -0.00011048031592508778),
    *(7.938218004710507e-06, -2.6689278342928446e-07, 3.6112319801162585e-09),
)
"""log(Φ(x) / Φ(-x)) / x by powers of x²: fitted from 0 to 6 so that x Φ(x) is off by at most 1e-7 in float32."""


def gelu_by_sigmoid(x: Tensor) -> Tensor:
    """Give x Φ(x) in float32, to 2e-6 of x, by way of Φ(x) = sigmoid(log(Φ(x) / Φ(-x))).

    MindSpore 2.10's CPU computes `erf` one number at a time, which took a third of an encoder's time; sums, products
    and sigmoids it computes many at once. A gradient has more terms this way, and takes longer.

    Args:
        x: of any shape, float32.

    Returns:
        The same shape, float32.
    """
    square = ops.minimum(ops.square(x), 36.0)
    power = _LOG_ODDS[-1] * square
    for coefficient in _LOG_ODDS[-2:0:-1]:
        power = (power + coefficient) * square
    return x * ops.sigmoid(x * (power + _LOG_ODDS[0]))


def gelu_new(x: Tensor) -> Tensor:
    """Give x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))), by way of (1 + tanh z) / 2 = sigmoid 2z.

    Args:
        x: of any shape and floating-point dtype.

    Returns:
        The same shape and dtype.
    """
    return x * ops.sigmoid(x * (2.0 * math.sqrt(2.0 / math.pi)) * (1.0 + 0.044715 * ops.square(x)))


def tanh(x: Tensor) -> Tensor:
    """Hyperbolic tangent, element by element, to 3e-7 of its value: MindSpore 2.10's own is off by up to 1e-4 on CPU.

    In float32: a series near 0, where what caps scores has to be exact, and elsewhere (e²ˣ - 1) / (e²ˣ + 1).

    Args:
        x: of any shape and floating-point dtype.

    Returns:
        The same shape and dtype.
    """
    bounded = ops.clamp(cast(x, mindspore.float32), -15.0, 15.0)
    square = bounded * bounded
    series = bounded * (1 - square * (1 / 3 - square * (2 / 15 - square * (17 / 315 - square * (62 / 2835)))))
    grown = ops.expm1(2.0 * bounded)
    return cast(ops.where(ops.abs(bounded) < 0.3, series, grown / (grown + 2.0)), x.dtype)


def cap(x: Tensor, most: float | None) -> Tensor:
    """Keep numbers within ±`most`, smoothly; None: as they are.

    Args:
        x: of any shape and floating-point dtype.
        most: the bound, or None.

    Returns:
        The same shape and dtype. `most` · tanh(x / `most`).
    """
    return x if most is None else tanh(x / most) * most


@ops.constexpr  # type: ignore[untyped-decorator]
def _on_cpu() -> bool:
    return mindspore.get_context("device_target") == "CPU"
