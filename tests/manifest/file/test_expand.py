"""Tests of `lazycell.manifest.file._expand`."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell.manifest.file._expand import take_apart, tree_order
from lazycell.show._collapse import collapse

_SEGMENTS = st.sampled_from(["0", "1", "2", "3", "10", "a", "b", "007", "conv1"])
_NAMES = st.lists(st.lists(_SEGMENTS, min_size=1, max_size=4).map(".".join), unique=True, max_size=30)


@given(_NAMES)
def test_what_was_collapsed_is_expanded(names: list[str]) -> None:
    """A pattern gives exactly its members."""
    for pattern, members in collapse(names):
        found = take_apart(pattern, 100)
        assert found.count == len(members)
        assert sorted(found.names()) == sorted(members)


def test_a_pattern() -> None:
    """By number; what is no range is a word."""
    pattern = take_apart("a.{0,2..3}.{x}.b{1}.{7,9}", 10)
    assert pattern.count == 6
    assert list(pattern.names()) == [f"a.{k}.{{x}}.b{{1}}.{n}" for k in (0, 2, 3) for n in (7, 9)]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("a.{}", "{} holds no indices: write {0..31} or {0,2,5}"),
        ("a.{01}", "{01} holds no indices: write {0..31} or {0,2,5}"),
        ("a.{1...2}", "{1...2} holds no indices: write {0..31} or {0,2,5}"),
        ("a.{3..2}", "{3..2} is not in ascending order"),
        ("a.{1..3,3}", "{1..3,3} is not in ascending order"),
        ("a.{0..100}", "stands for more than 100 parameters"),
        ("{0..9}.{0..9}.{0,1}", "stands for more than 100 parameters"),
        ("{0..999999999999999999}." * 50, "stands for more than 100 parameters"),
        ("{" + "0," * 1000 + "}", "stands for more than 100 parameters"),
    ],
)
def test_refusals(pattern: str, message: str) -> None:
    """The message is the cause."""
    with pytest.raises(ValueError, match=".") as caught:
        take_apart(pattern, 100)
    assert str(caught.value) == message


def test_the_order_of_a_tree() -> None:
    """Words as they come, indices by number in the place of the first, what is below one cell together."""
    names = ["b.x", "b.10.w", "b.z", "b.2.w", "a", "b.2.v", "b", "a.0"]
    assert tree_order(names) == ["b.x", "b.2.w", "b.2.v", "b.10.w", "b.z", "b", "a", "a.0"]


@given(_NAMES)
def test_an_order_of_a_tree_stays(names: list[str]) -> None:
    """Nothing is lost, and a second time changes nothing."""
    once = tree_order(names)
    assert sorted(once) == sorted(names)
    assert tree_order(once) == once


def test_names_of_many_segments() -> None:
    """Time goes with the length of the text, also for names that part late."""
    long = "a." * 50_000
    started = time.thread_time()
    assert tree_order([long + str(k) for k in (3, 1, 2)]) == [long + str(k) for k in (1, 2, 3)]
    assert time.thread_time() - started < 5
