"""Solve sums: Gaussian elimination over products of unknowns, in exact fractions.

Fused sizes need it: from `heads * size + 2 * kv_heads * size` and `heads * size` follows `kv_heads * size`, although no
unknown is known yet.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import attrs

from .._frozen import frozen
from ..declaration._symbols import Expression, Operation, operate, render
from ._domain import UNBOUNDED

_MOST_TERMS = 64
_MOST_ROWS = 64
_MOST_POWER = 4

Product = tuple[str, ...]
"""Factors, each by its text, in alphabetical order; none: the number 1."""

Sum = dict[Product, Fraction]


class TooLong(Exception):
    """An expression has more terms than it is worth."""


@frozen(eq=False)
class Equation:
    """A sum of products that is a number, and the equations that it follows from, by their positions."""

    expression: Any
    value: int
    sources: tuple[int, ...]


@attrs.define(eq=False)
class _Row:
    terms: Sum
    value: Fraction
    sources: frozenset[int]

    def less(self, other: _Row, factor: Fraction) -> _Row:
        terms = dict(self.terms)
        for product, number in other.terms.items():
            terms[product] = terms.get(product, Fraction(0)) - factor * number
        left = {product: number for product, number in terms.items() if number}
        return _Row(left, self.value - factor * other.value, self.sources | other.sources)


def eliminate(equations: Iterable[tuple[Any, int]]) -> list[Equation]:
    """Give what follows from equations by adding and subtracting them, those that say something new alone.

    Args:
        equations: expressions, each with the number that it is.
    """
    factors: dict[str, Expression] = {}
    rows: list[_Row] = []
    for position, (expression, value) in enumerate(equations):
        try:
            terms = sum_of(expression, factors)
        except TooLong:
            continue
        constant = terms.pop((), Fraction(0))
        rows.append(_Row(terms, value - constant, frozenset({position})))
    joint = _sharing(rows)
    return [_equation(row, factors) for row in _reduced(joint) if len(row.sources) > 1]


def _sharing(rows: list[_Row]) -> list[_Row]:
    """Keep the equations that have a term in common with another; the others say nothing new."""
    uses = Counter(product for row in rows for product in row.terms)
    return [row for row in rows if any(uses[product] > 1 for product in row.terms)][:_MOST_ROWS]


def _reduced(rows: list[_Row]) -> list[_Row]:
    done: list[_Row] = []
    waiting = sorted(rows, key=lambda row: len(row.terms))
    while waiting:
        row = waiting.pop(0)
        if not row.terms:
            if row.value:
                done.append(row)
            continue
        # What stands in many rows is worth most when it is gone; long products first.
        lead = max(row.terms, key=lambda product: (len(product), product))
        pivot = row.terms[lead]

        def without(other: _Row, row: _Row = row, lead: Product = lead, pivot: Fraction = pivot) -> _Row:
            return other.less(row, other.terms[lead] / pivot) if lead in other.terms else other

        waiting = [without(other) for other in waiting]
        done = [without(other) for other in done]
        done.append(row)
    return done


def _equation(row: _Row, factors: Mapping[str, Expression]) -> Equation:
    scale = Fraction(math.lcm(*(number.denominator for number in row.terms.values()), row.value.denominator))
    common = math.gcd(*(int(number * scale) for number in (*row.terms.values(), row.value)))
    scale /= max(common, 1) if row.terms else 1
    if row.terms and all(number < 0 for number in row.terms.values()):
        scale = -scale
    expression: Any = 0
    for product, number in sorted(row.terms.items(), key=lambda term: term[1] < 0):
        term: Any = None
        for factor in product:
            term = factors[factor] if term is None else operate("*", term, factors[factor])
        count = int(number * scale)
        term = term if abs(count) == 1 else operate("*", abs(count), term)
        if isinstance(expression, int):
            expression = term if count > 0 else operate("-", term)
        else:
            expression = operate("+" if count > 0 else "-", expression, term)
    return Equation(expression, int(row.value * scale), tuple(sorted(row.sources)))


def sum_of(value: Any, factors: dict[str, Expression]) -> Sum:
    if isinstance(value, int):
        return {(): Fraction(value)} if value else {}
    if not isinstance(value, Expression):
        raise TooLong
    match value._node:
        case Operation("+" | "-" as mark, (left, right)):
            return _plus(sum_of(left, factors), sum_of(right, factors), 1 if mark == "+" else -1)
        case Operation("+" | "-" as mark, (operand,)):
            return _plus({}, sum_of(operand, factors), 1 if mark == "+" else -1)
        case Operation("*", (left, right)):
            return _times(sum_of(left, factors), sum_of(right, factors))
        case Operation("**", (base, int() as power)) if 0 < power <= _MOST_POWER:
            result = base_sum = sum_of(base, factors)
            for _ in range(power - 1):
                result = _times(result, base_sum)
            return result
    text = render(value)
    factors.setdefault(text, value)
    return {(text,): Fraction(1)}


def _plus(left: Sum, right: Sum, sign: int) -> Sum:
    result = dict(left)
    for product, number in right.items():
        result[product] = result.get(product, Fraction(0)) + sign * number
    return _short(result)


def _times(left: Sum, right: Sum) -> Sum:
    if len(left) * len(right) > _MOST_TERMS:
        raise TooLong
    result: Sum = {}
    for one, count in left.items():
        for other, number in right.items():
            product = tuple(sorted(one + other))
            result[product] = result.get(product, Fraction(0)) + count * number
    return _short(result)


def _short(terms: Sum) -> Sum:
    left = {product: number for product, number in terms.items() if number}
    if len(left) > _MOST_TERMS or any(abs(number) > UNBOUNDED for number in left.values()):
        raise TooLong
    return left
