"""Tests of `lazycell.inference._found`: what the walk of a part of a model found."""

from __future__ import annotations

from lazycell.declaration._symbols import symbol
from lazycell.inference._fact import Because, Fact
from lazycell.inference._found import Found, either_way

a, b, flag = (symbol(name) for name in ("a", "b", "flag"))


def size(expression: object, value: int) -> Fact:
    """State that an expression is a number."""
    return Fact(expression, value, True, (), Because("w", "w"))


def test_a_guard_is_put_on_all_that_was_found() -> None:
    """The facts are known under the condition alone."""
    guarded = Found([size(a, 3)], missing=1, used=2).under((flag, False))
    assert [fact.key for fact in guarded.facts] == ["a = 3 if flag is False"]
    assert guarded.distance(2) == 1
    assert guarded.distance(5) == 4


def test_what_both_parts_of_a_condition_say_needs_no_condition() -> None:
    """The rest is known where the condition holds, or where it does not."""
    both = either_way(Found([size(a, 3), size(b, 4)]), Found([size(2 * b, 8), size(a, 3)]), flag)
    assert [fact.key for fact in both.facts] == ["a = 3", "b = 4 if flag is True", "2 * b = 8 if flag is False"]
