"""Solve what shapes say about hyperparameters: equations between expressions and numbers, in exact whole numbers.

Each unknown has a domain, the values that it can still have. Every fact narrows the domains of the unknowns in it
(hull consistency, "HC4": Benhamou et al., Revising hull and box consistency, ICLP 1999) until nothing changes; then
the values that are left are tried one by one, and, within a budget, in combination. No work grows with sizes.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs

from .._frozen import frozen
from ..declaration._symbols import Attribute, Call, Choice, Expression, Item, Name, Operation, is_symbolic, render
from ._domains import ANY, ANYTHING, Domain, backward, exactly, forward, truths
from ._linear import eliminate

MOST_CANDIDATES = 1024
_REVISIONS = 100
_STEPS = 3000
_MOST_CONFLICTS = 8

# --------------------------------------------------------------------------------------------------------------- facts


@frozen(eq=False)
class Fact:
    """Something that is known about an expression.

    Attributes:
        expression: of the unknowns; a plain value where none is in it.
        value: what it is.
        is_size: whether the expression equals `value`, a number; else whether it holds is `value`.
        guards: conditions, each with whether it has to hold, under which alone the fact is known.
        because: where the fact is from.
        follows_from: the facts that it was derived from.
    """

    expression: Any
    value: Any
    is_size: bool
    guards: tuple[tuple[Any, bool], ...]
    because: Because
    follows_from: tuple[Fact, ...] = ()

    @property
    def key(self) -> str:
        """Equal for facts that say the same."""
        guards = "".join(f" if {render(condition)} is {truth}" for condition, truth in self.guards)
        return f"{render(self.expression)} = {self.value!r}{guards}"


@frozen(eq=False)
class Because:
    """Where a fact is from.

    Attributes:
        tensor: the name in the checkpoint; None where no single tensor says it.
        text: the tensor's shape and its declaration, or what else the fact is from.
    """

    tensor: str | None
    text: str


@frozen(eq=False)
class Conflict:
    """Facts that cannot all be true.

    Attributes:
        facts: the one that failed first, then those that narrowed its unknowns before.
        unknown: the unknown that has no value left, if it is one.
        is_refusal: whether it is a validator that refuses the unknown's value.
    """

    facts: tuple[Fact, ...]
    unknown: str | None = None
    is_refusal: bool = False


# --------------------------------------------------------------------------------------------------------------- terms


@frozen(eq=False, slots=True)
class _Term:
    """An expression, taken apart: `mark` is an operator or function, or `value`, `unknown`, `when`, `opaque`."""

    mark: str
    operands: tuple[_Term, ...] = ()
    name: str = ""
    domain: Domain = ANYTHING


def path_of(expression: Any) -> str | None:
    """Give the text of `a`, `a.b`, `a[0]`: what counts as one unknown; None for another expression."""
    if not isinstance(expression, Expression):
        return None
    match expression._node:
        case Name(name):
            return name
        case Attribute(target, name):
            return None if path_of(target) is None else f"{path_of(target)}.{name}"
        case Item(target, key):
            return None if path_of(target) is None or is_symbolic(key) else render(expression)
    return None


def unknowns_in(value: Any) -> dict[str, Expression]:
    """Give the unknowns of an expression by the names that `path_of` gives them."""
    found: dict[str, Expression] = {}
    waiting = [value]
    while waiting:
        each = waiting.pop()
        name = path_of(each)
        if name is not None:
            found[name] = each
        elif isinstance(each, Expression):
            match each._node:
                case Operation(_, parts) | Call(_, parts):
                    waiting += parts
                case Choice(condition, present, otherwise):
                    waiting += (condition, present, otherwise)
    return found


def _term(value: Any) -> _Term:
    if not isinstance(value, Expression):
        return _Term("value", domain=exactly(value))
    name = path_of(value)
    if name is not None:
        return _Term("unknown", name=name)
    match value._node:
        case Operation(mark, operands) | Call(mark, operands):
            return _Term(mark, tuple(map(_term, operands)))
        case Choice(condition, present, otherwise):
            return _Term("when", tuple(map(_term, (condition, present, otherwise))))
    return _Term("opaque")


@frozen(eq=False, slots=True)
class _Clause:
    """A fact, ready to be used."""

    fact: Fact
    term: _Term
    guards: tuple[tuple[_Term, bool], ...]
    unknowns: tuple[str, ...]


# ---------------------------------------------------------------------------------------------------------- narrowing


class _Impossible(Exception):
    """Nothing is left for some unknown."""

    def __init__(self, clause: _Clause | None = None, unknown: str | None = None) -> None:
        super().__init__()
        self.clause = clause
        self.unknown = unknown


class _Domains(dict[str, Domain]):
    """The domains of the unknowns; `changed` collects those that were narrowed, `decided` guards that were assumed.

    A guard such as `a > b` may be known to hold although the domains of `a` and `b` do not show it.
    """

    def __init__(self, given: Mapping[str, Domain]) -> None:
        super().__init__(given)
        self.changed: list[str] = []
        self.decided: dict[int, bool] = dict(given.decided) if isinstance(given, _Domains) else {}

    def truths(self, guard: _Term) -> tuple[bool, bool]:
        """Tell whether a guard can hold, and whether it can fail; neither, where it was assumed to and cannot."""
        can_hold, can_fail = truths(self.see(guard))
        decided = self.decided.get(id(guard))
        return can_hold and decided is not False, can_fail and decided is not True

    def see(self, term: _Term) -> Domain:
        """Give what a term can be."""
        if term.mark == "unknown":
            return self[term.name]
        if term.mark in ("value", "opaque"):
            return term.domain
        if term.mark == "when":
            condition, present, otherwise = term.operands
            can_hold, can_fail = truths(self.see(condition))
            if can_hold and can_fail:
                return self.see(present).either(self.see(otherwise))
            return self.see(present if can_hold else otherwise)
        return forward(term.mark, [self.see(operand) for operand in term.operands])

    def push(self, term: _Term, allowed: Domain) -> None:
        """Narrow the unknowns of a term to what makes it one of `allowed`."""
        now = self.see(term)
        left = now.both(allowed)
        if left.is_empty:
            raise _Impossible(unknown=term.name or None)
        if term.mark == "unknown":
            if left != now:
                self[term.name] = left
                self.changed.append(term.name)
        elif term.mark == "when":
            self._push_choice(term, allowed)
        elif term.operands:
            seen = [self.see(operand) for operand in term.operands]
            for operand, before, after in zip(term.operands, seen, backward(term.mark, seen, left), strict=True):
                if after != before:
                    self.push(operand, after)

    def _push_choice(self, term: _Term, allowed: Domain) -> None:
        condition, present, otherwise = term.operands
        can_hold, can_fail = truths(self.see(condition))
        can_hold = can_hold and not self.see(present).both(allowed).is_empty
        can_fail = can_fail and not self.see(otherwise).both(allowed).is_empty
        if can_hold and can_fail:
            return
        if not (can_hold or can_fail):
            raise _Impossible
        self.push_truth(condition, can_hold)
        self.push(present if can_hold else otherwise, allowed)

    def push_truth(self, term: _Term, truth: bool) -> None:
        """Narrow the unknowns of a term to what makes it true, or false."""
        now = self.see(term)
        if truth:
            some = now.without(0)
            others = ANY if now.others is ANY else frozenset(filter(None, now.others))
        else:
            some = now.both(Domain(0, 0))
            others = ANY if now.others is ANY else frozenset(each for each in now.others if not each)
        self.push(term, attrs.evolve(some, others=others))


class Solver:
    """The unknowns and the facts about them.

    Args:
        facts: all that is known; of facts that say the same, the first counts.
        domains: the values that each unknown can have to begin with.
        accepts: whether a value may be given to an unknown, once the values of some others are known.
    """

    def __init__(
        self,
        facts: Iterable[Fact],
        domains: Mapping[str, Domain],
        accepts: Callable[[str, Any, Mapping[str, Any]], bool] = lambda name, value, known: True,
    ) -> None:
        self._accepts = accepts
        distinct: dict[str, Fact] = {}
        for fact in facts:
            distinct.setdefault(fact.key, fact)
        for fact in _derived([fact for fact in distinct.values() if not fact.guards]):
            distinct.setdefault(fact.key, fact)
        terms: dict[str, _Term] = {}
        self._clauses = [_clause(fact, terms) for fact in distinct.values()]
        self._initial = _Domains(domains)
        for clause in self._clauses:
            for name in clause.unknowns:
                self._initial.setdefault(name, ANYTHING)
        self._steps = _STEPS
        self._watching: Mapping[str, list[_Clause]] = {}
        self.conflicts: list[Conflict] = []
        self.domains = self._without_conflicts()
        if not self.conflicts:
            self._search()

    # ---------------------------------------------------------------------------------------------------- propagation

    def _without_conflicts(self) -> _Domains:
        """Narrow by all facts; where one contradicts those before it, note that and go on without it."""
        while True:
            self._watching = _watching(self._clauses)
            domains, reasons = _Domains(self._initial), dict[str, _Clause]()
            try:
                self._narrow(domains, self._clauses, reasons)
                return domains
            except _Impossible as impossible:
                failed = impossible.clause
                assert failed is not None
                self.conflicts.append(self._conflict(failed, impossible.unknown, reasons))
                dropped = (failed.fact, *failed.fact.follows_from[-1:])
                self._clauses = [
                    clause
                    for clause in self._clauses
                    if clause.fact not in dropped and not set(dropped) & set(clause.fact.follows_from)
                ]
                if len(self.conflicts) == _MOST_CONFLICTS:
                    return _Domains(self._initial)

    def _conflict(self, failed: _Clause, unknown: str | None, reasons: Mapping[str, _Clause]) -> Conflict:
        names = list(failed.unknowns) if unknown is None or unknown not in reasons else [unknown]
        facts = [failed.fact, *(reasons[name].fact for name in names if name in reasons)]
        told = [source for fact in facts for source in fact.follows_from or (fact,)]
        return Conflict(tuple(dict.fromkeys(told)), unknown)

    def _narrow(self, domains: _Domains, clauses: Iterable[_Clause], reasons: dict[str, _Clause] | None = None) -> None:
        """Use facts until none narrows anything any more, or the narrowing creeps.

        Raises:
            _Impossible: there is no solution.
        """
        waiting = deque(clauses)
        queued = set(map(id, waiting))
        often: Counter[int] = Counter()
        while waiting:
            clause = waiting.popleft()
            queued.discard(id(clause))
            often[id(clause)] += 1
            if often[id(clause)] > _REVISIONS:
                continue
            domains.changed.clear()
            try:
                self._use(clause, domains)
            except _Impossible as impossible:
                raise _Impossible(clause, impossible.unknown) from None
            for name in domains.changed:
                if reasons is not None:
                    reasons[name] = clause
                for other in self._watching.get(name, ()):
                    if id(other) not in queued:
                        queued.add(id(other))
                        waiting.append(other)

    def _use(self, clause: _Clause, domains: _Domains) -> None:
        open_ = []
        for condition, truth in clause.guards:
            can_hold, can_fail = domains.truths(condition)
            if not (can_hold or can_fail):
                raise _Impossible
            if not (can_hold if truth else can_fail):
                return
            if can_hold and can_fail:
                open_.append((condition, truth))
        if not open_:
            _enforce(clause, domains)
        elif len(open_) == 1:
            condition, truth = open_[0]
            tried = _Domains(domains)
            try:
                tried.push_truth(condition, truth)
                _enforce(clause, tried)
            except _Impossible:
                domains.push_truth(condition, not truth)

    # --------------------------------------------------------------------------------------------------------- search

    def related(self, name: str) -> list[tuple[Fact, int]]:
        """Give the facts that leave an unknown open, each with how many unknowns are open in it."""
        about = [each for each in self._watching.get(name, ()) if self._matters(each, self.domains)]
        return [(each.fact, sum(not self.domains[other].is_value for other in each.unknowns)) for each in about]

    def facts_about(self, name: str) -> list[Fact]:
        """Give the facts that an unknown is part of and that are known to hold, or may be."""
        return [clause.fact for clause in self._watching.get(name, ()) if self._matters(clause, self.domains)]

    def _matters(self, clause: _Clause, domains: _Domains) -> bool:
        return all(domains.truths(condition)[not truth] for condition, truth in clause.guards)

    def _open(self, domains: _Domains) -> list[str]:
        """Name the unknowns that have several values left and are part of a fact that matters."""
        found = dict.fromkeys(name for clause in self._clauses for name in clause.unknowns)
        return [
            name
            for name in found
            if not domains[name].is_value and any(self._matters(each, domains) for each in self._watching[name])
        ]

    def _search(self) -> None:
        """Try the values that are left: each by itself, then in combination."""
        if not self._try_each():
            return
        for group in self._groups():
            self._try_together(group)

    def _try_each(self) -> bool:
        again = True
        while again and self._steps > 0:
            again = False
            for name in self._open(self.domains):
                if self.domains[name].is_value:
                    continue
                pieces = self._pieces(name, self.domains) or _ends(self.domains[name])
                left = [piece for piece in pieces if self._with(self.domains, name, piece) is not None]
                if not left:
                    self.conflicts.append(Conflict(tuple(self.facts_about(name)[:4]), name))
                    return False
                joined = _join(left)
                if joined != self.domains[name]:
                    narrowed = self._with(self.domains, name, joined)
                    if narrowed is None:
                        self.conflicts.append(Conflict(tuple(self.facts_about(name)[:4]), name))
                        return False
                    again = again or (len(left) < len(pieces) and joined.is_value)
                    self.domains = narrowed
            again = self._try_guards() or again
        return True

    def _try_guards(self) -> bool:
        """Keep what follows from a condition as well as from its contrary; tell whether anything does."""
        before = dict(self.domains)
        for condition in {id(term): term for clause in self._clauses for term, _ in clause.guards}.values():
            can_hold, can_fail = self.domains.truths(condition)
            if not (can_hold and can_fail) or self._steps <= 0:
                continue
            ways = [way for truth in (True, False) if (way := self._where(condition, truth)) is not None]
            if len(ways) == 1:
                self.domains = ways[0]
            for name in self.domains if len(ways) == 2 else ():
                joined = ways[0][name].either(ways[1][name])
                narrowed = None if joined == self.domains[name] else self._with(self.domains, name, joined)
                self.domains = self.domains if narrowed is None else narrowed
        return any(domain.is_value and not before[name].is_value for name, domain in self.domains.items())

    def _where(self, condition: _Term, truth: bool) -> _Domains | None:
        """Give the domains once a guard holds, or fails; None where it cannot."""
        self._steps -= 1
        tried = _Domains(self.domains)
        tried.decided[id(condition)] = truth
        facts = [each.fact for each in self._clauses if self._certain(each, tried)]
        following = [_clause(fact, {}) for fact in _derived(facts)]
        try:
            for _ in range(2):  # the condition, what follows from it, and what both together say
                tried.push_truth(condition, truth)
                self._narrow(tried, [*self._clauses, *following])
        except _Impossible:
            return None
        return tried

    def _certain(self, clause: _Clause, domains: _Domains) -> bool:
        return all(domains.truths(condition) == (truth, not truth) for condition, truth in clause.guards)

    def _pieces(self, name: str, domains: _Domains) -> list[Domain] | None:
        """Cut a domain into values, where they are few, and what else can be told apart; None if nothing can."""
        domain = domains[name]
        known = {key: each.value for key, each in domains.items() if each.is_value}
        candidates = domain.candidates(MOST_CANDIDATES)
        pieces: list[Domain] = []
        if candidates is not None:
            pieces += [exactly(value) for value in candidates if self._accepts(name, value, known)]
        elif domain.is_whole:
            return None
        else:
            pieces.append(domain.whole())
        if domain.others is ANY:
            pieces.append(Domain(1, 0))
        else:
            pieces += [Domain(1, 0, others=frozenset({value})) for value in sorted(domain.others, key=repr)]
        return pieces

    def _with(self, domains: _Domains, name: str, piece: Domain) -> _Domains | None:
        """Give the domains once one is narrowed to `piece`, or None where that is impossible."""
        self._steps -= 1
        tried = _Domains(domains)
        tried[name] = domains[name].both(piece)
        if tried[name].is_empty:
            return None
        try:
            self._narrow(tried, self._watching.get(name, ()))
        except _Impossible:
            return None
        return tried

    def _groups(self) -> list[list[str]]:
        """Put the open unknowns that share facts together."""
        group: dict[str, list[str]] = {name: [name] for name in self._open(self.domains)}
        for clause in self._clauses:
            together = [name for name in clause.unknowns if name in group]
            if len(together) < 2 or not self._matters(clause, self.domains):
                continue
            for other in together[1:]:
                if group[other] is not group[together[0]]:
                    group[together[0]].extend(group[other])
                    for name in group[other]:
                        group[name] = group[together[0]]
        return [list(each) for each in {id(each): each for each in group.values()}.values() if len(each) > 1]

    def _try_together(self, names: list[str]) -> None:
        """Keep of each unknown the values that are part of a solution, if all solutions can be listed."""
        left: dict[str, list[Domain]] = {name: [] for name in names}
        for solution in self._solutions(self.domains, names):
            for name in names:
                if solution[name] not in left[name]:
                    left[name].append(solution[name])
            if all(len(found) > 1 for found in left.values()) and self._steps < _STEPS // 2:
                return  # nothing can be told any more
        if self._steps <= 0:
            return
        if not left[names[0]]:
            facts = dict.fromkeys(fact for name in names for fact in self.facts_about(name))
            self.conflicts.append(Conflict(tuple(facts)[:4]))
            return
        for name, found in left.items():
            narrowed = self._with(self.domains, name, _join(found))
            if narrowed is not None:
                self.domains = narrowed

    def _solutions(self, domains: _Domains, names: Iterable[str]) -> Iterator[_Domains]:
        if self._steps <= 0:
            return
        cut = [(name, self._pieces(name, domains)) for name in names if not domains[name].is_value]
        several = [
            (len(pieces), name, pieces)
            for name, pieces in cut
            if pieces is not None and (len(pieces) != 1 or pieces[0].is_value)
        ]
        if not several:
            yield domains
            return
        _, name, pieces = min(several, key=lambda each: each[0])
        for piece in pieces:
            narrowed = self._with(domains, name, piece)
            if narrowed is not None:
                yield from self._solutions(narrowed, names)

    # ------------------------------------------------------------------------------------------------------ afterwards

    def example(self, name: str) -> Any:
        """Take the smallest number that an unknown can be, 0 only if nothing else is left; None if none was found."""
        domain = self.domains[name]
        candidates = domain.candidates(MOST_CANDIDATES) or (domain.low, domain.low + 1, domain.low + 2)
        for value in sorted(candidates, key=lambda each: (each == 0, each))[:16]:
            if self.assume({name: value}):
                return value
        return None

    def assume(self, values: Mapping[str, Any]) -> bool:
        """Take values for unknowns if some solution has them; tell whether one has."""
        tried: _Domains | None = self.domains
        self._steps = max(self._steps, _STEPS // 10)
        for name, value in values.items():
            if tried is None or not tried[name].holds(value):
                return False
            tried = self._with(tried, name, exactly(value))
        if tried is None:
            return False
        names = self._open(tried)
        if names and next(self._solutions(tried, names), None) is None and self._steps > 0:
            return False
        self.domains = tried
        return True


def _ends(domain: Domain) -> list[Domain]:
    """Cut off the smallest of too many numbers: they may all be impossible but this one."""
    return [exactly(domain.low), attrs.evolve(domain, low=domain.low + 1)]


def _join(domains: list[Domain]) -> Domain:
    joined = domains[0]
    for each in domains[1:]:
        joined = joined.either(each)
    if all(each.low == each.high or each.low > each.high for each in domains):
        return attrs.evolve(joined, chosen=frozenset(each.low for each in domains if each.low <= each.high))
    return joined


def _derived(facts: list[Fact]) -> Iterator[Fact]:
    """Give what follows from sizes that are certain by adding and subtracting them."""
    certain = [fact for fact in facts if fact.is_size and isinstance(fact.expression, Expression)]
    for equation in eliminate((fact.expression, fact.value) for fact in certain):
        sources = tuple(certain[position] for position in equation.sources)
        yield Fact(equation.expression, equation.value, True, (), sources[0].because, sources)


def _clause(fact: Fact, terms: dict[str, _Term]) -> _Clause:
    """Make a fact ready; guards that read the same are one term."""
    unknowns = dict(unknowns_in(fact.expression))
    for condition, _ in fact.guards:
        unknowns.update(unknowns_in(condition))
    guards = tuple((terms.setdefault(render(each), _term(each)), truth) for each, truth in fact.guards)
    return _Clause(fact, _term(fact.expression), guards, tuple(unknowns))


def _watching(clauses: Iterable[_Clause]) -> dict[str, list[_Clause]]:
    """Give the clauses that each unknown is part of."""
    found: dict[str, list[_Clause]] = {}
    for clause in clauses:
        for name in clause.unknowns:
            found.setdefault(name, []).append(clause)
    return found


def _enforce(clause: _Clause, domains: _Domains) -> None:
    if clause.fact.is_size:
        domains.push(clause.term, exactly(clause.fact.value))
    else:
        domains.push_truth(clause.term, clause.fact.value)
