"""Memory for large arrays, in the size of pages that the system chooses, made ready for being filled."""

from __future__ import annotations

import ctypes
import functools
import math
import mmap
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


# From here on `numpy.empty` advises huge pages (`_NPY_HUGEPAGE_SIZE`, numpy/core/src/multiarray/alloc.c).
_LARGE = 1 << 22

_MADV_POPULATE_WRITE = 23  # include/uapi/asm-generic/mman-common.h; Python has no name for it
_WORTH_A_CALL = 1 << 18  # bytes: 64 pages


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


def populate(array: Array) -> None:
    """Have the kernel provide the pages of an array that is about to be filled, all in one call.

    Else each page of 4096 bytes costs a fault when it is touched for the first time: 0.36 s for a GiB, against 0.25 s
    this way (`MADV_POPULATE_WRITE` of madvise(2), Linux 5.14). Values stay as they are. Where there is no such call, or
    it fails, nothing happens: the faults do the same, later. So it is with arrays that are small or have gaps.
    """
    if array.nbytes < _WORTH_A_CALL or not array.flags.c_contiguous:
        return
    madvise = _madvise()
    if madvise is not None:
        begin = array.ctypes.data // mmap.PAGESIZE * mmap.PAGESIZE
        madvise(begin, array.ctypes.data + array.nbytes - begin, _MADV_POPULATE_WRITE)


@functools.cache
def _madvise() -> Callable[[int, int, int], int] | None:
    """Give the C library's function; not `mmap.madvise`, which keeps all other threads waiting."""
    try:
        function = ctypes.CDLL(None).madvise if sys.platform == "linux" else None
    except (OSError, AttributeError):
        return None
    if function is not None:
        function.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return function
