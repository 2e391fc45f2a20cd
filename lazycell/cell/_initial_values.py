"""The values that a parameter will begin with, or a part of them, without a net: for a rank that holds a slice."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _dtypes
from ..mesh import Place
from ..parameters import draw, explained, law_in
from ..streams import Job, fill, stream_key
from ..system import Array
from ._initializers import find_initializer

Index = slice | Sequence[slice]


def initial_values(
    initializer: Any, shape: Sequence[int], dtype: Any = "float32", *, name: str, seed: int, index: Index = ()
) -> Array:
    """Give the values that `init_parameters_data(seed)` gives the parameter `name`, or a part of them.

    Nothing but the part takes memory, however large the tensor is: each rank of a sharded model can begin with its own
    slice of the values that a single process would have.

    Args:
        initializer: as in `Param[initializer, shape]`: a name, a number, an `Initializer`, or a function.
        shape: of the whole parameter.
        dtype: of the parameter.
        name: its full name, `layers.0.weight`.
        seed: as given to `init_parameters_data` or `mindspore.set_seed`.
        index: for each axis, from the first on, which part: slices without a step; axes that are left out are whole.

    Returns:
        A new numpy array, `whole[index]`.

    Raises:
        DeclarationError: no initializer goes by that name, or it needs arguments.
        InitializationError: the initializer cannot give values of this shape and dtype.
        TypeError, IndexError, ValueError: `index` does not fit the shape.
    """
    dtype_name, extents = _dtypes.dtype_name(dtype), tuple(operator.index(size) for size in shape)
    box = _box(index, extents)
    made, key = find_initializer(initializer), stream_key(seed, name)
    with explained(repr(name), made, extents, dtype_name):
        law = law_in(made, extents, dtype_name)
        if law is None:
            return np.array(draw(made, extents, dtype_name, key)[box])
    place = Place(extents, tuple(((each.start, each.stop),) for each in box), (None,) * len(box))
    values: Array = np.empty(place.shape, _dtypes.numpy_dtype(dtype_name))
    fill([Job(law, key, values, dtype_name, None if place.shape == extents else place)])
    return values


def _box(index: Index, shape: tuple[int, ...]) -> tuple[slice, ...]:
    parts = (index,) if isinstance(index, slice) else tuple(index)
    if len(parts) > len(shape):
        raise IndexError(f"index has {len(parts)} slices, the shape {shape} has {len(shape)} axes")
    box = []
    for axis, size in enumerate(shape):
        part = parts[axis] if axis < len(parts) else slice(None)
        if not isinstance(part, slice):
            raise TypeError(f"index takes slices, and axis {axis} was given a {type(part).__name__}: {part!r}")
        start, stop, step = part.indices(size)
        if step != 1:
            raise ValueError(f"index takes slices without a step, and axis {axis} was given {part!r}")
        box.append(slice(start, max(start, stop)))
    return tuple(box)
