"""Operations of layers: matrices, norms, convolutions, pooling, attention."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._kernel import array, kernel, number, pair, tensor

_view: Any = np.lib.stride_tricks.sliding_window_view  # NumPy's types know one axis only


@kernel
def embedding(indices: Any, weight: Any, *_options: Any) -> Any:
    return tensor(array(weight)[array(indices)], None, weight)


@kernel
def addmm(bias: Any, left: Any, right: Any, beta: Any, alpha: Any) -> Any:
    return tensor(array(bias) * number(beta) + array(left) @ array(right) * number(alpha), None, bias)


@kernel
def baddbmm(bias: Any, left: Any, right: Any, beta: Any, alpha: Any) -> Any:
    return addmm(bias, left, right, beta, alpha)


@kernel
def outer(left: Any, right: Any) -> Any:
    return tensor(np.outer(array(left), array(right)))


@kernel
def layer_norm_ext(inputs: Any, shape: Any, weight: Any, bias: Any, eps: Any) -> Any:
    values, axes = array(inputs), tuple(range(-len(tuple(shape)), 0))
    mean = values.mean(axes, keepdims=True)
    deviation = 1 / np.sqrt(values.var(axes, keepdims=True) + number(eps))
    normed = (values - mean) * deviation
    normed = normed if weight is None else normed * array(weight)
    normed = normed if bias is None else normed + array(bias)
    return tensor(normed, None, inputs), tensor(mean, None, inputs), tensor(deviation, None, inputs)


@kernel
def batch_norm_ext(
    inputs: Any, weight: Any, bias: Any, mean: Any, variance: Any, training: Any, _momentum: Any, epsilon: Any
) -> Any:
    values = array(inputs)
    shape = (1, -1, *[1] * (values.ndim - 2))
    axes = (0, *range(2, values.ndim))
    middle = values.mean(axes) if training or mean is None else array(mean)
    spread = values.var(axes) if training or variance is None else array(variance)
    normed = (values - middle.reshape(shape)) / np.sqrt(spread.reshape(shape) + number(epsilon))
    normed = normed if weight is None else normed * array(weight).reshape(shape)
    normed = normed if bias is None else normed + array(bias).reshape(shape)
    return tensor(normed, None, inputs), tensor(middle, None, inputs), tensor(spread, None, inputs)


@kernel
def gelu_ext(inputs: Any, approximate: Any) -> Any:
    values = array(inputs)
    inner = np.tanh(np.sqrt(2 / np.pi) * (values + 0.044715 * values**3))
    exact = import_module("scipy.special").erf(values / np.sqrt(2))
    return tensor(0.5 * values * (1 + (inner if approximate else exact)), None, inputs)


@kernel
def log_softmax_ext(inputs: Any, dim: Any, dtype: int | None) -> Any:
    values = array(inputs)
    shifted = values - values.max(dim, keepdims=True)
    return tensor(shifted - np.log(np.exp(shifted).sum(dim, keepdims=True)), dtype, inputs)


@kernel
def hardtanh(inputs: Any, low: Any, high: Any) -> Any:
    return tensor(np.clip(array(inputs), number(low), number(high)), None, inputs)


@kernel
def linalg_vector_norm(inputs: Any, order: Any, dim: Any, keepdim: Any, dtype: int | None) -> Any:
    axes = tuple(dim) if isinstance(dim, tuple | list) else dim
    powers = np.abs(array(inputs)) ** number(order)
    return tensor(powers.sum(axes, keepdims=bool(keepdim)) ** (1 / number(order)), dtype, inputs)


@kernel
def conv2d_ext(inputs: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: Any) -> Any:
    padding = padding if isinstance(padding, str) else pair(padding)
    mode = padding if isinstance(padding, str) else "pad"
    return import_module("mindspore").ops.conv2d(
        inputs, weight, bias, pair(stride), mode, 0 if mode != "pad" else padding, pair(dilation), number(groups)
    )


@kernel
def conv1d_ext(inputs: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: Any) -> Any:
    size, before, step = (pair(value)[0] for value in (stride, padding, dilation))
    return (
        import_module("mindspore")
        .ops.conv2d(
            inputs.expand_dims(2), weight.expand_dims(2), bias, (1, size), "pad", (0, before), (1, step), groups
        )
        .squeeze(2)
    )


@kernel
def conv3d_ext(inputs: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: Any) -> Any:
    values, kernel = array(inputs), array(weight)
    sides, steps = _triple(padding), _triple(stride)
    if number(groups) != 1 or _triple(dilation) != (1, 1, 1):
        raise NotImplementedError("a convolution in three dimensions with groups or dilation")
    values = np.pad(values, [(0, 0), (0, 0), *((side, side) for side in sides)])
    windows = _view(values, kernel.shape[2:], axis=(2, 3, 4))
    windows = windows[:, :, :: steps[0], :: steps[1], :: steps[2]]
    found = np.einsum("bidhwxyz,oixyz->bodhw", windows, kernel, optimize=True)
    return tensor(found if bias is None else found + array(bias).reshape(1, -1, 1, 1, 1), None, inputs)


@kernel
def conv2d_padding(inputs: Any, weight: Any, bias: Any, stride: Any, padding: Any, *more: Any) -> Any:
    return conv2d_ext(inputs, weight, bias, stride, "same" if padding == 1 else "valid", *more)


@kernel
def avg_pool2d(inputs: Any, size: Any, stride: Any, padding: Any, *_more: Any) -> Any:
    windows = _windows(inputs, size, stride, padding, 0)
    return tensor(windows.mean((-2, -1)), None, inputs)


def _windows(inputs: Any, size: Any, stride: Any, padding: Any, filler: float) -> NDArray[Any]:
    above, beside = pair(padding)
    rows, columns = pair(size if stride is None or stride == () else stride)
    values = array(inputs)
    values = np.pad(values, [*[(0, 0)] * (values.ndim - 2), (above, above), (beside, beside)], constant_values=filler)
    windows = _view(values, pair(size), axis=(-2, -1))
    return windows[..., ::rows, ::columns, :, :]


def max_pool2d(inputs: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, *_more: Any, **_others: Any) -> Any:
    return tensor(_windows(inputs, kernel_size, stride, padding, -np.inf).max((-2, -1)), None, inputs)


@kernel
def adaptive_avg_pool1d(inputs: Any, size: Any) -> Any:
    return tensor(_adapted(array(inputs), pair(size)[0], -1), None, inputs)


@kernel
def adaptive_avg_pool2d_ext(inputs: Any, size: Any) -> Any:
    high, wide = pair(size)
    return tensor(_adapted(_adapted(array(inputs), high, -2), wide, -1), None, inputs)


def _adapted(values: NDArray[Any], size: int, axis: int) -> NDArray[Any]:
    length = values.shape[axis]
    parts = [range(i * length // size, -(-(i + 1) * length // size)) for i in range(size)]
    return np.stack([values.take(part, axis).mean(axis) for part in parts], axis)


@kernel
def flash_attention_score(query: Any, key: Any, value: Any, *others: Any) -> Any:
    shift, _drop, _padding, mask, _prefix, _lengths, _more_lengths, heads, _keep, scale = others[:10]
    layout = others[13]
    if shift is not None or layout not in (0, 1, 3):
        raise NotImplementedError(f"attention with the layout {layout}")
    queries, keys, values = (_by_head(array(each), layout, number(heads)) for each in (query, key, value))
    scores = queries @ keys.swapaxes(-1, -2) * np.float32(number(scale))
    if mask is not None:
        scores = np.where(array(mask).astype(bool), np.float32(-1e9), scores)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    found = weights / weights.sum(-1, keepdims=True) @ values
    found = found if layout == 1 else found.swapaxes(1, 2)
    return None, None, None, tensor(found.reshape(query.shape), None, query)


def _by_head(values: NDArray[Any], layout: int, heads: int) -> NDArray[Any]:
    """Bring (batch, length, heads times size) (0), or the same in four axes (3), to heads before length (1)."""
    if layout == 1:
        return values
    return values.reshape(*values.shape[:2], heads, -1).swapaxes(1, 2)


def _triple(value: Any) -> tuple[int, ...]:
    numbers = [int(number(each)) for each in value] if isinstance(value, tuple | list) else [int(number(value))]
    return tuple(numbers * 3)[:3]


@kernel
def im2col_ext(inputs: Any, size: Any, dilation: Any, padding: Any, stride: Any) -> Any:
    (high, wide), (above, beside), (down, along), (rows, columns) = map(pair, (size, padding, dilation, stride))
    values = np.pad(array(inputs), [(0, 0), (0, 0), (above, above), (beside, beside)])
    span = (down * (high - 1) + 1, along * (wide - 1) + 1)
    windows = _view(values, span, axis=(2, 3))
    windows = windows[:, :, ::rows, ::columns, ::down, ::along].transpose(0, 1, 4, 5, 2, 3)
    return tensor(windows.reshape(*windows.shape[:1], windows.shape[1] * high * wide, -1), None, inputs)


@kernel
def elu_ext(inputs: Any, alpha: Any) -> Any:
    values = array(inputs)
    return tensor(np.where(values > 0, values, number(alpha) * np.expm1(values)), None, inputs)


@kernel
def mse_loss_ext(inputs: Any, target: Any, _reduction: Any) -> Any:
    return tensor(np.square(array(inputs) - array(target)).mean(), None, inputs)


@kernel
def argmin_ext(inputs: Any, dim: Any, keepdim: Any) -> Any:
    return tensor(np.argmin(array(inputs), None if dim is None else number(dim), keepdims=bool(keepdim)))


def gelu(inputs: Any, *, approximate: str = "none") -> Any:
    return gelu_ext(inputs, approximate == "tanh")


def einsum(equation: str, *operands: Any) -> Any:
    return tensor(np.einsum(equation, *map(array, operands)), None, operands[0])
