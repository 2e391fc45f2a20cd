"""Tests of `lazycell.system._allocate`."""

from __future__ import annotations

import ctypes
import re
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lazycell._dtypes import numpy_dtype
from lazycell.system._allocate import _madvise, empty, populate


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


@pytest.fixture
def fresh_lookup() -> Iterator[None]:
    """Look the function of the C library up again, before and after."""
    _madvise.cache_clear()
    yield
    _madvise.cache_clear()


def test_populated_pages_are_there_before_they_are_touched() -> None:
    """Filling them causes no faults any more; the values around them stay."""
    array = empty((1 << 22,), np.dtype(np.float32))
    array[0] = array[-1] = 7
    populate(array[1:-1])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    array[1:-1] = 3
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    assert faults < array.nbytes // 4096 // 2
    assert array[0] == array[-1] == 7


@pytest.mark.parametrize("case", ["small", "with gaps", "empty"])
def test_populate_leaves_other_arrays_alone(case: str) -> None:
    """Whatever it is called with keeps its values."""
    array = np.arange(1 << 18, dtype=np.float32).reshape(512, 512)
    part = {"small": array[:3], "with gaps": array[:, ::2], "empty": array[:0]}[case]
    populate(part)
    assert (array.reshape(-1) == np.arange(1 << 18)).all()


def test_a_kernel_that_cannot_populate(monkeypatch: pytest.MonkeyPatch) -> None:
    """The call fails (here: there is no such advice), and the array is as good as before."""
    monkeypatch.setattr("lazycell.system._allocate._MADV_POPULATE_WRITE", 9999)
    array = empty((1 << 22,), np.dtype(np.float32))
    populate(array)
    array[...] = 1
    assert (array == 1).all()


@pytest.mark.usefixtures("fresh_lookup")
@pytest.mark.parametrize("missing", ["system", "library", "function"])
def test_a_system_without_madvise(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """Nothing is called."""

    def library(name: None) -> object:
        if missing == "library":
            raise OSError("no such library")
        return object()

    if missing == "system":
        monkeypatch.setattr(sys, "platform", "win32")
    else:
        monkeypatch.setattr(ctypes, "CDLL", library)
    assert _madvise() is None
    array = empty((1 << 22,), np.dtype(np.float32))
    populate(array)
    array[...] = 1
    assert (array == 1).all()
