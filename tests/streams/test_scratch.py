"""Arrays that one thread uses again and again."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lazycell.streams._scratch import arrays
from lazycell.system._workers import Scratch


@given(st.integers(1, 3000), st.sampled_from(["float32", "float64"]), st.integers(1, 4))
def test_arrays_are_apart(count: int, dtype: str, number: int) -> None:
    """By a cache line at least: numpy takes those that touch for overlapping, and is twenty times as slow."""
    made = arrays(Scratch(), count, np.dtype(dtype), number)
    assert [(each.size, each.dtype.name) for each in made] == [(count, dtype)] * number
    for one, other in itertools.pairwise(made):
        assert other.ctypes.data - (one.ctypes.data + one.nbytes) >= 64


def test_memory_is_used_again() -> None:
    """A second call gives what the first one touched."""
    scratch = Scratch()
    first, second = (arrays(scratch, 1000, np.dtype("float32"), 2)[0] for _ in range(2))
    assert np.shares_memory(first, second)
