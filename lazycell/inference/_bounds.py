"""What one fact leaves of its unknowns: all of a single one's values are tried, or halved where they have no end."""

from __future__ import annotations

import bisect
from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import Any

from ..declaration import Call, Expression, Name, Operation, evaluate, operate
from ._domain import ANYTHING, NONE, Domain, divisors_of
from ._fact import are_whole, is_number, reduced, unknowns_in
from ._linear import TooLong, sum_of

Domains = Mapping[str, Domain]

_MOST_POWER = 64
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})


class Impossible(Exception):
    """No values make a fact true."""

    def __init__(self, unknown: str | None = None) -> None:
        super().__init__(unknown)
        self.unknown = unknown


def narrowed(expression: Any, value: Any, is_size: bool, domains: Domains) -> dict[str, Domain]:
    """Give what is left of the unknowns of an expression that is `value`, of those that can be less.

    Raises:
        Impossible: nothing is left.
    """
    try:
        left = reduced(expression, domains)
    except Exception:  # Python refuses the arithmetic: no such model can be made, unless a choice is still open
        if all(domains.get(name, ANYTHING).is_value for name in unknowns_in(expression)):
            raise Impossible from None
        return {}
    found: dict[str, Domain] = {}
    for part, truth in [(left, value)] if is_size else _parts(left, value, domains):
        found |= _of_part(part, truth, is_size, ChainMap(found, domains))  # type: ignore[arg-type]
    return found


def decided(condition: Any, domains: Domains) -> bool | None:
    """Tell whether a condition holds, or None where that is open."""
    ways = []
    for truth in (True, False):
        try:
            narrowed(condition, truth, False, domains)
            ways.append(truth)
        except Impossible:
            pass
    return ways[0] if len(ways) == 1 else None


def _parts(left: Any, value: bool, domains: Domains) -> Iterator[tuple[Any, bool]]:
    """Take a condition apart: each part is known to hold, or to fail."""
    if isinstance(left, Expression):
        match left._node:
            case Operation("&" | "|" as mark, (one, other)):
                neutral = mark == "&"  # `a & True` is what `a` is, and so is `a | False`
                if value is neutral:
                    yield from _parts(one, value, domains)
                    yield from _parts(other, value, domains)
                    return
                for here, there in ((one, other), (other, one)):
                    if here is neutral and _is_truth(there, domains):
                        yield from _parts(there, value, domains)
                        return
            case Operation("~", (operand,)) if _is_truth(operand, domains):
                yield from _parts(operand, not value, domains)
                return
    yield left, value


def _is_truth(value: Any, domains: Domains) -> bool:
    """Tell whether a value is True or False for certain: of a number, `~` is another number."""
    if not isinstance(value, Expression):
        return isinstance(value, bool)
    match value._node:
        case Name(name):
            domain = domains.get(name, ANYTHING)
            return domain.is_whole and all(isinstance(each, bool) for each in domain.numbers[:3])
        case Operation(mark, operands):
            return mark in _COMPARISONS or (mark in "&|~" and all(_is_truth(each, domains) for each in operands))
    return False


def _of_part(left: Any, value: Any, is_size: bool, domains: Domains) -> dict[str, Domain]:
    if not isinstance(left, Expression):
        if (left == value) if is_size else (bool(left) is value):
            return {}
        raise Impossible
    found: dict[str, Domain] = {}
    for name, numbers in _factors(left, value, is_size, domains):
        found[name] = found.get(name, domains[name]).among(numbers)
    names = list(unknowns_in(left))
    if len(names) == 1:
        name = names[0]
        found[name] = _only(name, found.get(name, domains.get(name, ANYTHING)), left, value, is_size)
    for name, domain in found.items():
        if domain.is_empty:
            raise Impossible(name)
    return {name: domain for name, domain in found.items() if domain != domains.get(name, ANYTHING)}


# --------------------------------------------------------------------------------------------------------- one unknown


def _only(name: str, domain: Domain, left: Expression, value: Any, is_size: bool) -> Domain:
    """Give the values of the only unknown in `left` with which it is `value`."""

    def fits(candidate: Any) -> bool:
        try:
            found = evaluate(left, {name: candidate})
        except Exception:
            return False
        return (isinstance(found, int) and found == value) if is_size else bool(found) is value

    match left._node:
        case Operation("==" | "!=" as mark, (Expression(_node=Name()), plain)) if (mark == "==") is value:
            if not isinstance(plain, Expression) and not is_number(plain):
                return Domain((), frozenset({plain})) if domain.holds(plain) else Domain(())
            domain = Domain(domain.numbers) if not isinstance(plain, Expression) else domain
    kept = domain.only(fits)
    others, numbers = kept.others, kept.numbers
    if others is None and is_size and not _has_call(left):
        others = NONE  # of a float, no arithmetic makes a size; only `max_(x, 1)` may be one
    if domain.listed() is None:
        numbers = _of_many(name, domain.numbers, left, value, is_size)
    return Domain(numbers, others)


def _has_call(value: Any) -> bool:
    if not isinstance(value, Expression):
        return False
    match value._node:
        case Operation(_, operands):
            return any(map(_has_call, operands))
        case Name():
            return False
    return True


def _of_many(name: str, numbers: Any, left: Expression, value: Any, is_size: bool) -> Any:
    if is_size:
        return _halved(name, numbers, left, value, int)
    match left._node:
        case Operation("==" | "!=" as mark, (one, other)):
            if not all(isinstance(each, Expression) or is_number(each) for each in (one, other)):
                return numbers if (mark == "!=") is value else ()  # a number is never equal to a text
            difference = operate("-", one, other)
            if (mark == "==") is value:
                return _halved(name, numbers, difference, 0, int)
            same = _halved(name, numbers, difference, 0, int)
            if same is not numbers and same:  # a range has no holes: what is taken away is an end of it
                return numbers[len(same) :] if same[0] == numbers[0] else numbers
            return numbers
    return _halved(name, numbers, left, value, bool)


def _halved(name: str, numbers: range, expression: Expression, value: int, kind: type[int]) -> range:
    """Give the numbers with which a rising or falling expression is `value`, or all where it is neither."""
    rise, natural = _rise(expression, numbers[0] >= 0)
    if rise is None or (kind is bool and not natural):
        return numbers

    def at(number: int) -> int:
        return rise * kind(evaluate(expression, {name: number}))

    for rest in (numbers, numbers[1:]):  # `6 // x` is nothing for 0
        try:
            first = bisect.bisect_left(rest, rise * value, key=at)
            return rest[first : bisect.bisect_right(rest, rise * value, first, key=at)]
        except ArithmeticError:
            continue
    return numbers


def _rise(value: Any, is_natural: bool) -> tuple[int | None, bool]:
    """Tell how an expression goes with its one unknown, 1 up, -1 down, 0 neither, None unknown; and whether it is ≥ 0.

    Args:
        value: the expression, or a plain value.
        is_natural: whether its unknown is 0 or more.
    """
    if not isinstance(value, Expression):
        return (0, value >= 0) if isinstance(value, int) else (None, False)
    match value._node:
        case Name():
            return 1, is_natural
        case Call("min_" | "max_", arguments):
            sides = [_rise(each, is_natural) for each in arguments]
            return _together(*(rise for rise, _ in sides)), all(natural for _, natural in sides)
        case Operation("-", (operand,)):
            rise, _ = _rise(operand, is_natural)
            return _less(rise), False
        case Operation("**", (base, int() as power)) if 0 < power <= _MOST_POWER:
            rise, natural = _rise(base, is_natural)
            return (rise if natural else None), natural
        case Operation(mark, (left, right)):
            (rise, natural), (other, other_natural) = _rise(left, is_natural), _rise(right, is_natural)
            both = natural and other_natural
            if mark == "+" or (mark == "*" and both):
                return _together(rise, other), both
            if mark == "*" and isinstance(right, int):
                return (rise if right >= 0 else _less(rise)), False
            if mark == "*" and isinstance(left, int):
                return (other if left >= 0 else _less(other)), False
            if mark == "//" and (both or (isinstance(right, int) and right > 0)):
                return _together(rise, _less(other)), both
            if mark in ("-", ">", ">="):
                return _together(rise, _less(other)), mark != "-"
            if mark in ("<", "<="):
                return _together(_less(rise), other), True
    return None, False


def _less(rise: int | None) -> int | None:
    return None if rise is None else -rise


def _together(*rises: int | None) -> int | None:
    if None in rises or {1, -1} <= set(rises):
        return None
    return next((rise for rise in rises if rise), 0)


# ----------------------------------------------------------------------------------------------------- several unknowns


def _factors(left: Expression, value: Any, is_size: bool, domains: Domains) -> Iterator[tuple[str, Any]]:
    """Give what a product says about its factors, and a sum about its terms, whatever the others are."""
    total, number, divides = left, value, False
    if not is_size:
        if not (value and are_whole(left, domains)):
            return
        match left._node:
            case Operation("==", (Expression(_node=Operation("%", (int() as whole, divisor))), int() as rest)) if (
                rest == 0
            ):
                total, number, divides = divisor, whole, True
            case Operation("==", (one, other)):
                total, number = operate("-", one, other), 0
            case _:
                return
    try:
        terms = sum_of(total, {})
    except TooLong:
        return
    constant = terms.pop((), 0)
    names = {name for product in terms for name in product}
    if not names <= domains.keys() or (divides and (constant or len(terms) > 1)):
        return
    number -= constant
    natural = {name for name in names if domains[name].is_natural}
    if len(terms) == 1:
        (count,) = terms.values()
        if number % count:
            raise Impossible
        number = int(number // count)
        for name in natural if number > 0 else ():
            yield name, divisors_of(number) or range(1, number + 1)
    elif natural == names and min(terms.values(), default=-1) > 0:
        yield from ((each[0], range(int(number // count) + 1)) for each, count in terms.items() if len(each) == 1)
