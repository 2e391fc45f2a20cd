"""A stored tensor's values, made of its parameters: a form applied to arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .._dtypes import numpy_dtype
from ..declaration import Direction, Fused, Magnitude, Padded, Reshaped, Transposed, leaves
from ..system import Array
from ._norms import norms, with_directions


def joined_dtype(dtypes: Iterable[np.dtype[Any]]) -> np.dtype[Any]:
    """Give the smallest dtype that holds all of `dtypes`."""
    joined, *others = dict.fromkeys(dtypes)
    for other in others:
        try:
            joined = np.promote_types(joined, other)
        except TypeError:  # float16 has the digits, bfloat16 the range
            joined = np.dtype(np.float32)
    return joined


def assembled(form: Any, get: Callable[[str], Array]) -> Array:
    """Make the tensor that a form of blocks stands for.

    Args:
        form: the form.
        get: gives the values of a parameter, in its shape.

    Returns:
        An array; perhaps a view of a parameter's values, perhaps not contiguous.
    """
    match form:
        case Fused(axis, sections):
            parts = [assembled(part, get) for _, part in sections]
            dtype = joined_dtype(part.dtype for part in parts)
            return np.concatenate([part.astype(dtype, copy=False) for part in parts], axis)
        case Transposed(inner, axes):
            return assembled(inner, get).transpose(axes)
        case Reshaped(inner, shape):
            return assembled(inner, get).reshape(shape)
        case Padded(inner, axis, before, after):
            part = assembled(inner, get)
            first, last = (
                np.zeros((*part.shape[:axis], size, *part.shape[axis + 1 :]), part.dtype) for size in (before, after)
            )
            return np.concatenate([first, part, last], axis)
        case Magnitude(inner, dim):  # of what is stored, which may have been rounded
            return norms(assembled(inner, get), dim, _stored_dtype(inner))
        case Direction(inner, dim):
            return with_directions(assembled(inner, get), dim, _stored_dtype(inner))
    block: Array = form.take(get(form.parameter))
    return block


def _stored_dtype(form: Any) -> np.dtype[Any]:
    return joined_dtype(numpy_dtype(block.dtype) for block in leaves(form))
