"""Tests of `lazycell.inference._solve`: facts about expressions, solved for the unknowns."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell.declaration._parse import parse
from lazycell.declaration._symbols import choose, evaluate, max_, min_, symbol
from lazycell.inference._domain import NATURAL, TRUTH, Domain, exactly
from lazycell.inference._fact import Because, Fact, path_of, unknowns_in
from lazycell.inference._solve import Solver

a, b, c, flag = (symbol(name) for name in ("a", "b", "c", "flag"))
DOMAINS = {"a": NATURAL, "b": NATURAL, "c": NATURAL, "flag": TRUTH}


def size(expression: Any, value: int, *guards: tuple[Any, bool]) -> Fact:
    """State that an expression is a number."""
    return Fact(expression, value, True, guards, Because("w", "w"))


def holds(expression: Any, value: bool = True, *guards: tuple[Any, bool]) -> Fact:
    """State that an expression holds."""
    return Fact(expression, value, False, guards, Because(None, "w"))


def told(*facts: Fact, domains: Mapping[str, Domain] = DOMAINS) -> dict[str, Any]:
    """Solve, and give the unknowns that have one value."""
    solver = Solver(facts, domains)
    assert not solver.conflicts
    return {name: domain.value for name, domain in solver.domains.items() if domain.is_value}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([size(4 * a, 64)], {"a": 16}),
        ([size(a + b, 7), size(a, 3)], {"a": 3, "b": 4}),
        ([size(a * b, 4096), size(b, 64)], {"a": 64, "b": 64}),
        ([size(a**2, 49)], {"a": 7}),
        ([size(max_(a, 8), 12)], {"a": 12}),
        ([size(a * b, 12), size(a + b, 7), holds(a > b)], {"a": 4, "b": 3}),
        ([size(a * b, 12), holds(a == b + 1)], {"a": 4, "b": 3}),
        ([size(a, 64), size(a // b, 16)], {"a": 64, "b": 4}),
        ([size(a - b, 3), size(2 * a - b, 10)], {"a": 7, "b": 4}),
        ([size(a * b + 2 * c * b, 6144), size(a * b, 4096), size(b, 128)], {"a": 32, "b": 128, "c": 8}),
        ([size(choose(flag, 2 * a, a), 8), holds(flag)], {"flag": 1, "a": 4}),
        ([size(choose(flag, 2 * a, a), 7)], {"flag": 0, "a": 7}),
        ([size(a, 5, (flag, True)), size(a, 6, (flag, False)), size(2 * a, 12)], {"flag": 0, "a": 6}),
        ([holds(a % b == 0), size(a, 7), holds(b > 1)], {"a": 7, "b": 7}),
        ([holds(~flag)], {"flag": 0}),
        ([holds(flag & (a > 2)), holds(a < 4)], {"flag": 1, "a": 3}),
        ([size(min_(a, b), 3), size(a, 5)], {"a": 5, "b": 3}),
    ],
)
def test_what_the_facts_tell(facts: list[Fact], expected: dict[str, int]) -> None:
    """Each operation is undone; sums are subtracted; what is left is tried."""
    assert told(*facts) == expected


def test_what_the_facts_do_not_tell_stays_open() -> None:
    """With the values that are left."""
    solver = Solver([size(a * b, 64), size(c, 64), holds(c % a == 0)], DOMAINS)
    assert solver.domains["a"].listed() == solver.domains["b"].listed() == (1, 2, 4, 8, 16, 32, 64)
    assert [fact.key for fact in solver.facts_about("a")] == ["a * b = 64", "c % a == 0 = True"]


def test_values_of_other_kinds_are_told_by_comparisons() -> None:
    """A text, None."""
    name, count = symbol("name"), symbol("count")
    domains = {"name": Domain((), None), "count": Domain(NATURAL.numbers, frozenset({None}))}
    assert told(holds(name == "gelu"), domains=domains) == {"name": "gelu"}
    assert told(holds(name == "gelu", False), domains=domains) == {}
    assert told(holds(count == None), domains=domains) == {"count": None}  # noqa: E711
    assert told(size(choose(count == None, 4, count), 8), domains=domains) == {"count": 8}  # noqa: E711


def test_attributes_and_items_are_unknowns_of_their_own() -> None:
    """Of a hyperparameter that is an object, or a tuple."""
    config, kernel = symbol("config"), symbol("kernel")
    assert path_of(config.hidden) == "config.hidden"
    assert path_of(kernel[0]) == "kernel[0]"
    assert path_of(kernel[a]) is path_of(a + 1) is path_of(3) is None
    assert list(unknowns_in(config.hidden * kernel[0] + choose(flag, a, 1))) == [
        "a",
        "flag",
        "kernel[0]",
        "config.hidden",
    ]
    assert told(size(config.hidden * 2, 8), domains={}) == {"config.hidden": 4}


def test_a_contradiction_names_the_facts_and_goes_on() -> None:
    """The fact that failed first, then those that narrowed its unknown before; the others still count."""
    first, second, third = size(a, 3), size(2 * a, 8), size(b, 5)
    solver = Solver([first, second, third], DOMAINS)
    (conflict,) = solver.conflicts
    assert set(conflict.facts) == {first, second}
    assert solver.domains["b"] == exactly(5)


def test_a_contradiction_between_sums_names_the_sums() -> None:
    """Not what was derived from them."""
    facts = [size(a + b, 3), size(a + b, 5)]
    (conflict,) = Solver(facts, DOMAINS).conflicts
    assert set(conflict.facts) == set(facts)


def test_a_contradiction_that_only_trying_finds() -> None:
    """No two numbers have this product and this sum."""
    assert Solver([size(a * b, 12), size(a + b, 9)], DOMAINS).conflicts


def test_a_value_is_assumed_only_if_the_rest_can_go_with_it() -> None:
    """An assumption narrows everything; a refused one nothing."""
    solver = Solver([size(a * b, 64)], DOMAINS)
    assert not solver.assume({"a": 3})
    assert not solver.assume({"a": "gelu"})
    assert solver.assume({"a": 16})
    assert solver.domains["b"] == exactly(4)
    assert Solver([size(a * b, 64)], DOMAINS).example("b") == 1


def test_a_validator_rules_values_out() -> None:
    """Where values are few; and with them those of what is related."""
    solver = Solver([size(a * b, 6), holds(a > b)], DOMAINS, lambda name, known, value: name != "a" or value < 4)
    assert solver.domains["a"] == exactly(3)
    solver = Solver([size(b * a, 16)], DOMAINS, lambda name, known, value: name != "a" or value > 1)
    assert solver.domains["b"].numbers == (1, 2, 4, 8)


@pytest.mark.parametrize("number", [(1 << 61) - 1, 1 << 40, 735134400, ((1 << 31) - 1) * ((1 << 29) - 3)])
def test_huge_sizes_take_no_longer(number: int) -> None:
    """Primes, powers, and numbers of very many divisors."""
    start = time.process_time()
    solver = Solver([size(a * b, number), size(b * c, number), size((a + b) * c, 2 * number)], DOMAINS)
    solver.assume({"a": 1})
    assert time.process_time() - start < 5


# -------------------------------------------------------------------------------------------------------- against trying

SMALL = dict.fromkeys("abc", Domain(range(6))) | {"flag": TRUTH}

FORMS = [
    "({} + {})",
    "({} - {})",
    "({} * {})",
    "({} // max_({}, 1))",
    "({} % max_({}, 1))",
    "min_({}, {})",
    "max_({}, {})",
    "when(flag, {}, otherwise={})",
    "when(a > b, {}, otherwise={})",
]
STATES = ["{} == {}", "{} < {}", "flag & ({} != {})", "~flag | ({} >= {})"]


def _formed(forms: list[str], parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(str.format, st.sampled_from(forms), parts, parts)


numbers = st.recursive(st.sampled_from([*"abc", *"012345"]), lambda parts: _formed(FORMS, parts), max_leaves=5)
conditions = numbers | _formed(STATES, numbers)
truth = st.fixed_dictionaries({name: st.integers(0, 5) for name in "abc"} | {"flag": st.booleans()})
whether = st.tuples(st.sampled_from(["flag", "~flag", "a > b"]), st.booleans())
guards = st.lists(whether, max_size=1).map(tuple)


def _is_true(fact: Fact, values: Mapping[str, Any]) -> bool:
    if any(bool(evaluate(condition, values)) is not wanted for condition, wanted in fact.guards):
        return True
    value = evaluate(fact.expression, values)
    return value == fact.value if fact.is_size else bool(value) is fact.value


@settings(max_examples=150, deadline=None)
@given(truth, st.lists(st.tuples(numbers, guards), max_size=3), st.lists(st.tuples(conditions, guards), max_size=2))
def test_what_is_told_is_what_trying_every_value_tells(values: dict[str, Any], sizes: Any, states: Any) -> None:
    """Over a small range: nothing that is part of a solution is ruled out, and a value that is told is in all."""
    facts = []
    for make, stated in ((size, sizes), (holds, states)):
        for text, guards in stated:
            expression = parse(text)
            value = evaluate(expression, values)
            conditions = ((parse(condition), wanted) for condition, wanted in guards)
            facts.append(make(expression, value if make is size else bool(value), *conditions))
    solver = Solver(facts, SMALL)
    assert not solver.conflicts
    every = [dict(zip(SMALL, each, strict=True)) for each in itertools.product(*[range(6)] * 3, (False, True))]
    solutions = [each for each in every if all(_is_true(fact, each) for fact in facts)]
    for name in SMALL:
        assert all(solver.domains[name].holds(each[name]) for each in solutions), (name, solver.domains[name])
