"""Solve what shapes say about hyperparameters: every fact narrows its unknowns until none narrows anything any more.

A fact is used where one unknown is left in it, or a product; sums are subtracted from each other first. Then the few
values that an unknown still has are tried, each by itself. No value is told that was not the only one left, and nothing
is tried in combination: what only that would tell is among what shapes cannot tell.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..declaration._symbols import Expression, Operation, operate
from ._domain import ANYTHING, Domain, exactly, union
from ._fact import Conflict, Fact, are_whole, reduced
from ._linear import eliminate
from ._narrow import Impossible, decided, narrowed

_MOST_VALUES = 256
"""Values of one unknown that are tried, each by itself."""

_MOST_TRIES = 2000
_MOST_CONFLICTS = 8
_EXAMPLES = 16

Domains = dict[str, Domain]
Accepts = Callable[[str, Any, Mapping[str, Any]], bool]


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
        accepts: whether a value may be given to an unknown, once the values of some others are known.

    Attributes:
        conflicts: facts that contradict each other.
        domains: what the unknowns can still be.
    """

    def __init__(
        self, facts: Iterable[Fact], domains: Mapping[str, Domain], accepts: Accepts = lambda name, value, known: True
    ) -> None:
        self._accepts = accepts
        distinct: dict[str, Fact] = {}
        for fact in facts:
            distinct.setdefault(fact.key, fact)
        self._facts = {fact: tuple(fact.unknowns) for fact in distinct.values()}
        self._start = {**dict.fromkeys((name for names in self._facts.values() for name in names), ANYTHING), **domains}
        self._watching = self._watched()
        self._tries = _MOST_TRIES
        self.conflicts: list[Conflict] = []
        self.domains = self._without_conflicts()
        if not self.conflicts:
            self._try_each()

    def _watched(self) -> dict[str, list[Fact]]:
        found: dict[str, list[Fact]] = {}
        for fact, names in self._facts.items():
            for name in names:
                found.setdefault(name, []).append(fact)
        return found

    # ---------------------------------------------------------------------------------------------------- propagation

    def _without_conflicts(self) -> Domains:
        """Use all facts; where one contradicts those before it, note that and go on without it."""
        while True:
            domains, reasons = dict(self._start), dict[str, Fact]()
            try:
                self._propagate(domains, self._facts, reasons)
                return domains
            except _Contradiction as found:
                failed = found.fact
                self.conflicts.append(self._conflict(failed, found.unknown, reasons))
                del self._facts[failed.follows_from[-1] if failed.follows_from else failed]
                self._watching = self._watched()
            if len(self.conflicts) == _MOST_CONFLICTS:
                return dict(self._start)

    def _conflict(self, failed: Fact, unknown: str | None, reasons: Mapping[str, Fact]) -> Conflict:
        names = [unknown] if unknown in reasons else list(failed.unknowns)
        facts = [failed, *(reasons[name] for name in names if name in reasons)]
        told = [source for fact in facts for source in fact.follows_from or (fact,)]
        return Conflict(tuple(dict.fromkeys(told)), unknown)

    def _propagate(self, domains: Domains, facts: Iterable[Fact], reasons: dict[str, Fact] | None = None) -> None:
        """Narrow `domains` by facts, and by those about what was narrowed.

        Raises:
            _Contradiction: there is no solution.
        """
        waiting = deque(facts)
        while waiting:
            changed = self._use(waiting.popleft(), domains, reasons)
            if not waiting and not changed:
                changed = [name for fact in self.sums(domains) for name in self._use(fact, domains, reasons)]
            waiting += [fact for name in changed for fact in self._watching.get(name, ()) if fact not in waiting]

    def _use(self, fact: Fact, domains: Domains, reasons: dict[str, Fact] | None) -> list[str]:
        """Narrow by one fact, and name what was narrowed."""
        try:
            found = _left(fact, domains)
        except Impossible as impossible:
            raise _Contradiction(fact, impossible.unknown) from None
        domains.update(found)
        if reasons is not None:
            reasons.update(dict.fromkeys(found, fact))
        return list(found)

    def sums(self, domains: Domains) -> list[Fact]:
        """Give what follows from sizes that are certain, by adding and subtracting them."""
        facts: list[Fact] = []
        equations: list[tuple[Any, int]] = []
        for fact, names in self._facts.items():
            open_ = sum(not domains[name].is_value for name in names)
            if open_ < 1 or any(decided(condition, domains) is not truth for condition, truth in fact.guards):
                continue
            for expression, value in _equation(fact, domains):
                facts.append(fact)
                equations.append((expression, value))
        derived = []
        for equation in eliminate(equations):
            sources = tuple(facts[position] for position in equation.sources)
            derived.append(Fact(equation.expression, equation.value, True, (), sources[0].because, sources))
        return derived

    # ---------------------------------------------------------------------------------------------- one by one

    def _try_each(self) -> None:
        """Take from each unknown the values that cannot be."""
        again = True
        while again:
            again = False
            for name in self._watching:
                pieces = self._pieces(name)
                self._tries -= len(pieces)
                if len(pieces) < 2 or self._tries < 0:
                    continue
                left = union(piece for piece in pieces if self._with(name, piece) is not None)
                if left == self.domains[name]:
                    continue
                domains = self._with(name, left)
                if domains is None:
                    self.conflicts.append(Conflict(tuple(self.facts_about(name)[:4]), name))
                    return
                self.domains, again = domains, True

    def _pieces(self, name: str) -> list[Domain]:
        """Cut a domain into values, where they are few, and numbers from others."""
        domain = self.domains[name]
        if domain.others is None or domain.is_value:
            return []
        known = {key: each.value for key, each in self.domains.items() if each.is_value}
        numbers = domain.listed(_MOST_VALUES)
        pieces = [Domain((), frozenset({each})) for each in sorted(domain.others, key=repr)]
        if numbers is None:
            return [Domain(domain.numbers), *pieces]
        return [exactly(each) for each in numbers if self._accepts(name, each, known)] + pieces

    def _with(self, name: str, piece: Domain) -> Domains | None:
        """Give the domains once one is narrowed to `piece`, or None where that is impossible."""
        if piece.is_empty:
            return None
        tried = {**self.domains, name: piece}
        try:
            self._propagate(tried, self._watching.get(name, ()))
        except _Contradiction:
            return None
        return tried

    # ------------------------------------------------------------------------------------------------------ afterwards

    def assume(self, values: Mapping[str, Any]) -> bool:
        """Take values for unknowns, if no fact is against them; tell whether none is."""
        before = self.domains
        for name, value in values.items():
            fits = self.domains.get(name, ANYTHING).holds(value)
            domains = self._with(name, exactly(value)) if fits else None
            if domains is None:
                self.domains = before
                return False
            self.domains = domains
        return True

    def example(self, name: str) -> Any:
        """Take the smallest number that an unknown can be, 0 only if nothing else is left; None if none was found."""
        domain = self.domains[name]
        for value in sorted(domain.numbers[:_EXAMPLES], key=lambda each: (each == 0, each)):
            if self.assume({name: value}):
                return value
        return None

    def facts_about(self, name: str) -> list[Fact]:
        """Give the facts that an unknown is part of and that are known to hold, or may be."""
        return [
            fact
            for fact in [*self._watching.get(name, ()), *self.sums(self.domains)]
            if name in fact.unknowns and all(decided(each, self.domains) is not (not truth) for each, truth in fact.guards)
        ]


def _left(fact: Fact, domains: Domains) -> dict[str, Domain]:
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
        except Impossible:  # so the condition is not as it would have to be
            return narrowed(condition, not truth, False, domains)
    return {}


def _equation(fact: Fact, domains: Domains) -> Iterator[tuple[Any, int]]:
    """Give the sum that a fact is, and its value, with what is known put in."""
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
