"""From names and shapes in a checkpoint to the hyperparameters of a class: which they tell, and which they cannot."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from .._frozen import frozen
from .._location import did_you_mean
from ..declaration._declaration import Declaration, declaration_of
from ..declaration._declare import NOTHING, Hyperparameter
from ..declaration._symbols import evaluate, is_symbolic, render, symbol
from ..manifest._resolve import _convert
from ..system._collector import collector_paused
from ._domains import ANY, ANYTHING, NONE, TRUTH, UNBOUNDED, Domain, divisors_of, exactly, truths
from ._facts import Found, facts_of
from ._names import Names, Shape, tree_of
from ._solve import Conflict, Fact, Solver, unknowns_in

_LONGEST_LIST = 10
_MOST_RELATIONS = 2

# ------------------------------------------------------------------------------------------------------------- results


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
    hyperparameters = {item.name: item for item in declaration.hyperparameters}
    for name in known:
        if name not in hyperparameters:
            hint = did_you_mean(name, hyperparameters)
            raise TypeError(f"{cls.__name__} has no hyperparameter `{name}`{hint}")
    given = {name: _given(hyperparameters[name], value) for name, value in known.items()}
    values = {
        name: given[name] if name in given and not _is_plain(given[name]) else symbol(name) for name in hyperparameters
    }
    defaults = _defaults(declaration, given)
    with collector_paused():
        names = tree_of({name: Names(shape) for name, shape in shapes.items()})
        found, lengths = facts_of(cls, names, values, defaults)
    solver = Solver(found.facts, _domains(hyperparameters, given, found.facts), _accepts(hyperparameters))
    return _Reading(declaration, given, solver, found, lengths).solved()


def _given(item: Hyperparameter, value: Any) -> Any:
    return _convert(item, value, types.SimpleNamespace())


def _is_plain(value: Any) -> bool:
    """Tell whether the solver can hold a value; into others the walk looks as they are."""
    return value is None or isinstance(value, (bool, int, float, str))


def _defaults(declaration: Declaration, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the defaults are, where that is known without the values of others that have none."""
    items = {item.name: item for item in declaration.hyperparameters}
    derived = {item.name: item for item in declaration.derived}
    values: dict[str, Any] = dict(given)
    for name in declaration.evaluation_order:
        if name not in values:
            value = default_of(items[name], values) if name in items else _attempt(derived[name].value, values)
            if value is not NOTHING:
                values[name] = value
    return values


def default_of(item: Hyperparameter, values: Mapping[str, Any]) -> Any:
    """Give the value of a default, or attrs' NOTHING where there is none or it cannot be computed from `values`."""
    default = item.default
    if default is NOTHING:
        return NOTHING
    known = types.SimpleNamespace(**values)
    try:
        if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
            return _convert(item, default.factory(known) if default.takes_self else default.factory(), known)
        return _convert(item, evaluate(default, values), known)
    except Exception:  # it depends on what is not known, or is refused
        return NOTHING


def _attempt(value: Any, values: Mapping[str, Any]) -> Any:
    try:
        return evaluate(value, values)
    except Exception:
        return NOTHING


# ------------------------------------------------------------------------------------------------------------- domains

_NATURAL = Domain(0, UNBOUNDED, others=NONE)
_NO_NUMBER = Domain(1, 0)


def _domains(
    hyperparameters: Mapping[str, Hyperparameter], given: Mapping[str, Any], facts: list[Fact]
) -> dict[str, Domain]:
    """Give what each unknown can be, by its type, its default and its validator. Sizes and counts are 0 or more."""
    domains = {name: _domain(item) for name, item in hyperparameters.items()}
    for fact in facts:
        for value in (fact.expression, *(condition for condition, _ in fact.guards)):
            for path, expression in unknowns_in(value).items():
                if path not in domains:
                    domains[path] = _domain_of_path(path, expression, hyperparameters)
    for name, value in given.items():
        if _is_plain(value):
            domains[name] = exactly(value)
    return domains


def _domain(item: Hyperparameter) -> Domain:
    options = getattr(item.validator, "options", None)  # of attrs' in_
    if isinstance(options, (list, tuple, set, frozenset)) and options:
        return _union(exactly(value) for value in options)
    domain = _domain_of_type(item.type)
    default = item.default
    if default is not NOTHING and not is_symbolic(default) and not domain.holds(default):
        wider = exactly(default) if _is_plain(default) else ANYTHING
        # `shift: int = -1` says that there is something below 0.
        domain = attrs.evolve(domain, low=-UNBOUNDED) if isinstance(default, int) else domain.either(wider)
    return domain


def _union(domains: Any) -> Domain:
    first, *others = domains
    values = {first.low} if first.low == first.high else set()
    joined = first
    for each in others:
        joined = joined.either(each)
        if each.low == each.high:
            values.add(each.low)
    return attrs.evolve(joined, chosen=frozenset(values)) if values and joined.others is not ANY else joined


def _domain_of_type(kind: Any) -> Domain:
    if isinstance(kind, str):
        parts = [part.strip() for part in kind.split("|")]
        named = {"int": int, "bool": bool, "float": float, "str": str, "None": None}
        return _union([_domain_of_type(named.get(part, Any)) for part in parts])
    if kind is int:
        return _NATURAL
    if kind is bool:
        return TRUTH
    if kind is None or kind is type(None):
        return exactly(None)
    if kind is str:
        return _NO_NUMBER
    if kind is float:
        return ANYTHING
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _union([exactly(member) for member in kind])
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _union([_domain_of_type(part) for part in arguments])
    if origin is typing.Literal:
        return _union([exactly(value) for value in arguments])
    return Domain(0, UNBOUNDED)


def _domain_of_path(path: str, expression: Any, hyperparameters: Mapping[str, Hyperparameter]) -> Domain:
    """Give what `kernel[0]` or `config.hidden` can be: a whole number, where the type of `kernel` says so."""
    name = path.partition(".")[0].partition("[")[0]
    item = hyperparameters.get(name)
    if path.startswith("?"):
        return Domain(0, UNBOUNDED)
    if item is not None and "[" in path:
        kinds = typing.get_args(item.type) or ([type(each) for each in item.default] if _is_row(item.default) else ())
        if kinds and all(kind is int or kind is ... for kind in kinds):
            return _NATURAL
    return Domain(0, UNBOUNDED)


def _is_row(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and not is_symbolic(value)


def _accepts(hyperparameters: Mapping[str, Hyperparameter]) -> Callable[[str, Any, Mapping[str, Any]], bool]:
    """Make the test whether a value passes the validators of a hyperparameter."""

    def accepts(name: str, value: Any, known: Mapping[str, Any]) -> bool:
        item = hyperparameters.get(name)
        validators = item.validator if item is not None else None
        for validator in validators if isinstance(validators, (list, tuple)) else [validators]:
            if validator is None:
                continue
            try:
                validator(types.SimpleNamespace(**known), item, _as_typed(item, value))
            except AttributeError:  # it looks at another hyperparameter, which is not known
                continue
            except Exception:
                return False
        return True

    return accepts


def _as_typed(item: Hyperparameter | None, value: Any) -> Any:
    """Give 0 and 1 as truth values where these are meant."""
    is_number = isinstance(value, int) and value in (0, 1)
    return bool(value) if item is not None and is_number and _is_truth(item) else value


def _is_truth(item: Hyperparameter) -> bool:
    return item.type in (bool, "bool") or isinstance(item.default, bool)


# ------------------------------------------------------------------------------------------------------------- reading


class _Reading:
    """Reads off a solver what is told, and finds values for the rest."""

    def __init__(
        self, declaration: Declaration, given: Mapping[str, Any], solver: Solver, found: Found, lengths: list[Any]
    ) -> None:
        self._items = {item.name: item for item in declaration.hyperparameters}
        self._order = [name for name in declaration.evaluation_order if name in self._items]
        self._derived = {item.name: item for item in declaration.derived}
        self._evaluation_order = declaration.evaluation_order
        self._given = given
        self._solver = solver
        self._found = found
        self._lengths = lengths
        self._paths: dict[str, dict[str, Any]] = {}
        for fact in found.facts:
            for value in (fact.expression, *(condition for condition, _ in fact.guards)):
                for path, expression in unknowns_in(value).items():
                    root = path.partition(".")[0].partition("[")[0]
                    self._paths.setdefault(root, {})[path] = expression

    def solved(self) -> Solved:
        determined = {name: value for name in self._items if (value := self._told(name)) is not NOTHING}
        conflicts = [*self._solver.conflicts, *self._refused(determined)]
        if conflicts:
            return Solved(determined, {}, {}, tuple(conflicts), self._found, 0)
        reasons = {name: self._reason(name) for name in self._items if name not in determined}
        assumed = self._assume(determined)
        undetermined: dict[str, Undetermined] = {}
        for name, reason in reasons.items():
            default = default_of(self._items[name], self._with_derived({**determined, **assumed}))
            shown = self._items[name].default if default is NOTHING else default
            example = assumed.get(name, NOTHING)
            undetermined[name] = Undetermined(reason, shown, default is not NOTHING and default == example, example)
        everything = self._with_derived({**determined, **assumed})
        counts = [_attempt(length, everything) for length in self._lengths]
        longest = max((each for each in counts if isinstance(each, int)), default=0)
        return Solved(determined, undetermined, assumed, (), self._found, longest)

    def _told(self, name: str) -> Any:
        """Give the value that shapes tell, or attrs' NOTHING."""
        if name in self._given:
            return self._given[name]
        domain = self._solver.domains.get(name)
        if domain is not None and domain.is_value:
            return _as_typed(self._items[name], domain.value)
        return self._told_row(name)

    def _told_row(self, name: str) -> Any:
        """Give a tuple whose items shapes tell, where its type says how long it is: `kernel: tuple[int, int]`."""
        kinds = typing.get_args(self._items[name].type)
        if typing.get_origin(self._items[name].type) is not tuple or not kinds or ... in kinds:
            return NOTHING
        return self._row(name, len(kinds))

    def _row(self, name: str, length: int) -> Any:
        items = [self._solver.domains.get(f"{name}[{index}]") for index in range(length)]
        if not all(each is not None and each.is_value for each in items):
            return NOTHING
        return tuple(each.value for each in items if each is not None)

    def _refused(self, determined: Mapping[str, Any]) -> list[Conflict]:
        """Name the values that shapes tell and a validator refuses."""
        accepts = _accepts(self._items)
        refused = [
            name
            for name, value in determined.items()
            if name not in self._given and not accepts(name, value, determined)
        ]
        return [Conflict(tuple(self._solver.facts_about(name)[:1]), name, True) for name in refused]

    # ------------------------------------------------------------------------------------------------------- the rest

    def _with_derived(self, values: Mapping[str, Any]) -> dict[str, Any]:
        complete = dict(values)
        for name in self._evaluation_order:
            if name in self._derived and (value := _attempt(self._derived[name].value, complete)) is not NOTHING:
                complete[name] = value
        return complete

    def _assume(self, determined: Mapping[str, Any]) -> dict[str, Any]:
        """Find values that fit together: defaults first, as far as they are known without what has none."""
        assumed: dict[str, Any] = {}
        rest = [name for name in self._order if name not in determined]
        for name in rest:
            self._assume_default(name, determined, assumed)
        for name in rest:
            if name not in assumed and not self._assume_default(name, determined, assumed):
                value = self._example(name)
                if value is not NOTHING:
                    assumed[name] = value
        return assumed

    def _assume_default(self, name: str, determined: Mapping[str, Any], assumed: dict[str, Any]) -> bool:
        default = default_of(self._items[name], self._with_derived({**determined, **assumed}))
        if default is NOTHING:
            return False
        paths = {path: _attempt(expression, {name: default}) for path, expression in self._paths.get(name, {}).items()}
        if not all(_is_plain(value) for value in paths.values()) or not self._solver.assume(paths):
            return False
        assumed[name] = default
        return True

    def _example(self, name: str) -> Any:
        """Give a value that fits with what is assumed so far, or attrs' NOTHING where none was found."""
        told = self._told(name)
        if told is not NOTHING:
            return told
        paths = self._paths.get(name)
        if paths is None:
            return NOTHING
        if paths.keys() != {name}:
            return self._row(name, len(paths))
        value = self._solver.example(name)
        return NOTHING if value is None else _as_typed(self._items[name], value)

    # --------------------------------------------------------------------------------------------------------- reasons

    def _reason(self, name: str) -> str:
        paths = self._paths.get(name, {})
        if paths and name not in paths:
            return self._reason_for_object(paths)
        related = self._solver.related(name) if name in paths else []
        if not related:
            return "no shape depends on it"
        domain = self._solver.domains[name]
        parts = ["True or False fits"] if _is_truth(self._items[name]) else _values_text(domain)
        relations = [self._text(fact) for fact, open_ in related if open_ > 1 or not parts]
        parts += list(dict.fromkeys(relations))[:_MOST_RELATIONS]
        return "; ".join(parts)

    def _reason_for_object(self, paths: Mapping[str, Any]) -> str:
        told = {path: self._solver.domains[path] for path in paths}
        values = [f"{path}={each.value!r}" for path, each in told.items() if each.is_value]
        values += [f"bool({path})={truths(each)[0]}" for path, each in told.items() if _tells_truth_alone(each)]
        open_ = [path for path, each in told.items() if not each.is_value and not _tells_truth_alone(each)]
        parts = [f"shapes tell {', '.join(values)}"] if values else []
        parts += [f"they do not tell {', '.join(open_)}"] if open_ else []
        return "; ".join(parts)

    def _text(self, fact: Fact) -> str:
        """Write a fact, with the values that are known."""
        known = {
            path: (each.value if (each := self._solver.domains[path]).is_value else expression)
            for paths in self._paths.values()
            for path, expression in paths.items()
        }
        expression = fact.expression
        simple = {path: value for path, value in known.items() if path in self._items}
        shown = _attempt(expression, {**{name: symbol(name) for name in self._items}, **simple})
        text = render(expression if shown is NOTHING else shown)
        guards = [render(condition) if holds else f"~({render(condition)})" for condition, holds in fact.guards]
        where = f" where `{' & '.join(guards)}`" if guards else ""
        if fact.is_size:
            return f"`{text}` is {fact.value}{where}"
        return f"`{text}` {'holds' if fact.value else 'does not hold'}{where}"


def _tells_truth_alone(domain: Domain) -> bool:
    return not domain.is_value and truths(domain) in ((True, False), (False, True)) and domain.others is ANY


def _values_text(domain: Domain) -> list[str]:
    """Write the values that are left, if that says anything."""
    others = [] if domain.others is ANY else sorted(map(repr, domain.others))
    candidates = domain.candidates(4 * _LONGEST_LIST)
    divisors = divisors_of(domain.divides) if domain.divides else None
    if candidates and divisors and len(candidates) > 1 and candidates == divisors[divisors.index(candidates[0]) :]:
        numbers = [f"any divisor of {domain.divides}" + (f" from {candidates[0]} on" if candidates[0] > 1 else "")]
    elif candidates is not None and len(candidates) <= _LONGEST_LIST:
        numbers = [str(each) for each in candidates]
    elif domain.low > domain.high:
        numbers = []
    elif domain.high < UNBOUNDED:
        numbers = [f"{domain.low} to {domain.high}" if domain.low > -UNBOUNDED else f"{domain.high} or less"]
    else:
        numbers = [f"{domain.low} or more"] if domain.low > 0 else []
    if domain.others is ANY:
        return [f"{numbers[0]} fits"] if numbers else []
    several = [*numbers, *others]
    if not several:
        return []
    text = several[0] if len(several) == 1 else f"{', '.join(several[:-1])} or {several[-1]}"
    return [f"{text} fits"]
