"""What is said about a hyperparameter that shapes do not tell: the values that are left, and why they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..declaration import render
from ._domain import UNBOUNDED, Domain, divisors_of
from ._fact import Fact, reduced
from ._solve import Solver

_LONGEST_LIST = 10
_FEWEST_DIVISORS = 3
_MOST_RELATIONS = 2


def reason_of(solver: Solver, paths: Mapping[str, Any], name: str, is_truth: bool) -> str:
    """Say what shapes do tell about a hyperparameter.

    Args:
        solver: what is known.
        paths: the unknowns that the hyperparameter is: itself, or its attributes and items.
        name: of the hyperparameter.
        is_truth: whether it is True or False.
    """
    if paths and name not in paths:
        return _of_object(solver, paths)
    facts = solver.facts_about(name) if paths else []
    if not facts:
        return "no shape depends on it"
    parts = ["True or False fits"] if is_truth else _values(solver.domains[name])
    relations = [_text(solver, fact) for fact in facts if not parts or _several(solver, fact)]
    return "; ".join([*parts, *list(dict.fromkeys(relations))[:_MOST_RELATIONS]])


def _several(solver: Solver, fact: Fact) -> bool:
    return sum(not solver.domains[name].is_value for name in fact.unknowns) > 1


def _of_object(solver: Solver, paths: Mapping[str, Any]) -> str:
    told = [f"{path}={solver.domains[path].value!r}" for path in paths if solver.domains[path].is_value]
    open_ = [path for path in paths if not solver.domains[path].is_value]
    parts = [f"shapes tell {', '.join(told)}"] if told else []
    return "; ".join(parts + ([f"they do not tell {', '.join(open_)}"] if open_ else []))


def _text(solver: Solver, fact: Fact) -> str:
    """Write a fact, with the values that are known."""
    try:
        text = render(reduced(fact.expression, solver.domains))
    except Exception:
        text = render(fact.expression)
    guards = [render(condition) if holds else f"~({render(condition)})" for condition, holds in fact.guards]
    where = f" where `{' & '.join(guards)}`" if guards else ""
    if fact.is_size:
        return f"`{text}` is {fact.value}{where}"
    return f"`{text}` {'holds' if fact.value else 'does not hold'}{where}"


def _values(domain: Domain) -> list[str]:
    """Write the values that are left, if that says anything."""
    several = [*_numbers(domain), *sorted(map(repr, domain.others or ()))]
    if not several:
        return []
    text = several[0] if len(several) == 1 else f"{', '.join(several[:-1])} or {several[-1]}"
    return [f"{text} fits"]


def _numbers(domain: Domain) -> list[str]:
    listed = domain.listed()
    if listed:
        low, high = listed[0], listed[-1]
        divisors = divisors_of(high) or () if low > 0 else ()
        if len(listed) > _FEWEST_DIVISORS and listed == divisors[-len(listed) :]:
            return [f"any divisor of {high}" + (f" from {low} on" if low > 1 else "")]
        if len(listed) <= _LONGEST_LIST:
            return [str(each) for each in listed]
        return [f"{low} to {high}"]
    if not domain.numbers:
        return []
    low, high = domain.numbers[0], domain.numbers[-1]
    if high < UNBOUNDED // 2 - 1:
        return [f"{low} to {high}" if low > -UNBOUNDED // 2 else f"{high} or less"]
    return [f"{low} or more"] if low > 0 else []
