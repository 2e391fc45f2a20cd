"""Initializers of what a constructor writes into a parameter without values, in place of an initializer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from mindspore.common.initializer import Constant, Initializer, Normal, One, Uniform, Zero

Write = Callable[[np.ndarray[Any, Any]], None]


class Between(Initializer):
    """The uniform distribution of `uniform_(low, high)`; MindSpore's own has its mean at 0."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__(low=low, high=high)
        self.low, self.high = low, high

    def _initialize(self, arr: np.ndarray[Any, Any]) -> None:
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        unit: np.ndarray[Any, Any] = np.empty(arr.shape, np.float32)
        Uniform(half)(unit)
        arr[...] = (unit + np.float32(middle)).astype(arr.dtype)


class Replayed(Initializer):
    """What somebody's own code draws, made again when the values are needed.

    Args:
        declared: the initializer of the same law. It is what users see, what streams follow, and what pickle keeps.
        write: writes the values into an array.
    """

    def __init__(self, declared: Initializer, write: Write) -> None:
        super().__init__()
        self.declared = declared
        self._write = write

    def _initialize(self, arr: np.ndarray[Any, Any]) -> None:
        self._write(arr)

    def __reduce__(self) -> Any:
        return _same, (self.declared,)


def _same(initializer: Initializer) -> Initializer:
    return initializer


class NumpyDraw(Initializer):
    """What one of MindSpore's layers draws by a function of `numpy.random`.

    Args:
        function: `uniform`, `normal` or `randn`.
        arguments: of the function.
        state: of numpy's generator, in which it is called.
        casts: dtypes that the values go through.
    """

    def __init__(
        self, function: str, arguments: tuple[Any, ...], state: Any, casts: tuple[np.dtype[Any], ...] = ()
    ) -> None:
        super().__init__()
        self._function, self._arguments, self._state, self._casts = function, arguments, state, casts
        parameters = (0.0, 1.0) if function == "randn" else arguments[:2]
        self.declared = uniform(*parameters) if function == "uniform" else normal(*parameters)

    def cast(self, dtype: np.dtype[Any]) -> NumpyDraw:
        """Give what is drawn and then converted."""
        return NumpyDraw(self._function, self._arguments, self._state, (*self._casts, dtype))

    def _initialize(self, arr: np.ndarray[Any, Any]) -> None:
        generator = np.random.RandomState()
        generator.set_state(self._state)
        values = getattr(generator, self._function)(*self._arguments)
        for dtype in self._casts:
            values = values.astype(dtype)
        arr[...] = values


class Edited(Initializer):
    """An initializer, and what was written into parts of its values: `weight[padding_idx] = 0`.

    Args:
        base: gives the values.
        edits: each changes some of them, in this order.
    """

    def __init__(self, base: Initializer, edits: tuple[Write, ...]) -> None:
        super().__init__()
        self.base = base
        self._edits = edits

    @property
    def declared(self) -> Initializer:
        """Give it as users see it."""
        return Edited(declared_by(self.base), self._edits)

    def with_edit(self, edit: Write) -> Edited:
        """Give it with one more."""
        return Edited(self.base, (*self._edits, edit))

    def _initialize(self, arr: np.ndarray[Any, Any]) -> None:
        self.base(arr)
        for edit in self._edits:
            edit(arr)


def declared_by(initializer: Initializer) -> Initializer:
    """Give an initializer as users see it, and as streams follow it."""
    declared: Initializer = getattr(initializer, "declared", initializer)
    return declared


class Put:
    """An edit: one number at an index of numpy's."""

    def __init__(self, index: Any, value: float) -> None:
        self.index, self.value = index, value

    def __call__(self, array: np.ndarray[Any, Any]) -> None:
        array[self.index] = self.value


def edited(initializer: Initializer, edit: Write) -> Edited:
    """Give an initializer with one more edit."""
    return initializer.with_edit(edit) if isinstance(initializer, Edited) else Edited(initializer, (edit,))


def filled_with(value: float) -> Initializer:
    """Give the initializer of one number."""
    if value == 0 and math.copysign(1, value) > 0:
        return Zero()
    return One() if value == 1 else Constant(value)


def normal(mean: float, std: float) -> Initializer:
    """Give the initializer of `normal_(mean, std)`."""
    return Normal(sigma=float(std), mean=float(mean))


def uniform(low: float, high: float) -> Initializer:
    """Give the initializer of `uniform_(low, high)`."""
    return Uniform(float(high)) if low == -high else Between(float(low), float(high))


def constant_in(array: np.ndarray[Any, Any]) -> Initializer | None:
    """Give the initializer of an array whose values are all the same, bit for bit; None for any other."""
    if not array.size or array.dtype.kind == "c" or not array.flags.c_contiguous:
        return None
    bits = array.reshape(-1).view(f"u{array.dtype.itemsize}")
    first = bits[0]
    return None if bits[-1] != first or (bits != first).any() else _filled_with_first(array)


def constant_in_bytes(data: bytes, dtype: np.dtype[Any]) -> Initializer | None:
    """Give the same for the bytes of an array: of a short one, in less time than one call of numpy's takes."""
    width = dtype.itemsize
    if not data or dtype.kind == "c" or data != data[:width] * (len(data) // width):
        return None
    return _filled_with_first(np.frombuffer(data, dtype, 1))


def _filled_with_first(array: np.ndarray[Any, Any]) -> Initializer | None:
    value: Any = array.item(0) if array.dtype.kind in "iubf" else float(array.reshape(-1)[0])
    return None if value != value else filled_with(value)
