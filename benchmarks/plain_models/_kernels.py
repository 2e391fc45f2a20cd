"""Operations that MindSpore 2.10 has on Ascend only, written with NumPy, so that mindone builds and runs on a CPU.

They replace what MindSpore's primitives call, so that a method, a function and a cell come here alike. A random one
draws from the generator's seed and offset, as the kernel does, so that it repeats under `mindspore.manual_seed`.
A part of a tensor is a copy on a CPU, and so writing into it in place does not change the whole; on Ascend it does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

_KERNELS: dict[str, Callable[..., Any]] = {}


def install() -> None:
    """Replace the operations, for the whole process."""
    prims = import_module("mindspore.ops.auto_generate.gen_ops_prim")
    inner = import_module("mindspore.ops.auto_generate.pyboost_inner_prim")
    for name, function in _KERNELS.items():
        setattr(prims, f"pyboost_{name}", _from_list(function))
        kind = getattr(inner, f"_Pyboost{name.title().replace('_', '')}Prim", None)
        if kind:
            kind.__call__ = _from_arguments(function)
    overload = import_module("mindspore.ops.functional_overload")
    for name, function in _FUNCTIONS.items():
        setattr(overload, f"_{name}_instance", function)
    tensor = import_module("mindspore").Tensor
    for name, function in _METHODS.items():
        setattr(tensor, name, function)
    _replace(import_module("mindspore.ops.function.math_func").einsum_ext, _einsum)
    mint = import_module("mindspore.mint")
    _replace(mint.nonzero, _nonzero)
    _replace(mint.where, _where(mint.where))
    _replace(import_module("mindspore.mint.nn.functional").max_pool2d, _max_pool2d)


def _from_list(function: Callable[..., Any]) -> Callable[[Any, list[Any]], Any]:
    """Take the arguments as MindSpore's primitives give them: the primitive, and a list."""
    return lambda _primitive, arguments: function(*arguments)


def _from_arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _primitive, *arguments: function(*arguments)


def _replace(function: Any, other: Any) -> None:
    """Replace a function wherever MindSpore's modules have it."""
    for name, module in [*sys.modules.items()]:
        if name.startswith("mindspore"):
            for attribute, value in [*vars(module).items()]:
                if value is function:
                    setattr(module, attribute, other)


def _kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    _KERNELS[function.__name__.strip("_")] = function
    return function


def _array(value: Any) -> np.ndarray:
    """Give the values of a tensor, in its own memory; a number as it is."""
    return value.asnumpy() if hasattr(value, "asnumpy") else np.asarray(value)


def _number(value: Any) -> Any:
    return value.asnumpy().item() if hasattr(value, "asnumpy") else value


def _tensor(values: Any, kind: int | None = None, like: Any = None) -> Any:
    """Make a tensor.

    Args:
        values: an array.
        kind: the number by which MindSpore knows a dtype; None: that of `like`, or that of the array.
        like: a tensor.
    """
    mindspore = import_module("mindspore")
    dtype = None if like is None else like.dtype
    if kind is not None:
        dtype = import_module("mindspore._c_expression").typing.type_id_to_type(kind)
    return mindspore.Tensor(np.ascontiguousarray(values), dtype)


def _write(tensor: Any, values: Any) -> Any:
    tensor.asnumpy()[...] = values
    return tensor


def _generator(seed: Any, offset: Any) -> np.random.Generator:
    return np.random.default_rng([int(_number(seed)), int(_number(offset))])


# Values of a given kind.


@_kernel
def arange(start: Any, end: Any, step: Any, dtype: int | None) -> Any:  # noqa: D103
    return _tensor(np.arange(_number(start), _number(end), _number(step)), dtype)


@_kernel
def lin_space_ext(start: Any, end: Any, steps: Any, dtype: int | None) -> Any:  # noqa: D103
    return _tensor(np.linspace(_number(start), _number(end), _number(steps), dtype=np.float32), dtype)


@_kernel
def fill_scalar(size: Any, value: Any, dtype: int | None) -> Any:  # noqa: D103
    values = np.full(size, _number(value))
    return _tensor(values.astype(np.float32) if values.dtype == np.float64 else values, dtype)


@_kernel
def full_like(like: Any, value: Any, dtype: int | None) -> Any:  # noqa: D103
    return _tensor(np.full(like.shape, _number(value), np.float32), dtype, like)


@_kernel
def ones_like_ext(like: Any, dtype: int | None) -> Any:  # noqa: D103
    return _tensor(np.ones(like.shape, np.float32), dtype, like)


@_kernel
def zeros_like_ext(like: Any, dtype: int | None) -> Any:  # noqa: D103
    return _tensor(np.zeros(like.shape, np.float32), dtype, like)


# In place.


@_kernel
def inplace_zero(tensor: Any) -> Any:  # noqa: D103
    return _write(tensor, 0)


def _fill_(self: Any, value: Any) -> Any:
    return _write(self, _number(value))


def _clamp_(self: Any, min: Any = None, max: Any = None) -> Any:
    return _write(self, np.clip(self.asnumpy(), min, max))


@_kernel
def inplace_erfinv(tensor: Any) -> Any:  # noqa: D103
    return _write(tensor, import_module("scipy.special").erfinv(tensor.asnumpy()))


@_kernel
def inplace_normal(tensor: Any, mean: Any, std: Any, seed: Any, offset: Any) -> Any:  # noqa: D103
    values = _generator(seed, offset).standard_normal(tensor.shape, np.float32)
    return _write(tensor, values * np.float32(_number(std)) + np.float32(_number(mean)))


@_kernel
def inplace_uniform(tensor: Any, low: Any, high: Any, seed: Any, offset: Any) -> Any:  # noqa: D103
    low, high = np.float32(_number(low)), np.float32(_number(high))
    return _write(tensor, _generator(seed, offset).random(tensor.shape, np.float32) * (high - low) + low)


# Random values.


@_kernel
def uniform_ext(like: Any, low: Any, high: Any, seed: Any, offset: Any) -> Any:  # noqa: D103
    low, high = _number(low), _number(high)
    return _tensor(_generator(seed, offset).random(like.shape, np.float32) * (high - low) + low, None, like)


@_kernel
def normal_float_float(mean: Any, std: Any, size: Any, seed: Any, offset: Any) -> Any:  # noqa: D103
    values = _generator(seed, offset).standard_normal(size, np.float32)
    return _tensor(values * np.float32(_number(std)) + np.float32(_number(mean)))


@_kernel
def randn(size: Any, seed: Any, offset: Any, dtype: int | None, _device: Any) -> Any:  # noqa: D103
    return _tensor(_generator(seed, offset).standard_normal(size, np.float32), dtype)


@_kernel
def rand_ext(size: Any, seed: Any, offset: Any, dtype: int | None, _device: Any) -> Any:  # noqa: D103
    return _tensor(_generator(seed, offset).random(size, np.float32), dtype)


# Operations of layers.


@_kernel
def embedding(indices: Any, weight: Any, *_options: Any) -> Any:  # noqa: D103
    return _tensor(_array(weight)[_array(indices)], None, weight)


@_kernel
def addmm(bias: Any, left: Any, right: Any, beta: Any, alpha: Any) -> Any:  # noqa: D103
    return _tensor(_array(bias) * _number(beta) + _array(left) @ _array(right) * _number(alpha), None, bias)


@_kernel
def baddbmm(bias: Any, left: Any, right: Any, beta: Any, alpha: Any) -> Any:  # noqa: D103
    return addmm(bias, left, right, beta, alpha)


@_kernel
def outer(left: Any, right: Any) -> Any:  # noqa: D103
    return _tensor(np.outer(_array(left), _array(right)))


@_kernel
def layer_norm_ext(inputs: Any, shape: Any, weight: Any, bias: Any, eps: Any) -> Any:  # noqa: D103
    values, axes = _array(inputs), tuple(range(-len(tuple(shape)), 0))
    mean = values.mean(axes, keepdims=True)
    deviation = 1 / np.sqrt(values.var(axes, keepdims=True) + _number(eps))
    normed = (values - mean) * deviation
    normed = normed if weight is None else normed * _array(weight)
    normed = normed if bias is None else normed + _array(bias)
    return _tensor(normed, None, inputs), _tensor(mean, None, inputs), _tensor(deviation, None, inputs)


@_kernel
def batch_norm_ext(  # noqa: D103
    inputs: Any, weight: Any, bias: Any, mean: Any, variance: Any, training: Any, _momentum: Any, epsilon: Any
) -> Any:
    values = _array(inputs)
    shape = (1, -1, *[1] * (values.ndim - 2))
    axes = (0, *range(2, values.ndim))
    middle = values.mean(axes) if training or mean is None else _array(mean)
    spread = values.var(axes) if training or variance is None else _array(variance)
    normed = (values - middle.reshape(shape)) / np.sqrt(spread.reshape(shape) + _number(epsilon))
    normed = normed if weight is None else normed * _array(weight).reshape(shape)
    normed = normed if bias is None else normed + _array(bias).reshape(shape)
    return _tensor(normed, None, inputs), _tensor(middle, None, inputs), _tensor(spread, None, inputs)


@_kernel
def gelu_ext(inputs: Any, approximate: Any) -> Any:  # noqa: D103
    values = _array(inputs)
    inner = np.tanh(np.sqrt(2 / np.pi) * (values + 0.044715 * values**3))
    exact = import_module("scipy.special").erf(values / np.sqrt(2))
    return _tensor(0.5 * values * (1 + (inner if approximate else exact)), None, inputs)


@_kernel
def log_softmax_ext(inputs: Any, dim: Any, dtype: int | None) -> Any:  # noqa: D103
    values = _array(inputs)
    shifted = values - values.max(dim, keepdims=True)
    return _tensor(shifted - np.log(np.exp(shifted).sum(dim, keepdims=True)), dtype, inputs)


@_kernel
def hardtanh(inputs: Any, low: Any, high: Any) -> Any:  # noqa: D103
    return _tensor(np.clip(_array(inputs), _number(low), _number(high)), None, inputs)


@_kernel
def linalg_vector_norm(inputs: Any, order: Any, dim: Any, keepdim: Any, dtype: int | None) -> Any:  # noqa: D103
    axes = tuple(dim) if isinstance(dim, tuple | list) else dim
    powers = np.abs(_array(inputs)) ** _number(order)
    return _tensor(powers.sum(axes, keepdims=bool(keepdim)) ** (1 / _number(order)), dtype, inputs)


@_kernel
def conv2d_ext(  # noqa: D103
    inputs: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: Any
) -> Any:
    padding = padding if isinstance(padding, str) else _pair(padding)
    mode = padding if isinstance(padding, str) else "pad"
    return import_module("mindspore").ops.conv2d(
        inputs, weight, bias, _pair(stride), mode, 0 if mode != "pad" else padding, _pair(dilation), _number(groups)
    )


@_kernel
def conv1d_ext(  # noqa: D103
    inputs: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: Any
) -> Any:
    size, before, step = (_pair(value)[0] for value in (stride, padding, dilation))
    return import_module("mindspore").ops.conv2d(
        inputs.expand_dims(2), weight.expand_dims(2), bias, (1, size), "pad", (0, before), (1, step), groups
    ).squeeze(2)


def _pair(value: Any) -> tuple[int, int]:
    numbers = [int(_number(each)) for each in value] if isinstance(value, tuple | list) else [int(_number(value))]
    return (numbers[0], numbers[-1])


@_kernel
def conv3d_ext(  # noqa: D103
    inputs: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: Any
) -> Any:
    values, kernel = _array(inputs), _array(weight)
    sides, steps = _triple(padding), _triple(stride)
    if _number(groups) != 1 or _triple(dilation) != (1, 1, 1):
        raise NotImplementedError("a convolution in three dimensions with groups or dilation")
    values = np.pad(values, [(0, 0), (0, 0), *((side, side) for side in sides)])
    windows = np.lib.stride_tricks.sliding_window_view(values, kernel.shape[2:], axis=(2, 3, 4))
    windows = windows[:, :, :: steps[0], :: steps[1], :: steps[2]]
    found = np.einsum("bidhwxyz,oixyz->bodhw", windows, kernel, optimize=True)
    return _tensor(found if bias is None else found + _array(bias).reshape(1, -1, 1, 1, 1), None, inputs)


@_kernel
def conv2d_padding(inputs: Any, weight: Any, bias: Any, stride: Any, padding: Any, *more: Any) -> Any:  # noqa: D103
    return conv2d_ext(inputs, weight, bias, stride, "same" if padding == 1 else "valid", *more)


@_kernel
def avg_pool2d(inputs: Any, size: Any, stride: Any, padding: Any, *_more: Any) -> Any:  # noqa: D103
    windows = _windows(inputs, size, stride, padding, 0)
    return _tensor(windows.mean((-2, -1)), None, inputs)


def _windows(inputs: Any, size: Any, stride: Any, padding: Any, filler: float) -> np.ndarray:
    above, beside = _pair(padding)
    rows, columns = _pair(size if stride is None or stride == () else stride)
    values = _array(inputs)
    values = np.pad(
        values, [*[(0, 0)] * (values.ndim - 2), (above, above), (beside, beside)], constant_values=filler
    )
    windows = np.lib.stride_tricks.sliding_window_view(values, _pair(size), axis=(-2, -1))
    return windows[..., ::rows, ::columns, :, :]


def _max_pool2d(inputs: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, *_more: Any, **_others: Any) -> Any:
    return _tensor(_windows(inputs, kernel_size, stride, padding, -np.inf).max((-2, -1)), None, inputs)


@_kernel
def adaptive_avg_pool1d(inputs: Any, size: Any) -> Any:  # noqa: D103
    return _tensor(_adapted(_array(inputs), _pair(size)[0], -1), None, inputs)


@_kernel
def adaptive_avg_pool2d_ext(inputs: Any, size: Any) -> Any:  # noqa: D103
    high, wide = _pair(size)
    return _tensor(_adapted(_adapted(_array(inputs), high, -2), wide, -1), None, inputs)


def _adapted(values: np.ndarray, size: int, axis: int) -> np.ndarray:
    length = values.shape[axis]
    parts = [range(i * length // size, -(-(i + 1) * length // size)) for i in range(size)]
    return np.stack([values.take(part, axis).mean(axis) for part in parts], axis)


@_kernel
def flash_attention_score(query: Any, key: Any, value: Any, *others: Any) -> Any:  # noqa: D103
    shift, _drop, _padding, mask, _prefix, _lengths, _more_lengths, heads, _keep, scale = others[:10]
    layout = others[13]
    if shift is not None or layout not in (0, 1, 3):
        raise NotImplementedError(f"attention with the layout {layout}")
    queries, keys, values = (_by_head(_array(each), layout, _number(heads)) for each in (query, key, value))
    scores = queries @ keys.swapaxes(-1, -2) * np.float32(_number(scale))
    if mask is not None:
        scores = np.where(_array(mask).astype(bool), np.float32(-1e9), scores)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    found = weights / weights.sum(-1, keepdims=True) @ values
    found = found if layout == 1 else found.swapaxes(1, 2)
    return None, None, None, _tensor(found.reshape(query.shape), None, query)


def _by_head(values: np.ndarray, layout: int, heads: int) -> np.ndarray:
    """Bring (batch, length, heads times size) (0), or the same in four axes (3), to heads before length (1)."""
    if layout == 1:
        return values
    return values.reshape(*values.shape[:2], heads, -1).swapaxes(1, 2)


def _triple(value: Any) -> tuple[int, ...]:
    numbers = [int(_number(each)) for each in value] if isinstance(value, tuple | list) else [int(_number(value))]
    return tuple(numbers * 3)[:3]


@_kernel
def im2col_ext(inputs: Any, size: Any, dilation: Any, padding: Any, stride: Any) -> Any:  # noqa: D103
    (high, wide), (above, beside), (down, along), (rows, columns) = map(_pair, (size, padding, dilation, stride))
    values = np.pad(_array(inputs), [(0, 0), (0, 0), (above, above), (beside, beside)])
    span = (down * (high - 1) + 1, along * (wide - 1) + 1)
    windows = np.lib.stride_tricks.sliding_window_view(values, span, axis=(2, 3))
    windows = windows[:, :, ::rows, ::columns, ::down, ::along].transpose(0, 1, 4, 5, 2, 3)
    return _tensor(windows.reshape(*windows.shape[:1], windows.shape[1] * high * wide, -1), None, inputs)


@_kernel
def elu_ext(inputs: Any, alpha: Any) -> Any:  # noqa: D103
    values = _array(inputs)
    return _tensor(np.where(values > 0, values, _number(alpha) * np.expm1(values)), None, inputs)


@_kernel
def mse_loss_ext(inputs: Any, target: Any, _reduction: Any) -> Any:  # noqa: D103
    return _tensor(np.square(_array(inputs) - _array(target)).mean(), None, inputs)


@_kernel
def argmin_ext(inputs: Any, dim: Any, keepdim: Any) -> Any:  # noqa: D103
    return _tensor(np.argmin(_array(inputs), None if dim is None else _number(dim), keepdims=bool(keepdim)))


def _gelu(inputs: Any, *, approximate: str = "none") -> Any:
    return gelu_ext(inputs, approximate == "tanh")


def _einsum(equation: str, *operands: Any) -> Any:
    return _tensor(np.einsum(equation, *map(_array, operands)), None, operands[0])


def _repeat(self: Any, *times: Any) -> Any:
    times = times[0] if isinstance(times[0], tuple | list) else times
    return _tensor(np.tile(_array(self), times), None, self)


# Shapes and orders.


def _nonzero(inputs: Any, *, as_tuple: bool = False) -> Any:
    found = np.nonzero(_array(inputs))
    return tuple(map(_tensor, found)) if as_tuple else _tensor(np.stack(found, -1))


def _where(where: Callable[..., Any]) -> Callable[..., Any]:
    """Make `where` of a condition alone from `nonzero`, and leave the rest to MindSpore."""
    return lambda condition, *choices: where(condition, *choices) if choices else _nonzero(condition, as_tuple=True)


@_kernel
def repeat_interleave_int(inputs: Any, repeats: Any, dim: Any, _size: Any) -> Any:  # noqa: D103
    return _tensor(np.repeat(_array(inputs), _number(repeats), None if dim is None else _number(dim)), None, inputs)


@_kernel
def reflection_pad_1d(inputs: Any, padding: Any) -> Any:  # noqa: D103
    values, (before, after) = _array(inputs), _pair(padding)
    return _tensor(np.pad(values, [*[(0, 0)] * (values.ndim - 1), (before, after)], mode="reflect"), None, inputs)


@_kernel
def stack_ext(tensors: Any, dim: Any) -> Any:  # noqa: D103
    return _tensor(np.stack([_array(each) for each in tensors], dim), None, tensors[0])


@_kernel
def tril_ext(inputs: Any, diagonal: Any) -> Any:  # noqa: D103
    return _tensor(np.tril(_array(inputs), _number(diagonal)), None, inputs)


@_kernel
def cumsum_ext(inputs: Any, dim: Any, dtype: int | None) -> Any:  # noqa: D103
    return _tensor(np.cumsum(_array(inputs), _number(dim)), dtype, None if dtype else inputs)


@_kernel
def constant_pad_nd(inputs: Any, padding: Any, value: Any) -> Any:  # noqa: D103
    values, sides = _array(inputs), [int(_number(each)) for each in padding]
    pairs = [(0, 0)] * (values.ndim - len(sides) // 2) + [*zip(sides[::2], sides[1::2], strict=True)][::-1]
    cut = tuple(slice(max(-a, 0), values.shape[i] - max(-b, 0)) for i, (a, b) in enumerate(pairs))
    grown = [(max(a, 0), max(b, 0)) for a, b in pairs]
    return _tensor(np.pad(values[cut], grown, constant_values=_number(value) or 0), None, inputs)


@_kernel
def roll(inputs: Any, shifts: Any, dims: Any) -> Any:  # noqa: D103
    return _tensor(np.roll(_array(inputs), shifts, dims), None, inputs)


@_kernel
def index_select(inputs: Any, dim: Any, index: Any) -> Any:  # noqa: D103
    return _tensor(np.take(_array(inputs), _array(index), _number(dim)), None, inputs)


@_kernel
def sort_ext(inputs: Any, dim: Any, descending: Any, _stable: Any) -> Any:  # noqa: D103
    values = _array(inputs)
    order = np.argsort(-values if descending else values, _number(dim), kind="stable")
    return _tensor(np.take_along_axis(values, order, _number(dim)), None, inputs), _tensor(order)


@_kernel
def topk_ext(inputs: Any, k: Any, dim: Any, largest: Any, _sorted: Any) -> Any:  # noqa: D103
    values, order = sort_ext(inputs, dim, largest, True)
    first = (slice(None),) * (_number(dim) % len(inputs.shape)) + (slice(0, _number(k)),)
    return _tensor(values.asnumpy()[first]), _tensor(order.asnumpy()[first])


@_kernel
def one_hot_ext(inputs: Any, classes: Any, on: Any, off: Any, axis: Any) -> Any:  # noqa: D103
    indices = _array(inputs)
    classes = _number(classes) if _number(classes) != -1 else int(indices.max()) + 1
    hits = np.moveaxis(indices[..., None] == np.arange(classes), -1, axis)
    return _tensor(np.where(hits, _number(on), _number(off)).astype(np.int64))


@_kernel
def clone(inputs: Any) -> Any:  # noqa: D103
    return _tensor(_array(inputs).copy(), None, inputs)


_FUNCTIONS: dict[str, Callable[..., Any]] = {"gelu": _gelu}
_METHODS: dict[str, Callable[..., Any]] = {"fill_": _fill_, "clamp_": _clamp_, "clone": clone, "nonzero": _nonzero, "repeat": _repeat}
