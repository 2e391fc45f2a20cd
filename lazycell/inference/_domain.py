"""What a value can still be: whole numbers, all from one to another or some of them, and other values."""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from .._frozen import frozen

UNBOUNDED = sys.maxsize
"""Where a range ends that has no end: no size in a file is as large."""

MOST_LISTED = 4096
"""Whole numbers that are tried one by one; of more, only the ends are looked at."""

_TRIAL = 1 << 16


@frozen
class Domain:
    """A set of values.

    Attributes:
        numbers: the whole numbers, ascending. False and True are among them, as 0 and 1.
        others: the values that are no whole numbers (None, strings, floats); None: any.
    """

    numbers: range | tuple[int, ...]
    others: frozenset[Hashable] | None = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        return not self.numbers and self.others == NONE

    @property
    def is_value(self) -> bool:
        """Whether one value is left."""
        return self.others is not None and bool(self.numbers[:1]) + bool(self.numbers[1:2]) + len(self.others) == 1

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers alone."""
        return self.others == NONE

    @property
    def is_natural(self) -> bool:
        """Whether no number in it is below 0."""
        return all(each >= 0 for each in self.numbers[:1])

    @property
    def value(self) -> Any:
        """The value that is left."""
        return self.numbers[0] if self.numbers else next(iter(self.others or NONE))

    def holds(self, value: Any) -> bool:
        """Tell whether `value` is one of them, as far as is known."""
        if isinstance(value, int):
            return value in self.numbers
        return self.others is None or (isinstance(value, Hashable) and value in self.others)

    def listed(self, most: int = MOST_LISTED) -> tuple[int, ...] | None:
        """List the whole numbers, or give None where there are more than `most`."""
        return None if self.numbers[most : most + 1] else tuple(self.numbers)

    def among(self, numbers: range | tuple[int, ...]) -> Domain:
        """Give the whole numbers that are among others."""
        if isinstance(self.numbers, range) and isinstance(numbers, range):
            return Domain(range(max(self.numbers.start, numbers.start), min(self.numbers.stop, numbers.stop)))
        kept, wanted = (self.numbers, numbers) if isinstance(self.numbers, tuple) else (numbers, self.numbers)
        among = wanted if isinstance(wanted, range) else frozenset(wanted)
        return Domain(tuple(each for each in kept if each in among))

    def only(self, fits: Callable[[Any], bool]) -> Domain:
        """Give the values that pass a test, where they can be listed."""
        listed = self.listed()
        return Domain(
            self.numbers if listed is None else tuple(filter(fits, listed)),
            None if self.others is None else frozenset(filter(fits, self.others)),
        )


NONE: frozenset[Hashable] = frozenset()
NATURAL = Domain(range(UNBOUNDED))
ANYTHING = Domain(range(-UNBOUNDED // 2, UNBOUNDED // 2), None)
TRUTH = Domain((False, True))


def exactly(value: Any) -> Domain:
    """Give the domain that holds one value."""
    if isinstance(value, int):
        return Domain((value,))
    # A float that is a whole number compares equal to one; and what cannot be hashed cannot be told apart.
    if not isinstance(value, Hashable) or (isinstance(value, float) and value.is_integer()):
        return ANYTHING
    return Domain((), frozenset({value}))


def union(domains: Sequence[Domain]) -> Domain:
    """Give a domain that holds the values of several; between numbers of which one has no end, all."""
    others = (
        None if any(each.others is None for each in domains) else NONE.union(*(each.others or () for each in domains))
    )
    listed = [each.listed() for each in domains]
    if None not in listed:
        return Domain(tuple(sorted({number for each in listed for number in each or ()})), others)
    ends = [end for each in domains if each.numbers for end in (each.numbers[0], each.numbers[-1])]
    return Domain(range(min(ends), max(ends) + 1), others)


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
    if math.prod(power + 1 for power in factors.values()) > MOST_LISTED:
        return None
    divisors = [1]
    for prime, power in factors.items():
        divisors = [each * prime**exponent for each in divisors for exponent in range(power + 1)]
    return tuple(sorted(divisors))
