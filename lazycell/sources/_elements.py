"""Read a few elements of a stored tensor, for what is computed from them."""

from __future__ import annotations

import numpy as np

from .. import _dtypes
from .._errors import CheckpointFormatError
from ..formats import TensorHeader
from ..system import Array


def read_elements(tensor: TensorHeader, first: int, last: int) -> Array:
    """Read some elements of a tensor that has few bytes an element, those that MindSpore has no dtype for as bytes."""
    dtype = _dtypes.numpy_dtype(tensor.dtype if tensor.is_readable else "uint8")
    array = np.empty((last - first) * dtype.itemsize, np.uint8)
    target, start = array.data, first * dtype.itemsize
    for part in tensor.ranges:
        count = max(0, min(part.nbytes - start, len(target)))
        if count:
            part.read_into(target[:count], start)
            target = target[count:]
        start = max(start + count - part.nbytes, 0)
    if len(target):
        raise CheckpointFormatError(f"tensor {tensor.name!r}: its parts hold fewer bytes than {tensor.shape} takes")
    return array.view(dtype)
