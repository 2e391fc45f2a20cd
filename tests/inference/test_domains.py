"""Tests of `lazycell.inference._domains`: what values can be, and how arithmetic narrows that."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell.inference._domains import (
    ANY,
    ANYTHING,
    NO,
    NONE,
    UNBOUNDED,
    YES,
    Domain,
    backward,
    divisors_of,
    exactly,
    forward,
    interval,
    truths,
)

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "min_": min,
    "max_": max,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

ends = st.integers(-4, 9)
intervals = st.tuples(ends, ends).map(lambda pair: interval(min(pair), max(pair)))
marks = st.sampled_from(sorted(FUNCTIONS))


def results(mark: str, left: Domain, right: Domain) -> dict[tuple[int, int], int]:
    """Apply an operator to every pair of values, as Python does; what Python refuses is left out."""
    found = {}
    for a in left.candidates(100) or ():
        for b in right.candidates(100) or ():
            try:
                value = FUNCTIONS[mark](a, b)
            except ZeroDivisionError:
                continue
            if isinstance(value, int):
                found[a, b] = int(value)
    return found


@given(marks, intervals, intervals)
def test_forward_holds_every_result(mark: str, left: Domain, right: Domain) -> None:
    """No value that the operands can give is lost."""
    possible = forward(mark, [left, right])
    for operands, value in results(mark, left, right).items():
        assert possible.holds(value), (operands, value, possible)


@given(marks, intervals, intervals, intervals)
def test_backward_keeps_every_operand_of_a_result(mark: str, left: Domain, right: Domain, result: Domain) -> None:
    """No operands that give an allowed result are lost."""
    result = result.both(forward(mark, [left, right]))
    narrowed = backward(mark, [left, right], result)
    for (a, b), value in results(mark, left, right).items():
        if result.holds(value):
            assert narrowed[0].holds(a), (a, b, value, narrowed)
            assert narrowed[1].holds(b), (a, b, value, narrowed)


@pytest.mark.parametrize(
    ("mark", "left", "right", "result", "values"),
    [
        ("+", (0, UNBOUNDED), (3, 3), 10, ({7}, {3})),
        ("-", (10, 10), (0, UNBOUNDED), 4, ({10}, {6})),
        ("*", (0, UNBOUNDED), (4, 4), 64, ({16}, {4})),
        ("*", (0, UNBOUNDED), (0, UNBOUNDED), 12, ({1, 2, 3, 4, 6, 12},) * 2),
        ("//", (0, UNBOUNDED), (4, 4), 5, ({20, 21, 22, 23}, {4})),
        ("//", (64, 64), (0, UNBOUNDED), 16, ({64}, {4})),
        ("%", (12, 12), (0, UNBOUNDED), 0, ({12}, {1, 2, 3, 4, 6, 12})),
        ("%", (20, 30), (7, 7), 1, ({22, 23, 24, 25, 26, 27, 28, 29}, {7})),
        ("**", (0, UNBOUNDED), (3, 3), 125, ({5}, {3})),
        ("**", (2, 2), (0, UNBOUNDED), 32, ({2}, {5})),
        ("min_", (0, UNBOUNDED), (8, 8), 5, ({5}, {8})),
        ("max_", (0, UNBOUNDED), (3, 3), 5, ({5}, {3})),
    ],
)
def test_an_operand_is_told_by_the_result(
    mark: str, left: tuple[int, int], right: tuple[int, int], result: int, values: tuple[set[int], set[int]]
) -> None:
    """Each operation is undone, as far as one result can tell."""
    narrowed = backward(mark, [interval(*left), interval(*right)], exactly(result))
    assert tuple(set(each.candidates(100) or ()) for each in narrowed) == values


def test_a_power_that_cannot_be_ends() -> None:
    """No base is left, and none is looked for."""
    base, exponent = backward("**", [interval(0, 1), interval(3, 3)], interval(100, 1000))
    assert base.is_empty
    assert exponent == exactly(3)


@given(st.integers(1, 5000))
def test_divisors_are_all_divisors(number: int) -> None:
    """Against trying every number."""
    assert divisors_of(number) == tuple(each for each in range(1, number + 1) if number % each == 0)


def test_divisors_of_huge_numbers_are_not_looked_for() -> None:
    """A product of two large primes takes no longer than a small number: it is given up."""
    assert divisors_of((1 << 61) - 1) is None
    small, large = (1 << 13) - 1, (1 << 31) - 1
    assert divisors_of(small * large) == (1, small, large, small * large)


def test_a_whole_result_has_whole_operands() -> None:
    """With a float or None in it, a sum could not be a size."""
    optional = Domain(0, UNBOUNDED, others=frozenset({None}))
    assert backward("+", [optional, exactly(2)], exactly(5))[0] == exactly(3)


def test_a_float_is_never_a_size() -> None:
    """What has a float in it is no whole number."""
    assert forward("*", [exactly(4), exactly(0.5)]).low > forward("*", [exactly(4), exactly(0.5)]).high


def test_values_of_other_kinds_are_told_apart() -> None:
    """By `==` and `!=`, in both directions."""
    names = Domain(1, 0, others=frozenset({"gelu", "relu"}))
    assert forward("==", [names, exactly("silu")]) == NO
    assert forward("==", [exactly("gelu"), exactly("gelu")]) == YES
    assert backward("==", [names, exactly("gelu")], YES)[0] == exactly("gelu")
    assert backward("!=", [names, exactly("gelu")], YES)[0] == exactly("relu")
    assert backward("==", [ANYTHING, exactly("gelu")], YES)[0] == exactly("gelu")


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        (interval(0, 0), (False, True)),
        (interval(0, 5), (True, True)),
        (interval(1, 5), (True, False)),
        (exactly(None), (False, True)),
        (exactly("x"), (True, False)),
        (ANYTHING, (True, True)),
        (Domain(0, 0, others=ANY), (True, True)),
        (Domain(1, 0, others=frozenset({None, "x"})), (True, True)),
    ],
)
def test_truth_is_python_s(domain: Domain, expected: tuple[bool, bool]) -> None:
    """0, None and an empty text are false."""
    assert truths(domain) == expected


@given(intervals, intervals)
def test_both_and_either_are_intersection_and_hull(left: Domain, right: Domain) -> None:
    """Every value of both is in the one, every value of one in the other."""
    mine, theirs = set(left.candidates(100) or ()), set(right.candidates(100) or ())
    assert set(left.both(right).candidates(100) or ()) == mine & theirs
    assert mine | theirs <= set(left.either(right).candidates(100) or ())


def test_candidates_are_those_that_hold() -> None:
    """Divisors, chosen ones, or all of an interval; not where they are too many."""
    assert interval(3, 6).candidates(10) == (3, 4, 5, 6)
    assert Domain(2, 100, divides=12, others=NONE).candidates(5) == (2, 3, 4, 6, 12)
    assert Domain(0, 9, chosen=frozenset({1, 7}), others=NONE).candidates(5) == (1, 7)
    assert interval(0, 1000).candidates(10) is None
    assert ANYTHING.candidates(10) is None


def test_no_factor_of_zero_gives_one() -> None:
    """0 * 0 = 1 has no solution, and says so."""
    zero = interval(0, 0)
    assert all(each.is_empty or each.low > each.high for each in backward("*", [zero, zero], interval(1, 1)))
