"""The checksum of a whole from those of its parts."""

from __future__ import annotations

import itertools
import zlib

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell.saving._linear_crc import contribution, crc_of


@st.composite
def grids(draw: st.DrawFn) -> tuple[tuple[int, ...], list[list[tuple[int, int]]]]:
    """Give a shape, and the ranges into which each of its dimensions is cut."""
    shape = tuple(draw(st.lists(st.integers(1, 9), min_size=0, max_size=4)))
    cuts = []
    for size in shape:
        inner = draw(st.sets(st.integers(1, size - 1), max_size=3)) if size > 1 else set()
        edges = [0, *sorted(inner), size]
        cuts.append(list(itertools.pairwise(edges)))
    return shape, cuts


@settings(max_examples=80, deadline=None)
@given(grids(), st.sampled_from(["u1", "u2", "f4", "f8"]), st.sampled_from([1, 40]), st.integers(0, 1 << 30))
def test_parts_make_the_whole(
    grid: tuple[tuple[int, ...], list[list[tuple[int, int]]]], dtype: str, wide: int, seed: int
) -> None:
    """XORed, the contributions of boxes that cover a tensor are zlib's CRC-32 of it; runs may be short or long."""
    shape, cuts = grid
    shape, cuts = (*shape, wide), [*cuts, [(0, wide)]]
    array = np.frombuffer(np.random.default_rng(seed).bytes(np.dtype(dtype).itemsize * int(np.prod(shape))), dtype)
    array = array.reshape(shape)
    total = 0
    for index in np.ndindex(*(len(each) for each in cuts)):
        box = tuple(each[at] for each, at in zip(cuts, index, strict=True))
        part = np.ascontiguousarray(array[tuple(slice(*each) for each in box)])
        total ^= contribution(part.reshape(-1).view(np.uint8).data, shape, box, array.itemsize)
    assert crc_of(total, array.nbytes) == zlib.crc32(array.tobytes())


def test_nothing_contributes_nothing() -> None:
    """An empty tensor has the checksum of no bytes."""
    assert contribution(memoryview(b""), (0, 3), ((0, 0), (0, 3)), 4) == 0
    assert crc_of(0, 0) == zlib.crc32(b"")
