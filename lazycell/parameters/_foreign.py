"""Initializers that follow no law of lazycell's, run as they are."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from mindspore import Tensor
from mindspore.common.initializer import Constant, Dirac, Identity, Initializer, One, Zero

from .._dtypes import dtype_name, numpy_dtype
from ..declaration import initializer_text, look_inside
from ._framework import numpy_values

look_inside(Initializer)  # `Normal(sigma)` may be built from a symbol, and prints what it was built from

_MASK32 = 0xFFFFFFFF

# MindSpore's initializers draw from numpy's global generator, which is process-wide: one draw at a time.
_numpy_generator = threading.RLock()


class ComputedTable(Initializer):
    """Initializer of a table that a function computes: ``function(shape, dtype) -> array``.

    Args:
        function: called with the shape (a tuple of ints) and the numpy dtype; returns a numpy array, or anything
            `numpy.asarray` takes, or a Tensor, of that shape. It is called when the values are needed, not before.
    """

    def __init__(self, function: Callable[[tuple[int, ...], Any], Any]) -> None:
        super().__init__(function=function)
        self.function = function

    def compute(self, shape: tuple[int, ...], dtype: str) -> np.ndarray[Any, Any]:
        """Call the function and check what it returned.

        Raises:
            ValueError: the array has another shape than the declared one.
        """
        table = self.function(shape, numpy_dtype(dtype))
        array = numpy_values(table) if isinstance(table, Tensor) else np.asarray(table)
        if array.shape != shape:
            raise ValueError(
                f"{self!r} returned an array of shape {array.shape} for a declared shape of {shape}: "
                f"return an array of the shape that it is given"
            )
        return array

    def _initialize(self, arr: np.ndarray[Any, Any]) -> None:
        arr[...] = self.compute(arr.shape, dtype_name(arr.dtype)).astype(arr.dtype, copy=False)

    def __repr__(self) -> str:
        if isinstance(self.function, functools.partial):
            return initializer_text(self.function)
        name = getattr(self.function, "__qualname__", None) or type(self.function).__qualname__
        return f"{getattr(self.function, '__module__', '?')}.{name}"


# Values that follow from shape and dtype alone.
SEEDLESS = (ComputedTable, Constant, Dirac, Identity, One, Zero)


def describe(initializer: Initializer) -> str:
    """Give an initializer as one would write it in a class body."""
    return initializer_text(initializer.function if isinstance(initializer, ComputedTable) else initializer)


def draw(initializer: Initializer, shape: tuple[int, ...], dtype: str, key: int) -> np.ndarray[Any, Any]:
    """Run `initializer` as it is, with whatever it may draw from in a state that `key` alone decides.

    Args:
        initializer: may draw from `numpy.random`, and read its own `seed`.
        shape: numbers, `()` for a scalar.
        dtype: canonical name.
        key: a stream's key, 128 bits.

    Returns:
        A new, writable, contiguous array. The global state of `numpy.random` is as it was before.
    """
    array: np.ndarray[Any, Any] = np.empty(shape, numpy_dtype(dtype))
    with _numpy_generator:
        state = np.random.get_state()
        own_seed = getattr(initializer, "_seed", None)
        np.random.seed([key >> shift & _MASK32 for shift in (0, 32, 64, 96)])
        initializer.seed = key & 0x7FFFFFFF
        try:
            initializer(array)
        finally:
            initializer.seed = own_seed
            np.random.set_state(state)
    return array
