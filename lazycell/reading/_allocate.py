"""Memory for large arrays, in the size of pages that the system chooses."""

from __future__ import annotations

import math
import mmap
from typing import Any

import numpy as np

from ._cast import Array

# From here on `numpy.empty` advises huge pages (`_NPY_HUGEPAGE_SIZE`, numpy/core/src/multiarray/alloc.c).
_LARGE = 1 << 22


def empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Give an array of arbitrary values, as `numpy.empty`, but never advise the kernel to use huge pages.

    Memory is not touched here, but by whoever fills it, perhaps several threads at once. That costs more than all else
    of a load, and huge pages make it a lottery: for 1.9 GB 0.2 s at best, against 0.5 s with the system's own choice,
    but 4 to 14 s against 2 to 3 on a busy virtual machine, whose host has to find each of them first.

    Raises:
        MemoryError: there is not so much.
    """
    nbytes = math.prod(shape) * dtype.itemsize
    flags = getattr(mmap, "MAP_PRIVATE", 0) | getattr(mmap, "MAP_ANONYMOUS", 0)
    if nbytes < _LARGE or not flags:
        return np.empty(shape, dtype)
    try:
        memory = mmap.mmap(-1, nbytes, flags=flags)
    except OSError:
        return np.empty(shape, dtype)  # says what could not be had, as a MemoryError
    return np.ndarray(shape, dtype, buffer=memory)
