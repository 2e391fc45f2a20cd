"""Tests of `lazycell.inference._untold`: what is said about a hyperparameter that shapes do not tell."""

from __future__ import annotations

from typing import Any

import pytest

from lazycell.declaration._symbols import symbol
from lazycell.inference._domain import NATURAL, TRUTH, UNBOUNDED, Domain
from lazycell.inference._fact import Because, Fact
from lazycell.inference._solve import Solver
from lazycell.inference._untold import reason_of

a, b, flag = (symbol(each) for each in ("a", "b", "flag"))
RELATED = Fact(a * b >= 0, True, False, (), Because(None, "related"))
BELOW = Domain(range(-UNBOUNDED // 2, 1))


@pytest.mark.parametrize(
    ("domain", "text"),
    [
        (Domain((1, 2, 4, 8)), "any divisor of 8 fits"),
        (Domain((2, 3, 6)), "2, 3 or 6 fits"),
        (Domain(tuple(range(0, 99, 7))), "0 to 98 fits"),
        (Domain((2, 4, 8, 16)), "any divisor of 16 from 2 on fits"),
        (Domain((0, 1), frozenset({None})), "0, 1 or None fits"),
        (Domain((), frozenset({"x", "y"})), "'x' or 'y' fits"),
        (Domain(range(3, UNBOUNDED)), "3 or more fits"),
        (BELOW, "0 or less fits"),
        (NATURAL, ""),
    ],
)
def test_the_values_that_are_left_are_said(domain: Domain, text: str) -> None:
    """As a list, as divisors, as a range; with what relates them to others."""
    solver = Solver([RELATED], {"a": domain, "b": NATURAL})
    relation = "`a * b >= 0` holds"
    assert reason_of(solver, {"a": a}, "a", is_truth=False) == (f"{text}; {relation}" if text else relation)


def test_a_relation_is_written_with_what_is_known() -> None:
    """And with the condition under which it holds."""
    facts = [
        Fact(a * b * symbol("c"), 12, True, ((flag, True),), Because("w", "w")),
        Fact(symbol("c"), 2, True, (), Because("v", "v")),
    ]
    solver = Solver(facts, dict.fromkeys("abc", NATURAL) | {"flag": TRUTH})
    expected = "`a * b * 2` is 12 where `flag`"
    assert reason_of(solver, {"a": a}, "a", is_truth=False) == expected
    assert reason_of(solver, {"flag": flag}, "flag", is_truth=True) == f"True or False fits; {expected}"
    assert reason_of(solver, {}, "other", is_truth=False) == "no shape depends on it"


def test_an_object_is_told_by_its_attributes() -> None:
    """Those that are known, and those that are not."""
    config: Any = symbol("config")
    facts = [Fact(config.rows, 3, True, (), Because("w", "w")), Fact(config.bias, True, False, (), Because(None, ""))]
    solver = Solver(facts, {"config.bias": Domain(range(UNBOUNDED), None)})
    paths = {"config.rows": config.rows, "config.bias": config.bias}
    assert reason_of(solver, paths, "config", is_truth=False) == (
        "shapes tell config.rows=3; they do not tell config.bias"
    )
