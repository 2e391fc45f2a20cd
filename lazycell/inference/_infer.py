"""From names and shapes in a checkpoint to the hyperparameters of a class: which they tell, and which they cannot."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

from .._collector import collector_paused
from .._frozen import frozen
from .._location import did_you_mean
from ..declaration import NOTHING, Declaration, declaration_of, render, symbol
from ._domain import exactly
from ._fact import Conflict
from ._facts import facts_of
from ._found import Found
from ._hyperparameters import (
    accepts_of,
    attempt,
    default_of,
    domain_of,
    domain_of_path,
    given_of,
    is_plain,
    is_truth,
    root_of,
)
from ._names import Names, Shape, tree_of
from ._solve import Solver
from ._untold import reason_of


@frozen
class Undetermined:
    """A hyperparameter that shapes do not tell.

    Attributes:
        reason: what they do tell: `any divisor of 64 fits`, or `no shape depends on it`.
        default: its default, or attrs' NOTHING.
        default_fits: whether the default fits, together with those of the hyperparameters before it.
        example: a value that fits together with those defaults; NOTHING where none was found.
    """

    reason: str
    default: Any
    default_fits: bool
    example: Any

    def __str__(self) -> str:
        if self.default is NOTHING:
            return f"{self.reason}; it has no default"
        text = f"{self.reason}; default {render(self.default)}"
        if self.default_fits:
            return text
        better = "" if self.example is NOTHING else f": with the other defaults {render(self.example)} does"
        return f"{text}, which does not fit{better}"


@frozen
class Solved:
    """What shapes say about the hyperparameters of a class.

    Attributes:
        determined: the values that shapes tell, and those that were given.
        undetermined: what is said about each of the others.
        assumed: a value for each of the others, where one could be found that fits together with all the rest: the
            default where that fits.
        conflicts: facts that contradict each other; with one, nothing else holds.
        found: how names and declarations fit.
        longest: the length of the longest list of cells, with these values.
    """

    determined: dict[str, Any]
    undetermined: dict[str, Undetermined]
    assumed: dict[str, Any]
    conflicts: tuple[Conflict, ...]
    found: Found
    longest: int


def solve_shapes(cls: type, shapes: Mapping[str, Shape], known: Mapping[str, Any]) -> Solved:
    """Solve the declared shapes of a class for its hyperparameters. Needs no MindSpore, and builds nothing.

    Args:
        cls: a class with a declaration.
        shapes: of the stored tensors, by the names that the class has for them.
        known: hyperparameters that are given.

    Raises:
        TypeError: something is given that is no hyperparameter.
        HyperparameterError: a converter refuses what is given.
    """
    declaration = declaration_of(cls)
    assert declaration is not None
    items = {item.name: item for item in declaration.hyperparameters}
    for name in known:
        if name not in items:
            raise TypeError(f"{cls.__name__} has no hyperparameter `{name}`{did_you_mean(name, items)}")
    given = {name: given_of(items[name], value) for name, value in known.items()}
    values = {name: given[name] if name in given and not is_plain(given[name]) else symbol(name) for name in items}
    with collector_paused():
        names = tree_of({name: Names(shape) for name, shape in shapes.items()})
        found, lengths = facts_of(cls, names, values, _defaults(declaration, given))
    domains = {name: domain_of(item) for name, item in items.items()}
    for path in {path for fact in found.facts for path in fact.unknowns} - domains.keys():
        domains[path] = domain_of_path(path, items)
    domains |= {name: exactly(value) for name, value in given.items() if is_plain(value)}
    solver = Solver(found.facts, domains, accepts_of(items))
    return _Reading(declaration, given, solver, found).solved(lengths)


def _defaults(declaration: Declaration, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the defaults are, where that is known without the values of others that have none."""
    items = {item.name: item for item in declaration.hyperparameters}
    derived = {item.name: item for item in declaration.derived}
    values: dict[str, Any] = dict(given)
    for name in declaration.evaluation_order:
        if name not in values:
            value = default_of(items[name], values) if name in items else attempt(derived[name].value, values)
            if value is not NOTHING:
                values[name] = value
    return values


class _Reading:
    """Reads off a solver what is told, and finds values for the rest."""

    def __init__(self, declaration: Declaration, given: Mapping[str, Any], solver: Solver, found: Found) -> None:
        self._items = {item.name: item for item in declaration.hyperparameters}
        self._order = declaration.evaluation_order
        self._derived = {item.name: item for item in declaration.derived}
        self._given = given
        self._solver = solver
        self._found = found
        self._paths: dict[str, dict[str, Any]] = {}
        for fact in found.facts:
            for path, expression in fact.unknowns.items():
                self._paths.setdefault(root_of(path), {})[path] = expression

    def solved(self, lengths: list[Any]) -> Solved:
        determined = {name: value for name in self._items if (value := self._told(name)) is not NOTHING}
        conflicts = [*self._solver.conflicts, *self._refused(determined)]
        if conflicts:
            return Solved(determined, {}, {}, tuple(conflicts), self._found, 0)
        reasons = {
            name: reason_of(self._solver, self._paths.get(name, {}), name, is_truth(item))
            for name, item in self._items.items()
            if name not in determined
        }
        everything = self._assumed(determined)
        assumed = {name: value for name, value in everything.items() if name in reasons}
        undetermined: dict[str, Undetermined] = {}
        for name, reason in reasons.items():
            default = default_of(self._items[name], everything)
            shown = self._items[name].default if default is NOTHING else default
            example = assumed.get(name, NOTHING)
            undetermined[name] = Undetermined(reason, shown, default is not NOTHING and default == example, example)
        counts = [attempt(length, everything) for length in lengths]
        longest = max((each for each in counts if isinstance(each, int)), default=0)
        return Solved(determined, undetermined, assumed, (), self._found, longest)

    def _told(self, name: str) -> Any:
        """Give the value that shapes tell, or attrs' NOTHING."""
        if name in self._given:
            return self._given[name]
        domain = self._solver.domains.get(name)
        if domain is not None and domain.is_value:
            return domain.value
        # A tuple is told by its items, where something says how many there are.
        length = self._length(name)
        return NOTHING if length is None else self._row(name, length)

    def _length(self, name: str) -> int | None:
        """Give the length of a tuple: its type says it, `kernel: tuple[int, int]`, or lists that are as long do."""
        kinds = typing.get_args(self._items[name].type)
        if typing.get_origin(self._items[name].type) is not tuple or not kinds:
            return None
        if ... not in kinds:
            return len(kinds)
        told = self._solver.domains.get(f"len_({name})")
        return told.value if told is not None and told.is_value else None

    def _row(self, name: str, length: int) -> Any:
        items = [self._solver.domains.get(f"{name}[{index}]") for index in range(length)]
        known = [each.value for each in items if each is not None and each.is_value]
        return tuple(known) if len(known) == length else NOTHING

    def _refused(self, determined: Mapping[str, Any]) -> list[Conflict]:
        """Name the values that shapes tell and a validator refuses."""
        accepts = accepts_of(self._items)
        return [
            Conflict(tuple(self._solver.facts_about(name)[:1]), name, is_refusal=True)
            for name, value in determined.items()
            if name not in self._given and not accepts(name, determined, value)
        ]

    # ------------------------------------------------------------------------------------------------------- the rest

    def _assumed(self, determined: Mapping[str, Any]) -> dict[str, Any]:
        """Add values that fit together: defaults first, as far as they are known without what has none."""
        order = [name for name in self._order if name in self._items and name not in determined]
        start = self._solver.domains
        first: list[str] = []
        while True:
            values = self._with_derived(determined)
            for name in first:
                values = self._with_derived(values | (self._by_default(name, values) or self._example(name)))
            for name in order:
                values = self._with_derived(values | (self._by_default(name, values) if name not in values else {}))
            for name in order:
                found = {} if name in values else self._by_default(name, values) or self._example(name)
                values = self._with_derived(values | found)
            stuck = [name for name in order if name not in values and name in self._paths.get(name, {})]
            if not stuck or stuck[0] in first:
                return values
            # What was assumed before left nothing for it: it takes its value before the others.
            first.insert(0, stuck[0])
            self._solver.domains = start

    def _with_derived(self, values: Mapping[str, Any]) -> dict[str, Any]:
        complete = dict(values)
        for name in self._order:
            if name in self._derived and (value := attempt(self._derived[name].value, complete)) is not NOTHING:
                complete[name] = value
        return complete

    def _by_default(self, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        default = default_of(self._items[name], values)
        paths = {path: attempt(expression, {name: default}) for path, expression in self._paths.get(name, {}).items()}
        fits = default is not NOTHING and all(map(is_plain, paths.values())) and self._solver.assume(paths)
        return {name: default} if fits else {}

    def _example(self, name: str) -> dict[str, Any]:
        """Give a value that fits with what is assumed so far, if one is found."""
        value = self._told(name)
        paths = self._paths.get(name, {})
        if value is NOTHING and paths:
            items = sum(path.startswith(f"{name}[") for path in paths)
            value = self._solver.example(name) if name in paths else self._row(name, items) if items else NOTHING
            value = NOTHING if value is None else value
        return {} if value is NOTHING else {name: value}
