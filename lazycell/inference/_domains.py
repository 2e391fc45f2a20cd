"""What a value can still be: an interval of whole numbers, perhaps only divisors of something, and other values.

Arithmetic on such domains goes both ways: `forward` gives what a result can be, `backward` what the operands of a
result can still be. Whole numbers only, no floats; every answer errs on the side of leaving a value possible.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Hashable, Sequence
from typing import Any

import attrs

from .._frozen import frozen

UNBOUNDED = 1 << 72
"""Stands for no bound: larger than any size in a file (63 bits)."""

_MOST_DIVISORS = 4096
_TRIAL = 1 << 16
ANY: None = None
"""The `others` of a domain that may hold anything besides whole numbers."""


@frozen
class Domain:
    """A set of values.

    Attributes:
        low: the smallest whole number; with `high` below it there are none. False and True count as 0 and 1.
        high: the largest whole number.
        divides: where not 0: the whole numbers all divide it.
        chosen: where not None: the whole numbers are among these.
        others: the values that are no whole numbers (None, strings, floats); None: any.
    """

    low: int = -UNBOUNDED
    high: int = UNBOUNDED
    divides: int = 0
    chosen: frozenset[int] | None = None
    others: frozenset[Hashable] | None = ANY

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        return self.low > self.high and self.others == NONE

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers alone."""
        return self.others == NONE

    @property
    def is_value(self) -> bool:
        """Whether one value is left."""
        if self.low > self.high:
            return self.others is not ANY and len(self.others) == 1
        return self.low == self.high and self.others == NONE

    @property
    def value(self) -> Any:
        """The value that is left."""
        if self.low <= self.high:
            return self.low
        assert self.others is not ANY
        return next(iter(self.others))

    def holds(self, value: Any) -> bool:
        """Tell whether `value` is one of them, as far as is known."""
        if isinstance(value, int):
            return (
                self.low <= value <= self.high
                and (not self.divides or (value != 0 and self.divides % value == 0))
                and (self.chosen is None or value in self.chosen)
            )
        return self.others is ANY or (isinstance(value, Hashable) and value in self.others)

    def whole(self) -> Domain:
        """Give the whole numbers alone."""
        return self if self.others == NONE else attrs.evolve(self, others=NONE)

    def candidates(self, most: int) -> tuple[int, ...] | None:
        """List the whole numbers, or give None where there are more than `most`, or no end is known."""
        if self.low > self.high:
            return ()
        if self.chosen is not None:
            found: Sequence[int] = sorted(self.chosen)
        elif self.high - self.low < most:
            found = range(self.low, self.high + 1)
        elif self.divides and self.low > 0:
            divisors = divisors_of(self.divides)
            if divisors is None:
                return None
            found = divisors
        else:
            return None
        listed = tuple(value for value in found if self.holds(value))
        return listed if len(listed) <= most else None

    def both(self, other: Domain) -> Domain:
        """Give the values that are in this and in the other."""
        others = other.others if self.others is ANY else self.others
        if self.others is not ANY and other.others is not ANY:
            others = self.others & other.others
        chosen = other.chosen if self.chosen is None else self.chosen
        if self.chosen is not None and other.chosen is not None:
            chosen = self.chosen & other.chosen
        low, high = max(self.low, other.low), min(self.high, other.high)
        divides = math.gcd(self.divides, other.divides)
        if divides:
            high = min(high, divides)
        if low == high and not Domain(divides=divides, chosen=chosen).holds(low):
            low, high = 1, 0
        if chosen is not None:
            chosen = frozenset(value for value in chosen if low <= value <= high)
            low, high = (max(low, min(chosen)), min(high, max(chosen))) if chosen else (1, 0)
        if low >= high:  # nothing more to say about one number, or none
            divides, chosen = 0, None
        return Domain(low, high, divides, chosen, others)

    def either(self, other: Domain) -> Domain:
        """Give a domain that holds the values of both."""
        others = None if self.others is ANY or other.others is ANY else self.others | other.others
        if self.low > self.high:
            return attrs.evolve(other, others=others)
        if other.low > other.high:
            return attrs.evolve(self, others=others)
        return Domain(min(self.low, other.low), max(self.high, other.high), others=others)

    def without(self, value: Any) -> Domain:
        """Give the domain less one value, where that can be said."""
        if isinstance(value, int):
            if self.chosen is not None:
                return self.both(Domain(chosen=self.chosen - {value}))
            if value == self.low:
                return attrs.evolve(self, low=self.low + 1)
            return attrs.evolve(self, high=self.high - 1) if value == self.high else self
        return self if self.others is ANY else attrs.evolve(self, others=self.others - {value})


NONE: frozenset[Hashable] = frozenset()
ANYTHING = Domain()
TRUTH = Domain(0, 1, others=NONE)
YES = Domain(1, 1, others=NONE)
NO = Domain(0, 0, others=NONE)


def interval(low: int, high: int) -> Domain:
    """Give the whole numbers from `low` to `high`, both included."""
    return Domain(max(low, -UNBOUNDED), min(high, UNBOUNDED), others=NONE)


def exactly(value: Any) -> Domain:
    """Give the domain that holds one value."""
    if isinstance(value, int):
        return interval(int(value), int(value))
    # A float that is a whole number compares equal to one; and what cannot be hashed cannot be told apart.
    if not isinstance(value, Hashable) or (isinstance(value, float) and value.is_integer()):
        return ANYTHING
    return Domain(1, 0, others=frozenset({value}))


def truths(domain: Domain) -> tuple[bool, bool]:
    """Tell whether a value of the domain can be true, and whether one can be false."""
    some = domain.low <= domain.high
    is_zero = domain.low == domain.high == 0
    anything = domain.others is ANY
    others = domain.others or NONE
    can_be_true = anything or (some and not is_zero) or any(map(bool, others))
    can_be_false = anything or (some and domain.holds(0)) or not all(map(bool, others))
    return can_be_true, can_be_false


@functools.lru_cache(maxsize=4096)
def divisors_of(number: int) -> tuple[int, ...] | None:
    """List the divisors of a positive number, or give None where that would take long: bounded, whatever it is."""
    factors: dict[int, int] = {}
    rest, factor = number, 2
    while factor <= _TRIAL and factor * factor <= rest:
        while rest % factor == 0:
            factors[factor] = factors.get(factor, 0) + 1
            rest //= factor
        factor += 1 if factor == 2 else 2
    if rest > _TRIAL * _TRIAL:
        return None  # it may or may not be a prime
    if rest > 1:
        factors[rest] = factors.get(rest, 0) + 1
    if math.prod(power + 1 for power in factors.values()) > _MOST_DIVISORS:
        return None
    divisors = [1]
    for prime, power in factors.items():
        divisors = [each * prime**exponent for each in divisors for exponent in range(power + 1)]
    return tuple(sorted(divisors))


# ------------------------------------------------------------------------------------------------------------ forward


def forward(mark: str, operands: Sequence[Domain]) -> Domain:
    """Give what an operation can result in, for operands of these domains."""
    if mark in _COMPARISONS:
        return _compared(mark, *operands)
    if mark in ("&", "|", "~") and all(each.is_whole and each.low >= 0 and each.high <= 1 for each in operands):
        return _logical(mark, operands)
    others = NONE if all(each.is_whole for each in operands) else ANY
    if mark in ("min_", "max_"):
        pick = min if mark == "min_" else max
        low, high = pick(each.low for each in operands), pick(each.high for each in operands)
        return Domain(low, high, others=others) if others is not ANY else ANYTHING
    if any(each.low > each.high for each in operands):
        return Domain(1, 0, others=others)
    if mark in ("/", "&", "|", "~"):
        return ANYTHING
    low, high = _FORWARD[mark](*operands)
    return Domain(min(max(low, -UNBOUNDED), UNBOUNDED), min(high, UNBOUNDED), others=others)


_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})


def _compared(mark: str, left: Domain, right: Domain) -> Domain:
    if mark in ("==", "!="):
        common = left.both(right)
        can_be = not common.is_empty
        if can_be and common.low == common.high and common.others == NONE:
            can_be = left.holds(common.low) and right.holds(common.low)
        can_differ = not (left.is_value and right.is_value and can_be)
    else:
        if not (left.is_whole and right.is_whole):
            return TRUTH
        if mark in (">", ">="):
            left, right = right, left
        strict = mark in ("<", ">")
        can_be = left.low + strict <= right.high
        can_differ = not left.high + strict <= right.low
    if mark == "!=":
        can_be, can_differ = can_differ, can_be
    return interval(0 if can_differ else 1, 1 if can_be else 0)


def _logical(mark: str, operands: Sequence[Domain]) -> Domain:
    if mark == "~":
        return interval(1 - operands[0].high, 1 - operands[0].low)
    pick = min if mark == "&" else max
    return interval(pick(each.low for each in operands), pick(each.high for each in operands))


def _positive(divisor: Domain) -> bool:
    return divisor.low >= 0


def _add(a: Domain, b: Domain) -> tuple[int, int]:
    return _down(a.low + b.low), _up(a.high + b.high)


def _subtract(a: Domain, b: Domain) -> tuple[int, int]:
    return _down(a.low - b.high), _up(a.high - b.low)


def _multiply(a: Domain, b: Domain) -> tuple[int, int]:
    products = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    return _down(min(products)), _up(max(products))


def _divide(a: Domain, b: Domain) -> tuple[int, int]:
    if not _positive(b) or b.high == 0:
        return -UNBOUNDED, UNBOUNDED
    smallest, largest = max(b.low, 1), b.high
    low = a.low // (largest if a.low >= 0 else smallest)
    high = a.high // (smallest if a.high >= 0 else largest)
    return (-UNBOUNDED if a.low <= -UNBOUNDED else low), (UNBOUNDED if a.high >= UNBOUNDED else high)


def _modulo(a: Domain, b: Domain) -> tuple[int, int]:
    if not _positive(b) or b.high == 0:
        return -UNBOUNDED, UNBOUNDED
    if a.low == a.high and b.low == b.high:
        return a.low % b.low, a.low % b.low
    if a.low >= 0 and a.high < max(b.low, 1):
        return a.low, a.high
    return 0, min(b.high - 1, a.high if a.low >= 0 else UNBOUNDED)


def _power(a: Domain, b: Domain) -> tuple[int, int]:
    if a.low < 0 or b.low < 0:
        return -UNBOUNDED, UNBOUNDED
    low = 0 if a.low == 0 and b.high > 0 else _bounded_power(a.low, b.low)
    return low, max(_bounded_power(a.high, b.high), 1 if b.low == 0 else 0)


def _bounded_power(base: int, exponent: int) -> int:
    if base <= 1:
        return 1 if exponent == 0 else base
    return UNBOUNDED if exponent * (base.bit_length() - 1) >= UNBOUNDED.bit_length() else base**exponent


def _down(value: int) -> int:
    # An unbounded end stays unbounded, whatever is added to it.
    return -UNBOUNDED if value <= -UNBOUNDED // 2 else value


def _up(value: int) -> int:
    return UNBOUNDED if value >= UNBOUNDED // 2 else value


_FORWARD: dict[str, Any] = {
    "+": lambda a, *b: _add(a, *b) if b else (a.low, a.high),
    "-": lambda a, *b: _subtract(a, *b) if b else (-a.high, -a.low),
    "*": _multiply,
    "//": _divide,
    "%": _modulo,
    "**": _power,
}

# ----------------------------------------------------------------------------------------------------------- backward


def backward(mark: str, operands: Sequence[Domain], result: Domain) -> tuple[Domain, ...]:
    """Narrow the operands of an operation to what its result allows."""
    if mark in _COMPARISONS:
        if not result.is_value:
            return tuple(operands)
        return _narrow_compared(mark if result.value else _NEGATED[mark], *operands)
    if mark in ("&", "|", "~"):
        return _narrow_logical(mark, operands, result)
    if not result.is_whole or mark == "/":
        return tuple(operands)
    if mark in ("min_", "max_"):
        return _narrow_extreme(mark, operands, result)
    # A whole result has whole operands: with a float in it, it would be one.
    operands = [each.whole() for each in operands]
    return tuple(each.both(allowed) for each, allowed in zip(operands, _BACKWARD[mark](*operands, result), strict=True))


_NEGATED = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def _narrow_compared(mark: str, left: Domain, right: Domain) -> tuple[Domain, Domain]:
    if mark == "==":
        common = left.both(right)
        return common, common
    if mark == "!=":
        return (
            left.without(right.value) if right.is_value else left,
            right.without(left.value) if left.is_value else right,
        )
    if not (left.is_whole and right.is_whole):
        return left, right
    strict = mark in ("<", ">")
    if mark in (">", ">="):
        right, left = _narrow_compared("<" if strict else "<=", right, left)
        return left, right
    return left.both(interval(-UNBOUNDED, right.high - strict)), right.both(interval(left.low + strict, UNBOUNDED))


def _narrow_logical(mark: str, operands: Sequence[Domain], result: Domain) -> tuple[Domain, ...]:
    if not result.is_value or not all(each.is_whole and each.low >= 0 and each.high <= 1 for each in operands):
        return tuple(operands)
    value = result.value
    if mark == "~":
        return (operands[0].both(interval(1 - value, 1 - value)),)
    decisive = 1 if mark == "&" else 0  # `a & b` is 1 where both are, `a | b` 0 where both are
    if value == decisive:
        return tuple(each.both(interval(value, value)) for each in operands)
    open_ = [each for each in operands if not (each.is_value and each.value == decisive)]
    if len(open_) == 1:
        return tuple(each.both(interval(value, value)) if each is open_[0] else each for each in operands)
    return tuple(operands)


def _narrow_extreme(mark: str, operands: Sequence[Domain], result: Domain) -> tuple[Domain, ...]:
    if not all(each.is_whole for each in operands):
        return tuple(operands)
    if mark == "min_":
        bounded = [each.both(interval(result.low, UNBOUNDED)) for each in operands]
        reaching = [each for each in bounded if each.low <= result.high]
        end = interval(-UNBOUNDED, result.high)
    else:
        bounded = [each.both(interval(-UNBOUNDED, result.high)) for each in operands]
        reaching = [each for each in bounded if each.high >= result.low]
        end = interval(result.low, UNBOUNDED)
    if not reaching:
        return tuple(EMPTY for _ in operands)
    if len(reaching) == 1:
        return tuple(each.both(end) if each is reaching[0] else each for each in bounded)
    return tuple(bounded)


EMPTY = Domain(1, 0, others=NONE)


def _narrow_add(a: Domain, b: Domain, result: Domain) -> tuple[Domain, Domain]:
    return interval(*_subtract(result, b)), interval(*_subtract(result, a))


def _narrow_subtract(a: Domain, b: Domain, result: Domain) -> tuple[Domain, Domain]:
    return interval(*_add(result, b)), interval(*_subtract(a, result))


def _narrow_multiply(a: Domain, b: Domain, result: Domain) -> tuple[Domain, Domain]:
    if result.low > 0 or result.high < 0:  # neither factor is 0
        a, b = (attrs.evolve(each, low=1) if each.low == 0 else each for each in (a, b))
    return _factor(a, b, result), _factor(b, a, result)


def _factor(factor: Domain, other: Domain, result: Domain) -> Domain:
    divides = result.low if result.low == result.high and result.low > 0 and factor.low >= 0 else 0
    if other.low <= 0 or other.is_empty:
        return Domain(factor.low, factor.high, divides, others=NONE)
    low, high = result.low, result.high
    # The larger the other factor, the nearer to 0 this one.
    least = -(-low // (other.high if low > 0 else other.low))
    most = high // (other.low if high >= 0 else other.high)
    found = interval(-UNBOUNDED if low <= -UNBOUNDED else least, UNBOUNDED if high >= UNBOUNDED else most)
    return attrs.evolve(found, divides=divides).both(interval(factor.low, factor.high))


def _narrow_divide(a: Domain, b: Domain, result: Domain) -> tuple[Domain, Domain]:
    if not _positive(b):
        return a, b
    b = b.both(interval(1, UNBOUNDED))
    if b.is_empty:
        return a, b
    low = result.low * (b.low if result.low >= 0 else b.high)
    high = (result.high + 1) * (b.high if result.high >= 0 else b.low) - 1
    narrowed = interval(
        -UNBOUNDED if result.low <= -UNBOUNDED else low, UNBOUNDED if result.high >= UNBOUNDED else high
    )
    if a.low >= 0 and result.high >= 0:
        most = UNBOUNDED if result.low <= 0 or a.high >= UNBOUNDED else a.high // result.low
        least = 1 if result.high >= UNBOUNDED else a.low // (result.high + 1) + 1
        b = b.both(interval(least, most))
    return narrowed, b


def _narrow_modulo(a: Domain, b: Domain, result: Domain) -> tuple[Domain, Domain]:
    if not _positive(b):
        return a, b
    b = b.both(interval(max(1, result.low + 1), UNBOUNDED))
    if result.high < 0:
        return EMPTY, EMPTY
    if a.low >= 0:
        a = a.both(interval(result.low, UNBOUNDED))
    if result.low == result.high:
        remainder = result.low
        if a.low == a.high and a.low > remainder:  # what is left over is divided
            b = b.both(Domain(1, UNBOUNDED, divides=a.low - remainder, others=NONE))
        if b.low == b.high:
            step = b.low
            low = a.low if a.low <= -UNBOUNDED else a.low + (remainder - a.low) % step
            high = a.high if a.high >= UNBOUNDED else a.high - (a.high - remainder) % step
            a = a.both(interval(low, high))
    return a, b


def _narrow_power(a: Domain, b: Domain, result: Domain) -> tuple[Domain, Domain]:
    if a.low < 0 or b.low < 0 or result.low <= 0 or result.high >= UNBOUNDED:
        return a, b
    if a.low == 0 and b.low > 0:
        a = a.both(interval(1, UNBOUNDED))
    if b.low == b.high and b.low > 0:
        low = _root(result.low, b.low)
        a = a.both(interval(low if low**b.low == result.low else low + 1, _root(result.high, b.low)))
    if 2 <= a.low <= a.high:
        b = b.both(interval(0, _logarithm(result.high, a.low)))
        least = _logarithm(result.low, a.high) if a.high < UNBOUNDED else 0
        b = b.both(interval(least, UNBOUNDED))
    return a, b


def _root(number: int, degree: int) -> int:
    """Give the largest whole number whose power is at most `number`."""
    low, high = 0, 1 << (number.bit_length() // degree + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= number else (low, middle - 1)
    return low


def _logarithm(number: int, base: int) -> int:
    """Give the largest exponent to which `base` is at most `number`."""
    exponent, power = 0, base
    while power <= number:
        exponent, power = exponent + 1, power * base
    return exponent


def _signed(a: Domain, *rest: Domain) -> tuple[Domain, ...]:
    result = rest[-1]
    return (interval(-result.high, -result.low),) if len(rest) == 1 else _narrow_subtract(a, *rest)


_BACKWARD: dict[str, Any] = {
    "+": lambda a, *rest: (rest[-1],) if len(rest) == 1 else _narrow_add(a, *rest),
    "-": _signed,
    "*": _narrow_multiply,
    "//": _narrow_divide,
    "%": _narrow_modulo,
    "**": _narrow_power,
}
