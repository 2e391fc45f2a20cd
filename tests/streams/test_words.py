"""Random words, by position, from a key."""

from __future__ import annotations

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lazycell.streams import stream_key
from lazycell.streams._words import BLOCK, Stream

from . import reference

KEY = stream_key(7, "weight")
WHOLE = Stream(KEY).words(0, 2 * BLOCK + 1000)


@given(st.integers(0, 2**63), st.text())
def test_keys_are_those_of_the_formula(seed: int, name: str) -> None:
    """A key is a pure function of seed and name, of 128 bits."""
    key = stream_key(seed, name)
    assert 0 <= key < 2**128
    try:
        assert key == reference.key_of(seed, name)
    except UnicodeEncodeError:  # a lone surrogate: the page says nothing of those
        assert key == stream_key(seed, name)


@given(st.lists(st.tuples(st.integers(-(2**32), 2**64), st.text(alphabet="ab-01\0")), unique=True, min_size=2))
def test_keys_do_not_collide(pairs: list[tuple[int, str]]) -> None:
    """Other seeds and other names have other keys, also where the digits of one run into the other."""
    assert len({stream_key(seed, name) for seed, name in pairs}) == len(pairs)


def test_a_seed_may_be_any_kind_of_integer() -> None:
    """numpy's integers, and True, are what they are equal to."""
    assert stream_key(np.int64(5), "w") == stream_key(5, "w")  # type: ignore[arg-type]
    assert stream_key(True, "w") == stream_key(1, "w")


@given(
    st.one_of(st.integers(0, 300), st.integers(BLOCK - 300, BLOCK + 300), st.integers(0, BLOCK)), st.integers(0, 600)
)
def test_a_slice_is_that_of_the_whole(start: int, count: int) -> None:
    """Also across the end of a block, and none at all."""
    assert np.array_equal(Stream(KEY).words(start, count), WHOLE[start : start + count])


def test_a_slice_may_cover_several_blocks() -> None:
    """From the middle of one to the middle of the one after the next."""
    assert np.array_equal(Stream(KEY).words(BLOCK - 5, BLOCK + 10), WHOLE[BLOCK - 5 : 2 * BLOCK + 5])


def test_blocks_differ_from_each_other_and_between_keys() -> None:
    """No word of 64 bits comes twice among so few."""
    other = Stream(stream_key(7, "bias")).words(0, 1000)
    assert len({*WHOLE.tolist(), *other.tolist()}) == WHOLE.size + other.size


def test_far_blocks_are_reached_without_those_before() -> None:
    """A block of index 2**40 costs what the first one costs."""
    word = Stream(KEY).words(2**40 * BLOCK + 3, 1)
    assert word[0] == reference.block(KEY, 2**40)[3]


def test_what_is_given_is_the_callers() -> None:
    """Laws compute in place in it."""
    first = Stream(KEY).words(0, 10)
    first[:] = 0
    assert np.array_equal(Stream(KEY).words(0, 10), WHOLE[:10])


def test_threads_do_not_disturb_each_other() -> None:
    """Each has a generator of its own."""
    results: dict[int, bool] = {}

    def draw(index: int) -> None:
        words = [Stream(KEY).words(start, 2000) for start in range(index, index + 40)]
        results[index] = all(np.array_equal(each, WHOLE[index + i : index + i + 2000]) for i, each in enumerate(words))

    threads = [threading.Thread(target=draw, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == dict.fromkeys(range(8), True)
