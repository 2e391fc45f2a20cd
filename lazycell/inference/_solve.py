"""Solve what shapes say about hyperparameters: every fact narrows its unknowns until none narrows anything any more.

A fact is used where one unknown is left in it, or a product; sums are subtracted from each other first. Where an
unknown has few values left, each is tried by itself. No value is told that was not the only one left, and nothing is
tried in combination: what only that would tell is among what shapes cannot tell.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..declaration import Expression, Operation, operate
from ._bounds import Impossible, decided, narrowed
from ._domain import ANYTHING, Domain, exactly
from ._fact import Conflict, Fact, are_whole, reduced
from ._linear import eliminate

_MOST_TRIED = 256
"""Values of one unknown that are tried."""

_MOST_CONFLICTS = 8
_EXAMPLES = 16

Domains = dict[str, Domain]
Accepts = Callable[[str, Mapping[str, Any], Any], bool]


class _Contradiction(Exception):
    """A fact cannot be true with what is known."""

    def __init__(self, fact: Fact, unknown: str | None) -> None:
        super().__init__(fact.key)
        self.fact = fact
        self.unknown = unknown


class Solver:
    """The unknowns and the facts about them.

    Args:
        facts: all that is known; of facts that say the same, the first counts.
        domains: the values that each unknown can have to begin with.
        accepts: whether an unknown, once the values of some others are known, may have a value.

    Attributes:
        conflicts: facts that contradict each other.
        domains: what the unknowns can still be.
    """

    def __init__(self, facts: Iterable[Fact], domains: Mapping[str, Domain], accepts: Accepts | None = None) -> None:
        distinct: dict[str, Fact] = {}
        for fact in facts:
            distinct.setdefault(fact.key, fact)
        self._facts = {fact: tuple(fact.unknowns) for fact in distinct.values()}
        self._start = {**dict.fromkeys((name for names in self._facts.values() for name in names), ANYTHING), **domains}
        self._watching: dict[str, list[Fact]] = {}
        self.conflicts: list[Conflict] = []
        self.domains = self._without_conflicts()
        if not self.conflicts:
            self._try_each(accepts or (lambda name, known, value: True))

    # ---------------------------------------------------------------------------------------------------- propagation

    def _without_conflicts(self) -> Domains:
        """Use all facts; where one contradicts those before it, note that and go on without it."""
        while len(self.conflicts) < _MOST_CONFLICTS:
            self._watching = _by_unknown(self._facts)
            domains, reasons = dict(self._start), dict[str, Fact]()
            try:
                self._propagate(domains, self._facts, reasons)
                return domains
            except _Contradiction as found:
                failed = found.fact
                self.conflicts.append(self._conflict(failed, found.unknown, reasons))
                del self._facts[failed.follows_from[-1] if failed.follows_from else failed]
        return dict(self._start)

    def _conflict(self, failed: Fact, unknown: str | None, reasons: Mapping[str, Fact]) -> Conflict:
        names = list(failed.unknowns) if unknown is None or unknown not in reasons else [unknown]
        facts = [failed, *(reasons[name] for name in names if name in reasons)]
        told = [source for fact in facts for source in fact.follows_from or (fact,)]
        return Conflict(tuple(dict.fromkeys(told)), unknown)

    def _propagate(self, domains: Domains, facts: Iterable[Fact], reasons: dict[str, Fact]) -> None:
        """Narrow `domains` by facts, and by those about what was narrowed; note by which.

        Raises:
            _Contradiction: there is no solution.
        """
        waiting, sums = deque(facts), True
        while waiting:
            fact = waiting.popleft()
            try:
                found = _narrowed(fact, domains)
            except Impossible as impossible:
                raise _Contradiction(fact, impossible.unknown) from None
            domains.update(found)
            reasons.update(dict.fromkeys(found, fact))
            following = [each for name in found for each in self._watching.get(name, ())]
            waiting += [each for each in following if each not in waiting]
            sums = sums or bool(found)
            if sums and not waiting:
                waiting += self._sums(domains)
                sums = False

    def _sums(self, domains: Domains) -> list[Fact]:
        """Give what follows from sizes that are certain, by adding and subtracting them."""
        facts: list[Fact] = []
        equations: list[tuple[Any, int]] = []
        for fact, names in self._facts.items():
            if all(domains[name].is_value for name in names):
                continue
            if all(decided(condition, domains) is truth for condition, truth in fact.guards):
                found = list(_equations(fact, domains))
                equations += found
                facts += [fact] * len(found)
        derived = []
        for equation in eliminate(equations):
            sources = tuple(facts[position] for position in equation.sources)
            derived.append(Fact(equation.expression, equation.value, True, (), sources[0].because, sources))
        return derived

    def _try_each(self, accepts: Accepts) -> None:
        """Leave out the values that cannot be, where they are few enough to try each by itself."""
        waiting = list(self._watching)
        while waiting:
            name = waiting.pop(0)
            domain = self.domains[name]
            if domain.is_value or domain.others is None or domain.listed(_MOST_TRIED) is None:
                continue
            known = {key: each.value for key, each in self.domains.items() if each.is_value}
            accepted = domain.only(functools.partial(accepts, name, known))
            kept = accepted.only(lambda value: self._with(name, exactly(value)) is not None)  # noqa: B023 - used at once
            domains = None if kept.is_empty else self._with(name, kept)
            if domains is None:
                self.conflicts.append(Conflict(tuple(self.facts_about(name)[:4]), name))
                return
            changed = [each for each in self._watching if domains[each] != self.domains[each]]
            related = (each for one in changed for fact in self._watching[one] for each in self._facts[fact])
            waiting += [each for each in dict.fromkeys(related) if each not in (name, *waiting)]
            self.domains = domains

    def _with(self, name: str, domain: Domain) -> Domains | None:
        """Give the domains once one is narrowed, or None where that is impossible."""
        tried = {**self.domains, name: domain}
        try:
            self._propagate(tried, self._watching.get(name, ()), {})
        except _Contradiction:
            return None
        return tried

    # ------------------------------------------------------------------------------------------------------ afterwards

    def assume(self, values: Mapping[str, Any]) -> bool:
        """Take values for unknowns, if no fact is against them; tell whether none is."""
        before = self.domains
        for name, value in values.items():
            domains = self._with(name, exactly(value)) if self.domains[name].holds(value) else None
            if domains is None:
                self.domains = before
                return False
            self.domains = domains
        return True

    def example(self, name: str) -> Any:
        """Take the smallest number that an unknown can be, 0 only if nothing else is left; None if none was found."""
        numbers = sorted(self.domains[name].numbers[:_EXAMPLES], key=lambda each: (each == 0, each))
        return next((each for each in numbers if self.assume({name: each})), None)

    def facts_about(self, name: str) -> list[Fact]:
        """Give the facts that an unknown is part of and that are known to hold, or may be."""
        return [
            fact
            for fact in (*self._watching.get(name, ()), *self._sums(self.domains))
            if name in fact.unknowns
            and all(decided(condition, self.domains) in (truth, None) for condition, truth in fact.guards)
        ]


def _by_unknown(facts: Mapping[Fact, tuple[str, ...]]) -> dict[str, list[Fact]]:
    found: dict[str, list[Fact]] = {}
    for fact, names in facts.items():
        for name in names:
            found.setdefault(name, []).append(fact)
    return found


def _narrowed(fact: Fact, domains: Domains) -> dict[str, Domain]:
    """Give what a fact leaves of its unknowns: or that a guard is not as it would have to be, if that is open."""
    open_ = []
    for condition, truth in fact.guards:
        holds = decided(condition, domains)
        if holds is None:
            open_.append((condition, truth))
        elif holds is not truth:
            return {}
    if not open_:
        return narrowed(fact.expression, fact.value, fact.is_size, domains)
    if len(open_) == 1:
        ((condition, truth),) = open_
        try:
            there = {**domains, **narrowed(condition, truth, False, domains)}
            narrowed(fact.expression, fact.value, fact.is_size, there)
        except Impossible:
            return narrowed(condition, not truth, False, domains)
    return {}


def _equations(fact: Fact, domains: Domains) -> Iterator[tuple[Any, int]]:
    """Give the sum that a fact is, and its value, with what is known put in; nothing where it is none."""
    try:
        expression = reduced(fact.expression, domains)
    except Exception:  # a part of it cannot be computed, and may not be needed
        return
    if fact.is_size:
        yield expression, fact.value
    elif fact.value and isinstance(expression, Expression) and are_whole(expression, domains):
        match expression._node:
            case Operation("==", (one, other)):
                yield operate("-", one, other), 0
