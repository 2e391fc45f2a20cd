"""Operations that make values: of one kind, at random, and in place."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ._kernel import kernel, number, tensor, write

# Values of a given kind.


@kernel
def arange(start: Any, end: Any, step: Any, dtype: int | None) -> Any:
    return tensor(np.arange(number(start), number(end), number(step)), dtype)


@kernel
def lin_space_ext(start: Any, end: Any, steps: Any, dtype: int | None) -> Any:
    return tensor(np.linspace(number(start), number(end), number(steps), dtype=np.float32), dtype)


@kernel
def fill_scalar(size: Any, value: Any, dtype: int | None) -> Any:
    values = np.full(size, number(value))
    return tensor(values.astype(np.float32) if values.dtype == np.float64 else values, dtype)


@kernel
def full_like(like: Any, value: Any, dtype: int | None) -> Any:
    return tensor(np.full(like.shape, number(value), np.float32), dtype, like)


@kernel
def ones_like_ext(like: Any, dtype: int | None) -> Any:
    return tensor(np.ones(like.shape, np.float32), dtype, like)


@kernel
def zeros_like_ext(like: Any, dtype: int | None) -> Any:
    return tensor(np.zeros(like.shape, np.float32), dtype, like)


# In place.


@kernel
def inplace_zero(tensor: Any) -> Any:
    return write(tensor, 0)


def fill_(self: Any, value: Any) -> Any:
    return write(self, number(value))


def clamp_(self: Any, min: Any = None, max: Any = None) -> Any:
    return write(self, np.clip(self.asnumpy(), min, max))


@kernel
def inplace_erfinv(tensor: Any) -> Any:
    return write(tensor, import_module("scipy.special").erfinv(tensor.asnumpy()))


@kernel
def inplace_normal(tensor: Any, mean: Any, std: Any, seed: Any, offset: Any) -> Any:
    values = _generator(seed, offset).standard_normal(tensor.shape, np.float32)
    return write(tensor, values * np.float32(number(std)) + np.float32(number(mean)))


@kernel
def inplace_uniform(tensor: Any, low: Any, high: Any, seed: Any, offset: Any) -> Any:
    low, high = np.float32(number(low)), np.float32(number(high))
    return write(tensor, _generator(seed, offset).random(tensor.shape, np.float32) * (high - low) + low)


# Random values.


@kernel
def uniform_ext(like: Any, low: Any, high: Any, seed: Any, offset: Any) -> Any:
    low, high = number(low), number(high)
    return tensor(_generator(seed, offset).random(like.shape, np.float32) * (high - low) + low, None, like)


@kernel
def normal_float_float(mean: Any, std: Any, size: Any, seed: Any, offset: Any) -> Any:
    values = _generator(seed, offset).standard_normal(size, np.float32)
    return tensor(values * np.float32(number(std)) + np.float32(number(mean)))


@kernel
def randn(size: Any, seed: Any, offset: Any, dtype: int | None, _device: Any) -> Any:
    return tensor(_generator(seed, offset).standard_normal(size, np.float32), dtype)


@kernel
def rand_ext(size: Any, seed: Any, offset: Any, dtype: int | None, _device: Any) -> Any:
    return tensor(_generator(seed, offset).random(size, np.float32), dtype)


def _generator(seed: Any, offset: Any) -> np.random.Generator:
    return np.random.default_rng([int(number(seed)), int(number(offset))])
