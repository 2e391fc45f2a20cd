"""NumPy's side: nothing but memory, taken and filled. What initializing with one value cannot well do without."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ._work import CONSTANTS, Work

THREADS = min(len(os.sched_getaffinity(0)), 8)
"""As many as lazycell uses: every core that it may, at most eight."""

Net = dict[str, np.ndarray[Any, Any]]


def build(net: None, work: Work) -> Net:
    """Take the memory. It is fresh: the system gives its pages when they are first written."""
    return {name: np.empty(shape, work.dtype) for name, shape in work.shapes()}


def init(net: Net, work: Work) -> Net:
    """Fill every array, in as many threads as lazycell uses; `ndarray.fill` lets the others work."""
    value = CONSTANTS[work.initializer]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda array: array.fill(value), net.values()))
    return net


def shapes(net: Net) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Give the name and shape of each array."""
    for name, array in net.items():
        yield name, array.shape


def arrays(net: Net) -> Iterator[np.ndarray[Any, Any]]:
    """Give the memory of each array, as bytes."""
    for array in net.values():
        yield array.reshape(-1).view(np.uint8)
