"""Rotary positions (Su et al. 2021, arXiv:2104.09864), and the ways to stretch them over longer texts."""

import math
from collections.abc import Mapping
from typing import Any

import mindspore
import numpy as np
from mindspore import Tensor, ops
from numpy.typing import NDArray

from lazycell import UNUSED, LazyCell, rename

from .layers import cast

_NEEDED: dict[str, tuple[str, ...]] = {
    "default": (),
    "linear": ("factor",),
    "dynamic": ("factor",),
    "yarn": ("factor",),
    "llama3": ("factor", "low_freq_factor", "high_freq_factor"),
}
_YARN = ("attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "truncate")
_COMMON = ("rope_type", "type", "rope_theta", "original_max_position_embeddings")
_UNREAD = ("attn_factor", "finetuned")
"""Of `yarn`, as files have them beside what it computes with; transformers 5.23 passes over them."""


def check_rope(_: Any, field: Any, value: Mapping[str, Any] | None) -> None:
    """Refuse what is not implemented, by its name: a validator for `rope_parameters` and `rope_scaling`.

    Args:
        _: the cell that is built, as attrs hands it to validators.
        field: the hyperparameter.
        value: `rope_parameters` or `rope_scaling`, or None.

    Raises:
        ValueError: the kind of rotation, or something that is said of it, is not implemented, or needed and not said.
    """
    if value is None:
        return
    kind = value.get("rope_type", value.get("type", "default"))
    if kind not in _NEEDED:
        raise ValueError(f"{field.name}: rope_type={kind!r} is not implemented; there are {', '.join(_NEEDED)}")
    for key in _NEEDED[kind]:
        derived = kind == "yarn" and value.get("original_max_position_embeddings")
        if not isinstance(value.get(key), (int, float)) and not (derived and value.get(key, 0) is None):
            raise ValueError(f"{field.name}: rope_type={kind!r} needs {key}, a number; it is {value.get(key)!r}")
    known = (*_COMMON, *_NEEDED[kind], *((*_YARN, *_UNREAD) if kind == "yarn" else ()))
    for key, given in value.items():
        off = given in (None, 1) if key == "partial_rotary_factor" else not given
        if key not in known and not off:
            raise ValueError(f"{field.name}: {key}={given!r} is not implemented for rope_type={kind!r}")


def check_ropes(model: Any, field: Any, value: Mapping[str, Any] | None) -> None:
    """Refuse the same where `rope_parameters` are by kind of layer.

    Args:
        model: the cell that is built, as attrs hands it to validators.
        field: the hyperparameter.
        value: `rope_parameters` by kind of layer, or None.

    Raises:
        ValueError: as `check_rope`, or there is no such kind of layer.
    """
    for kind, each in (value or {}).items():
        if kind not in ("full_attention", "sliding_attention"):
            raise ValueError(f"{field.name}: {kind!r} is no kind of layer: full_attention, sliding_attention")
        check_rope(model, field, each)


def unless_in_parameters(name: str, kind: str | None = None, *, key: str | None = None) -> Any:
    """Say what is written under a key of old configs: nothing, where `rope_parameters` of new ones say it.

    Args:
        name: the key, and the hyperparameter.
        kind: of layer, where `rope_parameters` are by kind.
        key: that has to be in them; None: they say it, whatever is in them.

    Returns:
        A function of all hyperparameters, for `ConfigRules(written=…)`.
    """

    def value(values: Mapping[str, Any]) -> Any:
        parameters = values["rope_parameters"] or {}
        if kind is not None:
            parameters = parameters.get(kind) or {}
        return UNUSED if parameters and (key is None or key in parameters) else values[name]

    return value


ROPE_WRITTEN: Mapping[str, Any] = {
    "rope_parameters": lambda values: values["rope_parameters"] or UNUSED,
    "rope_scaling": unless_in_parameters("rope_scaling"),
    "rope_theta": unless_in_parameters("rope_theta", key="rope_theta"),
}
"""What is written of the rotation: in the style in which it was given, since old programs read the old one alone."""


def scaling_by_new_name(values: Mapping[str, Any]) -> Any:
    """Give `rope_scaling` with `rope_type`: for layers of two kinds transformers 5 passes over the old name, `type`.

    Args:
        values: the hyperparameters of a net.

    Returns:
        What is written, or `UNUSED`.
    """
    scaling = unless_in_parameters("rope_scaling", "full_attention")(values)
    if not isinstance(scaling, Mapping) or "type" not in scaling:
        return scaling
    return {"rope_type": scaling["type"], **{key: value for key, value in scaling.items() if key != "type"}}


ROPES_WRITTEN: Mapping[str, Any] = {
    "rope_parameters": ROPE_WRITTEN["rope_parameters"],
    "rope_scaling": scaling_by_new_name,
    "rope_theta": unless_in_parameters("rope_theta", "full_attention", key="rope_theta"),
    "rope_local_base_freq": unless_in_parameters("rope_local_base_freq", "sliding_attention", key="rope_theta"),
}
"""The same where `rope_parameters` are by kind of layer."""


class Rotary(LazyCell):
    """Cosine and sine of each position's angles.

    `parameters` is `rope_parameters` in the style of new configs, perhaps by `kind` of layer; `scaling` and `theta` are
    what old ones have instead.
    """

    head_dim: int
    max_positions: int
    parameters: Any = None
    scaling: Any = None
    theta: float = 10000.0
    kind: str | None = None

    rename({"inv_freq": UNUSED})  # computed, once saved with the weights

    def __post_init__(self) -> None:
        parameters = self.parameters if self.kind is None else (self.parameters or {}).get(self.kind)
        options = {"rope_theta": self.theta, **(parameters or self.scaling or {})}
        options["rope_type"] = options.get("rope_type", options.get("type", "default"))
        self.options = options
        self.dynamic = options["rope_type"] == "dynamic"
        frequencies, self.factor = frequencies_of(options, self.head_dim, self.max_positions)
        self.frequencies = Tensor(frequencies)

    def construct(self, position_ids: Tensor, heads: int = 1) -> tuple[Tensor, Tensor]:
        """Give cosines and sines, each float32, (batch, heads, sequence, head_dim), of positions (batch, sequence).

        The sines of the first half have the sign that they have in `rotate`: once here, instead of in each layer. So it
        is with repeating them for each head, since MindSpore's CPU multiplies equal shapes several times as fast as it
        broadcasts.

        Args:
            position_ids: (batch, sequence), int.
            heads: for how many it is repeated.

        Returns:
            Cosines and sines, each (batch, heads, sequence, head_dim), float32.
        """
        positions = position_ids.astype(mindspore.float32)
        frequencies = self.stretched(positions) if self.dynamic else self.frequencies
        angles = positions[:, None, :, None] * frequencies
        cos, sin = ops.cos(angles) * self.factor, ops.sin(angles) * self.factor
        cos, sin = ops.concat((cos, cos), -1), ops.concat((-sin, sin), -1)
        return ops.tile(cos, (1, heads, 1, 1)), ops.tile(sin, (1, heads, 1, 1))

    def stretched(self, positions: Tensor) -> Tensor:
        """Give frequencies, float32 (head_dim / 2,), for a text longer than was trained for: of a larger base.

        Args:
            positions: (batch, sequence), float32.

        Returns:
            (head_dim / 2,), float32.
        """
        factor, dim = self.options["factor"], self.head_dim
        length = ops.maximum(positions.max() + 1, Tensor(float(self.max_positions), mindspore.float32))
        growth = factor * length / self.max_positions - (factor - 1)
        exponents = Tensor(np.arange(0, dim, 2, dtype=np.float32) / dim)
        base = self.options["rope_theta"] * growth ** (dim / (dim - 2))
        return 1.0 / base**exponents


_SWAP = Tensor(np.array([1, 0], np.int32))


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair (i, i + half) of (batch, heads, sequence, head_dim) by its position's angle, in float32.

    Args:
        x: queries or keys, of any floating-point dtype, which the result has too.
        cos: as `Rotary` gives it for as many heads, float32.
        sin: likewise.

    Returns:
        The shape and dtype of `x`.
    """
    # Whole halves are gathered: MindSpore's CPU copies what is sliced number by number.
    swapped = ops.gather(x.reshape(-1, 2, x.shape[-1] // 2), _SWAP, 1).reshape(x.shape)
    return cast(ops.add(x * cos, swapped * sin), x.dtype)


def rotate_both(query: Tensor, key: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
    """Turn queries and keys, each (batch, heads, sequence, head_dim), as one: calls are what costs.

    Args:
        query: (batch, heads, sequence, head_dim), floating-point.
        key: (batch, key heads, sequence, head_dim), of the dtype of `query`.
        cos: as `Rotary` gives it for the heads of both, float32.
        sin: likewise.

    Returns:
        Both, of their shapes and dtype.
    """
    heads = query.shape[1]
    both = rotate(ops.concat((query, key), 1), cos, sin)
    return both[:, :heads], both[:, heads:]


def frequencies_of(options: Mapping[str, Any], dim: int, max_positions: int) -> tuple[NDArray[np.float32], float]:
    """Give the angle per position of each pair, float32 (dim / 2,), and the factor of cosine and sine.

    Args:
        options: `rope_parameters`, with `rope_type` and `rope_theta`.
        dim: of a head.
        max_positions: for how many positions the model was trained.

    Returns:
        (dim / 2,), float32, in radians per position, and a number.
    """
    frequencies = 1.0 / options["rope_theta"] ** (np.arange(0, dim, 2, dtype=np.float64) / dim)
    factor = 1.0
    match options["rope_type"]:
        case "linear":
            frequencies /= options["factor"]
        case "llama3":
            frequencies = _llama3(frequencies, options, max_positions)
        case "yarn":
            frequencies, factor = _yarn(frequencies, options, dim, max_positions)
    return frequencies.astype(np.float32), factor


def _llama3(frequencies: NDArray[Any], options: Mapping[str, Any], max_positions: int) -> NDArray[Any]:
    """Slow the low frequencies down by `factor`, leave the high ones, and blend between (Llama 3.1)."""
    original = options.get("original_max_position_embeddings") or max_positions
    low, high = options["low_freq_factor"], options["high_freq_factor"]
    turns = original * frequencies / (2 * math.pi)
    blend = np.clip((turns - low) / (high - low), 0, 1)
    return (1 - blend) * frequencies / options["factor"] + blend * frequencies


def _yarn(
    frequencies: NDArray[Any], options: Mapping[str, Any], dim: int, max_positions: int
) -> tuple[NDArray[Any], float]:
    """Interpolate slow dimensions, leave fast ones, and blend between (Peng et al. 2023, arXiv:2309.00071)."""
    original = options.get("original_max_position_embeddings") or max_positions
    factor = options["factor"] or max_positions / original
    base = options["rope_theta"]

    def dimension(turns: float) -> float:
        return dim * math.log(original / (turns * 2 * math.pi)) / (2 * math.log(base))

    low, high = dimension(options.get("beta_fast") or 32), dimension(options.get("beta_slow") or 1)
    if options.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, dim - 1)
    ramp = np.clip((np.arange(dim // 2) - low) / ((high - low) or 0.001), 0, 1)
    blended = frequencies / factor * ramp + frequencies * (1 - ramp)

    def magnitude(scale: float) -> float:
        return 0.1 * scale * math.log(factor) + 1.0 if factor > 1 else 1.0

    mscale, mscale_all_dim = options.get("mscale"), options.get("mscale_all_dim")
    attention = options.get("attention_factor")
    if attention is None:
        attention = magnitude(mscale) / magnitude(mscale_all_dim) if mscale and mscale_all_dim else magnitude(1.0)
    return blended, float(attention)
