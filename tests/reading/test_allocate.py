"""Tests of `lazycell.reading._allocate`."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from lazycell._dtypes import numpy_dtype
from lazycell.reading._allocate import empty


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "bool"])
@pytest.mark.parametrize("shape", [(), (0, 3), (5, 7), (3000, 4001)])
def test_it_is_an_array_to_be_filled(shape: tuple[int, ...], dtype: str) -> None:
    """Of the shape and dtype, writable, in order, aligned, small or large."""
    array = empty(shape, numpy_dtype(dtype))
    assert array.shape == shape
    assert array.dtype == numpy_dtype(dtype)
    assert array.flags.c_contiguous
    assert array.flags.aligned
    array[...] = 1
    assert (array == 1).all()


def test_two_arrays_share_nothing() -> None:
    """Nor does a process that is forked later: the memory is private."""
    one, two = (empty((1 << 21,), np.dtype(np.float32)) for _ in range(2))
    assert not np.shares_memory(one, two)


def test_huge_pages_are_not_advised() -> None:
    """The kernel says what was asked of it for each mapping (`hg`: advised)."""

    def flags(array: np.ndarray) -> str:
        address, found = array.ctypes.data + array.nbytes // 2, ""
        for line in Path("/proc/self/smaps").read_text().splitlines():
            place = re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line)
            if place:
                inside = int(place[1], 16) <= address < int(place[2], 16)
            elif inside and line.startswith("VmFlags:"):
                found = line
        return found

    array = empty((1 << 24,), np.dtype(np.float32))
    assert "wr" in flags(array).split()
    assert "hg" not in flags(array).split()


def test_more_than_there_is() -> None:
    """The error is numpy's, which says how much of what was asked for."""
    with pytest.raises(MemoryError, match="float32"):
        empty((1 << 58,), np.dtype(np.float32))
