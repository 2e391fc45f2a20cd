"""Solve sums: Gaussian elimination over products of unknowns, in exact fractions.

Fused sizes need it: from `heads * size + 2 * kv_heads * size` and `heads * size` follows `kv_heads * size`, although no
unknown is known yet.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from .._frozen import frozen
from ..declaration import Expression, Operation, operate
from ._domain import UNBOUNDED
from ._fact import text_of

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


@frozen(eq=False)
class _Row:
    terms: Sum
    value: Fraction
    sources: frozenset[int]

    def without(self, lead: Product, other: _Row) -> _Row:
        """Subtract as much of another row as takes one product away."""
        if lead not in self.terms:
            return self
        factor = self.terms[lead] / other.terms[lead]
        terms = _plus(self.terms, other.terms, -factor)
        return _Row(terms, self.value - factor * other.value, self.sources | other.sources)


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
        rows.append(_Row(terms, value - terms.pop((), Fraction(0)), frozenset({position})))
    uses = Counter(product for row in rows for product in row.terms)
    joint = [row for row in rows if any(uses[product] > 1 for product in row.terms)][:_MOST_ROWS]
    try:
        reduced = _reduced(joint)
    except TooLong:
        return []
    return [_equation(row, factors) for row in reduced if len(row.sources) > 1]


def _reduced(rows: list[_Row]) -> list[_Row]:
    done: list[_Row] = []
    waiting = sorted(rows, key=lambda row: len(row.terms))
    while waiting:
        row, *waiting = waiting
        if row.terms:
            # What stands in many rows is worth most when it is gone; long products first.
            lead = max(row.terms, key=lambda product: (len(product), product))
            waiting = [other.without(lead, row) for other in waiting]
            done = [other.without(lead, row) for other in done]
        if row.terms or row.value:
            done.append(row)
    return done


def _equation(row: _Row, factors: Mapping[str, Expression]) -> Equation:
    """Write a row with whole numbers that have no common divisor, and with what is added first."""
    numbers = (*row.terms.values(), row.value)
    scale = Fraction(math.lcm(*(number.denominator for number in numbers)))
    if row.terms:
        scale /= math.gcd(*(int(number * scale) for number in numbers)) or 1
        scale = -scale if max(row.terms.values()) < 0 else scale
    expression: Any = 0
    for product, number in sorted(row.terms.items(), key=lambda term: term[1] < 0):
        count = int(number * scale)
        term = functools.reduce(functools.partial(operate, "*"), (factors[factor] for factor in product))
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
            return _plus(sum_of(left, factors), sum_of(right, factors), Fraction(1 if mark == "+" else -1))
        case Operation("+" | "-" as mark, (operand,)):
            return _plus({}, sum_of(operand, factors), Fraction(1 if mark == "+" else -1))
        case Operation("*", (left, right)):
            return _times(sum_of(left, factors), sum_of(right, factors))
        case Operation("**", (base, int() as power)) if 0 < power <= _MOST_POWER:
            result = base_sum = sum_of(base, factors)
            for _ in range(power - 1):
                result = _times(result, base_sum)
            return result
    text = text_of(value)
    factors.setdefault(text, value)
    return {(text,): Fraction(1)}


def _plus(left: Sum, right: Sum, times: Fraction) -> Sum:
    result = dict(left)
    for product, number in right.items():
        result[product] = result.get(product, Fraction(0)) + times * number
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
