"""How wide a tensor's values may spread, from its shape: fans and gains.

X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010; K. He
et al., "Delving Deep into Rectifiers", ICCV 2015. A weight is (out, in, *kernel), as in MindSpore and torch.
"""

from __future__ import annotations

import math


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Give how many inputs an output has, and how many outputs an input.

    Raises:
        ValueError: fewer than two dimensions.
    """
    if len(shape) < 2:
        raise ValueError(f"a fan is computed from at least two dimensions, (out, in, …), and the shape is {shape}")
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def fan(shape: tuple[int, ...], mode: str) -> int:
    """Give `fan_in` or `fan_out`.

    Raises:
        ValueError: another mode, or fewer than two dimensions.
    """
    try:
        return fans(shape)[("fan_in", "fan_out").index(mode.lower())]
    except ValueError:
        if len(shape) < 2:
            raise
        raise ValueError(f"mode={mode!r}: it is 'fan_in' or 'fan_out'") from None


_LINEAR = {"linear", "sigmoid", *(f"conv{kind}{n}d" for kind in ("", "_transpose") for n in (1, 2, 3))}


def gain(nonlinearity: str, slope: float = 0.01) -> float:
    """Give the factor that keeps the variance through a nonlinearity; `slope` is that of `leaky_relu`.

    Raises:
        ValueError: another nonlinearity.
    """
    if nonlinearity in _LINEAR:
        return 1.0
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        return math.sqrt(2.0 / (1 + slope**2))
    raise ValueError(
        f"nonlinearity={nonlinearity!r}: it is 'leaky_relu', 'relu', 'tanh', 'sigmoid', 'linear' or a convolution"
    )
