"""What an operation that is written with NumPy takes and gives."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

KERNELS: dict[str, Callable[..., Any]] = {}


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Say that a function is the operation of its name."""
    KERNELS[function.__name__.strip("_")] = function
    return function


def array(value: Any) -> NDArray[Any]:
    """Give the values of a tensor, in its own memory; a number as it is."""
    return value.asnumpy() if hasattr(value, "asnumpy") else np.asarray(value)


def number(value: Any) -> Any:
    """Give the number that a tensor of one value holds; a number as it is."""
    return value.asnumpy().item() if hasattr(value, "asnumpy") else value


def tensor(values: Any, kind: int | None = None, like: Any = None) -> Any:
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


def write(tensor: Any, values: Any) -> Any:
    """Write into a tensor's own memory."""
    tensor.asnumpy()[...] = values
    return tensor


def pair(value: Any) -> tuple[int, int]:
    """Give two numbers where one may be given for both."""
    numbers = [int(number(each)) for each in value] if isinstance(value, tuple | list) else [int(number(value))]
    return (numbers[0], numbers[-1])
