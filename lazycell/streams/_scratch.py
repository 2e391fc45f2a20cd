"""Arrays that are used again and again by one thread: memory touched for the first time is dear."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..system import Array, Scratch

# Bytes between two arrays. Where one ends exactly where the next begins, numpy (1.26) takes them
# for overlapping, and computes cosines one by one: twenty times as slow.
_GAP = 64


def arrays(scratch: Scratch, count: int, dtype: np.dtype[Any], number: int) -> list[Array]:
    """Give `number` arrays of `count` elements, of no defined content, until `scratch` is asked again."""
    size = (count * dtype.itemsize // _GAP + 2) * _GAP
    buffer = scratch.take(size * number)
    return [buffer[index * size : index * size + count * dtype.itemsize].view(dtype) for index in range(number)]
