"""Parts of tensors are drawn bit for bit as in the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell._dtypes import numpy_dtype
from lazycell.mesh import Place
from lazycell.streams import Identity, Job, Law, Normal, Orthogonal, Sparse, Uniform, fill, stream_key
from lazycell.streams import _fill as module
from lazycell.streams._drawn_runs import runs_of

from .laws import DTYPES, ELEMENTWISE

KEY = stream_key(1, "w")


def cut(whole: Any, place: Place) -> Any:
    """Give the part of an array, by numpy."""
    for axis, ranges in enumerate(place.ranges):
        whole = np.concatenate([whole.take(range(*each), axis) for each in ranges], axis)
    return whole


def part(law: Law, place: Place, drawn: str, out: str | None = None, threads: int | None = None) -> Any:
    """Draw a part into an array that holds what no law gives."""
    array = np.full(place.shape, 99, numpy_dtype(out or drawn))
    fill([Job(law, KEY, array, drawn, place)], threads=threads)
    return array


def place_of(whole: tuple[int, ...], *ranges: tuple[tuple[int, int], ...]) -> Place:
    """Give a place, whatever divides it so."""
    return Place(whole, ranges, (None,) * len(whole))


@st.composite
def places(draw: st.DrawFn) -> Place:
    """Give some ranges of each of a few dimensions."""
    whole = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=4)))
    ranges = []
    for size in whole:
        bounds = sorted(draw(st.sets(st.integers(0, size), min_size=2, max_size=4)))
        pairs = zip(bounds[0::2], bounds[1::2], strict=False)
        ranges.append(((0, size),) if draw(st.booleans()) else tuple(pairs))
    return place_of(whole, *ranges)


@settings(deadline=None)
@given(places(), st.integers(1, 20).map(lambda half: 2 * half))
def test_windows_have_every_element_of_the_part_once_and_in_order(place: Place, size: int) -> None:
    expected = cut(np.arange(np.prod(place.whole)).reshape(place.whole), place).reshape(-1)
    found: list[int] = []
    for window in runs_of(place.whole, place.ranges).windows(size):
        starts, stops, first = window.found()
        if starts.size:
            assert first == len(found)
        for start, stop in zip(starts, stops, strict=True):
            assert window.low <= start < stop <= window.high
            found += range(start, stop)
    assert found == expected.tolist()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("law", ELEMENTWISE, ids=str)
@pytest.mark.parametrize(
    "place",
    [
        place_of((41, 30), ((10, 21),), ((0, 30),)),
        place_of((41, 30), ((0, 41),), ((20, 30),)),
        place_of((41, 31), ((0, 41),), ((5, 6), (17, 24))),
        place_of((6, 7, 3, 3), ((3, 6),), ((1, 6),), ((0, 3),), ((0, 3),)),
        place_of((400,), ((100, 200), (255, 256), (391, 400))),
    ],
    ids=lambda place: str(place.ranges),
)
def test_parts_are_bit_equal_to_the_whole_s(
    place: Place, law: Law, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 64)
    whole: Any = np.empty(place.whole, numpy_dtype(dtype))
    fill([Job(law, KEY, whole, dtype)])
    assert part(law, place, dtype).tobytes() == cut(whole, place).tobytes()


@pytest.mark.parametrize("law", [Orthogonal(0.5), Sparse(0.5, 1.0), Identity()], ids=str)
def test_what_needs_the_whole_is_drawn_whole_and_cut(law: Law) -> None:
    place = place_of((8, 6), ((2, 3), (5, 8)), ((3, 6),))
    whole = np.empty((8, 6), np.float32)
    fill([Job(law, KEY, whole, "float32")])
    assert part(law, place, "float32").tobytes() == cut(whole, place).tobytes()


def test_values_are_rounded_to_what_was_declared_first() -> None:
    place = place_of((40, 50), ((0, 40),), ((7, 20),))
    whole = np.empty((40, 50), np.float32)
    fill([Job(Normal(0.0, 1.0), KEY, whole, "float16")])
    assert part(Normal(0.0, 1.0), place, "float16", "float32").tobytes() == cut(whole, place).tobytes()


@pytest.mark.parametrize("threads", [1, 3])
def test_large_parts_among_others(threads: int) -> None:
    shape = (3, module.CHUNK)
    law, whole = Uniform(-1.0, 1.0), np.empty(shape, np.float32)
    fill([Job(law, KEY, whole, "float32")])
    chosen = [
        place_of(shape, ((0, 3),), ((module.CHUNK // 2 + 1, module.CHUNK),)),
        place_of(shape, ((1, 2),), ((0, module.CHUNK),)),
        place_of(shape, ((0, 3),), ((5, 7), (9, 13))),
    ]
    arrays: list[Any] = [np.full(place.shape, 99, np.float32) for place in chosen]
    done: list[int] = []
    jobs = [Job(law, KEY, out, "float32", place) for out, place in zip(arrays, chosen, strict=True)]
    fill([*jobs, Job(law, KEY, np.empty(9, np.float32), "float32")], done.append, threads=threads)
    for array, place in zip(arrays, chosen, strict=True):
        assert array.tobytes() == cut(whole, place).tobytes()
    assert done[-1] == sum(array.nbytes for array in arrays) + 36


def test_a_part_of_nothing() -> None:
    assert part(Normal(0.0, 1.0), place_of((4, 5), ((2, 2),), ((0, 5),)), "float32").shape == (0, 5)
