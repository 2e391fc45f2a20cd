"""Tests of `lazycell.inference._linear`: what follows from sums."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lazycell.declaration._symbols import evaluate, render, symbol
from lazycell.inference._linear import eliminate

a, b, c, d = (symbol(name) for name in "abcd")


def found(*equations: tuple[Any, int]) -> list[str]:
    """Give what follows, as text."""
    return [f"{render(each.expression)} = {each.value}" for each in eliminate(equations)]


def test_a_sum_of_which_a_part_is_known_tells_the_rest() -> None:
    """Fused heads: products count as they are."""
    assert found((a * b + 2 * c * b, 6144), (a * b, 4096)) == ["b * c = 1024"]
    assert found(((a + 2 * c) * b, 6144), (a * b, 4096)) == ["b * c = 1024"]


def test_two_sums_of_two_unknowns_tell_both() -> None:
    """No unknown is known before."""
    assert sorted(found((a - b, 3), (2 * a - b, 10))) == ["a = 7", "b = 4"]


def test_what_cannot_be_added_is_one_unknown() -> None:
    """A quotient, a maximum."""
    assert found((a // b + c, 9), (a // b, 4)) == ["c = 5"]


def test_a_contradiction_is_an_equation_without_unknowns() -> None:
    """0 is no other number."""
    assert found((a + b, 3), (a + b, 5)) == ["0 = 2"]


def test_single_terms_say_nothing_new() -> None:
    """There is nothing to add or subtract."""
    assert found((a, 3), (b * c, 6), (2 * d, 8)) == []


def test_sums_with_floats_and_with_too_many_terms_are_left_alone() -> None:
    """They are nothing that a size could be, or not worth it."""
    long = (a + b + c + d + 1) ** 4 * (a + b + c + d + 2) ** 4
    assert found((a * 0.5 + b, 3), (b + c, 4), (long, 5)) == []


whole = st.integers(-9, 9)


@given(st.lists(st.tuples(whole, whole, whole), min_size=1, max_size=4), st.tuples(whole, whole, whole))
def test_what_follows_is_true(rows: list[tuple[int, int, int]], values: tuple[int, int, int]) -> None:
    """Of the values that the equations were made of."""
    bound = dict(zip("abc", values, strict=True))
    sums = [x * a + y * (b * c) + z * c + 1 for x, y, z in rows]
    for equation in eliminate([(each, evaluate(each, bound)) for each in sums]):
        assert evaluate(equation.expression, bound) == equation.value
        assert set(equation.sources) <= set(range(len(rows)))
