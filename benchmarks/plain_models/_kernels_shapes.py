"""Operations that move values about: parts, orders, repetitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._kernel import array, kernel, number, pair, tensor


def nonzero(inputs: Any, *, as_tuple: bool = False) -> Any:
    found = np.nonzero(array(inputs))
    return tuple(map(tensor, found)) if as_tuple else tensor(np.stack(found, -1))


def where(where: Callable[..., Any]) -> Callable[..., Any]:
    """Make `where` of a condition alone from `nonzero`, and leave the rest to MindSpore."""
    return lambda condition, *choices: where(condition, *choices) if choices else nonzero(condition, as_tuple=True)


@kernel
def repeat_interleave_int(inputs: Any, repeats: Any, dim: Any, _size: Any) -> Any:
    return tensor(np.repeat(array(inputs), number(repeats), None if dim is None else number(dim)), None, inputs)


@kernel
def reflection_pad_1d(inputs: Any, padding: Any) -> Any:
    values, (before, after) = array(inputs), pair(padding)
    return tensor(np.pad(values, [*[(0, 0)] * (values.ndim - 1), (before, after)], mode="reflect"), None, inputs)


@kernel
def stack_ext(tensors: Any, dim: Any) -> Any:
    return tensor(np.stack([array(each) for each in tensors], dim), None, tensors[0])


@kernel
def tril_ext(inputs: Any, diagonal: Any) -> Any:
    return tensor(np.tril(array(inputs), number(diagonal)), None, inputs)


@kernel
def cumsum_ext(inputs: Any, dim: Any, dtype: int | None) -> Any:
    return tensor(np.cumsum(array(inputs), number(dim)), dtype, None if dtype else inputs)


@kernel
def constant_pad_nd(inputs: Any, padding: Any, value: Any) -> Any:
    values, sides = array(inputs), [int(number(each)) for each in padding]
    pairs = [(0, 0)] * (values.ndim - len(sides) // 2) + [*zip(sides[::2], sides[1::2], strict=True)][::-1]
    cut = tuple(slice(max(-a, 0), values.shape[i] - max(-b, 0)) for i, (a, b) in enumerate(pairs))
    grown = [(max(a, 0), max(b, 0)) for a, b in pairs]
    return tensor(np.pad(values[cut], grown, constant_values=number(value) or 0), None, inputs)


@kernel
def roll(inputs: Any, shifts: Any, dims: Any) -> Any:
    return tensor(np.roll(array(inputs), shifts, dims), None, inputs)


@kernel
def index_select(inputs: Any, dim: Any, index: Any) -> Any:
    return tensor(np.take(array(inputs), array(index), number(dim)), None, inputs)


@kernel
def sort_ext(inputs: Any, dim: Any, descending: Any, _stable: Any) -> Any:
    values = array(inputs)
    order = np.argsort(-values if descending else values, number(dim), kind="stable")
    return tensor(np.take_along_axis(values, order, number(dim)), None, inputs), tensor(order)


@kernel
def topk_ext(inputs: Any, k: Any, dim: Any, largest: Any, _sorted: Any) -> Any:
    values, order = sort_ext(inputs, dim, largest, True)
    first = (slice(None),) * (number(dim) % len(inputs.shape)) + (slice(0, number(k)),)
    return tensor(values.asnumpy()[first]), tensor(order.asnumpy()[first])


@kernel
def one_hot_ext(inputs: Any, classes: Any, on: Any, off: Any, axis: Any) -> Any:
    indices = array(inputs)
    classes = number(classes) if number(classes) != -1 else int(indices.max()) + 1
    hits = np.moveaxis(indices[..., None] == np.arange(classes), -1, axis)
    return tensor(np.where(hits, number(on), number(off)).astype(np.int64))


@kernel
def clone(inputs: Any) -> Any:
    return tensor(array(inputs).copy(), None, inputs)


def repeat(self: Any, *times: Any) -> Any:
    return tensor(np.tile(array(self), times[0] if isinstance(times[0], tuple | list) else times), None, self)
