"""Tests of `lazycell.inference._domain`: what a value can still be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell.inference._domain import ANYTHING, NATURAL, TRUTH, Domain, divisors_of, exactly, union

listed = st.sets(st.integers(-4, 9)).map(lambda numbers: tuple(sorted(numbers)))
ranges = st.builds(range, st.integers(-4, 9), st.integers(-4, 9))
numbers = listed | ranges


@given(numbers, numbers)
def test_among_is_the_intersection(left: range | tuple[int, ...], right: range | tuple[int, ...]) -> None:
    """Of ranges and of lists, ascending."""
    assert list(Domain(left).among(right).numbers) == sorted(set(left) & set(right))


@given(st.lists(listed, min_size=1, max_size=3))
def test_union_holds_the_values_of_all(parts: list[tuple[int, ...]]) -> None:
    """And no others, where all can be listed."""
    assert union([Domain(each) for each in parts]).numbers == tuple(sorted(set().union(*parts)))


def test_union_with_a_range_that_has_no_end_is_a_range() -> None:
    """Whatever is between is in it; other values stay what they are."""
    joined = union([NATURAL, exactly(None), exactly(-3)])
    assert joined.numbers[:5] == range(-3, 2)
    assert joined.others == {None}
    assert union([NATURAL, ANYTHING]).others is None


@pytest.mark.parametrize(
    ("domain", "is_value", "is_empty"),
    [
        (Domain(range(3, 4)), True, False),
        (Domain((), frozenset({None})), True, False),
        (Domain((2,), frozenset({None})), False, False),
        (Domain((2,), None), False, False),
        (Domain(range(2, 2)), False, True),
        (NATURAL, False, False),
    ],
)
def test_one_value_is_left_or_none(domain: Domain, is_value: bool, is_empty: bool) -> None:
    """Of numbers and others together; of any others, there is always another."""
    assert (domain.is_value, domain.is_empty) == (is_value, is_empty)


def test_truth_values_stay_truth_values() -> None:
    """0 and 1 are equal to them, but `~1` is no condition."""
    assert TRUTH.among((0, 1)).numbers[0] is False
    assert TRUTH.only(bool).value is True


def test_a_float_that_is_a_whole_number_is_no_single_value() -> None:
    """It is equal to one."""
    assert not exactly(3.0).is_value
    assert exactly(3.5).value == 3.5


@given(st.integers(1, 5000))
def test_divisors_are_all_divisors(number: int) -> None:
    """Against trying every number."""
    assert divisors_of(number) == tuple(each for each in range(1, number + 1) if number % each == 0)


def test_divisors_of_huge_numbers_are_not_looked_for() -> None:
    """A product of two large primes takes no longer than a small number: it is given up."""
    assert divisors_of((1 << 61) - 1) is None
    small, large = (1 << 13) - 1, (1 << 31) - 1
    assert divisors_of(small * large) == (1, small, large, small * large)
