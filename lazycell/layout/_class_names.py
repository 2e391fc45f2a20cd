"""Which names a class's parameters have in checkpoints, as far as that is known without hyperparameters.

Positions of repeated children are wildcards, and so is whatever is below a cell that has to be built to be seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from .._frozen import frozen
from ..declaration._declaration import Declaration, declaration_of
from ..declaration._declare import ChildrenSpec, ChildSpec, Conditional, ParameterSpec, Tie
from ..declaration._forms import Fused, Reshaped, Transposed
from ..declaration._patterns import fill
from ..declaration._stored_rule import StoredRule
from ..declaration._symbols import sections_of
from ._overlap import ANYTHING, INDEX, as_wildcards, overlap


@frozen
class Known:
    """What is known of a stored tensor.

    Attributes:
        rank: how many axes it has; None where that depends on conditions, or on building a cell.
        sections: for each axis of a parameter that has sections, and each condition, the names of the sections.
    """

    rank: int | None = None
    sections: tuple[frozenset[str], ...] = ()

    def joined(self, other: Known) -> Known:
        """Give what is known of what is one of the two, depending on a condition."""
        sections = tuple(dict.fromkeys((*self.sections, *other.sections)))
        return Known(self.rank if self.rank == other.rank else None, sections)


_UNKNOWN = Known()
_NAMES: WeakKeyDictionary[type, dict[str, Known]] = WeakKeyDictionary()
_HAS_RULES: WeakKeyDictionary[type, bool] = WeakKeyDictionary()
_PLAIN_TYPES = (int, float, bool, str)


def has_rules(cls: type, declaration: Declaration) -> bool:
    """Tell whether a class, or one of those that it is known to have below it, says how it is stored."""
    if cls not in _HAS_RULES:
        children = (spec.factory for member in declaration.members for spec in _child_specs(member))
        found = ((child, declaration_of(child)) for child in children if isinstance(child, type))
        _HAS_RULES[cls] = bool(declaration.stored) or any(
            has_rules(child, below) for child, below in found if below is not None
        )
    return _HAS_RULES[cls]


def stored_names(cls: type, declaration: Declaration) -> Mapping[str, Known]:
    """Give the names below a cell of a class as the cell above sees them: after the class's own rules."""
    if cls not in _NAMES:
        _NAMES[cls] = _after_rules(declaration, names_below(cls, declaration))
    return _NAMES[cls]


def names_below(cls: type, declaration: Declaration) -> dict[str, Known]:
    """Give the names that the rules of a class see, each with the sections of the parameter."""
    names: dict[str, Known] = {}
    formulas = {item.name: item.value for item in declaration.derived}
    for member in declaration.members:
        for name, known in _below(member, formulas):
            names[name] = names[name].joined(known) if name in names else known
    for item in declaration.hyperparameters:
        if item.type not in _PLAIN_TYPES:
            names[f"{item.name}.{ANYTHING}"] = _UNKNOWN  # its value may be a cell
    if declaration.own_init or hasattr(cls, "__post_init__"):
        names[ANYTHING] = _UNKNOWN
    for tie in declaration.ties:
        if isinstance(tie, Tie):
            names.pop(tie.target, None)
    return names


def _below(item: Any, formulas: Mapping[str, Any]) -> Iterator[tuple[str, Known]]:
    match item:
        case ParameterSpec():
            axes = [[*sections_of(dimension, formulas)] for dimension in item.shape]
            sections = tuple(frozenset(dict(named)) for axis in axes for _, named in axis)
            yield item.name, Known(len(item.shape), sections)
        case ChildSpec():
            yield from _of_child(item, f"{item.name}.")
        case ChildrenSpec():
            for spec in _child_specs(item.each):
                yield from _of_child(spec, f"{item.name}.{INDEX}.")
        case Conditional():
            yield from _below(item.present, formulas)
            yield from _below(item.otherwise, formulas)


def _child_specs(item: Any) -> Iterator[ChildSpec]:
    """Give every child that a declaration may make, whatever the conditions."""
    match item:
        case ChildSpec():
            yield item
        case ChildrenSpec():
            yield from _child_specs(item.each)
        case Conditional():
            yield from _child_specs(item.present)
            yield from _child_specs(item.otherwise)


def _of_child(spec: ChildSpec, prefix: str) -> Iterator[tuple[str, Known]]:
    declaration = declaration_of(spec.factory) if isinstance(spec.factory, type) else None
    if declaration is None:
        yield prefix + ANYTHING, _UNKNOWN
        return
    for name, known in stored_names(spec.factory, declaration).items():
        yield prefix + name, known


def _after_rules(declaration: Declaration, names: Mapping[str, Known]) -> dict[str, Known]:
    kept, made = dict(names), dict[str, Known]()
    for rule in declaration.stored:
        plain = isinstance(rule.form, str) and rule.leaves[0].section is None
        for name, known in names.items():
            new, whole = renamed(rule, name)
            if whole:
                kept.pop(name, None)
            if new is not None:
                made.setdefault(new, known if plain else Known(_rank(rule.form, known.rank)))
    return {**kept, **made}


def _rank(form: Any, rank: int | None) -> int | None:
    """Give the number of axes of what a form makes of tensors with `rank` axes."""
    match form:
        case Fused(_, sections):
            return _rank(sections[0][1], rank)
        case Transposed(inner):
            return _rank(inner, rank)
        case Reshaped(_, shape):
            return len(shape)
    return rank


def renamed(rule: StoredRule, name: str) -> tuple[str | None, bool]:
    """Give what a rule makes of a name with wildcards, and whether of all names that it stands for."""
    new: str | None = None
    for leaf in rule.leaves:
        values = leaf.pattern.match(name)
        if values is not None and not any(
            ANYTHING in values[each] and not written.startswith("{*") for each, written in leaf.pattern.captures.items()
        ):
            return fill(rule.name, values), True
        if new is None and overlap(leaf.pattern.text, name) is not None:
            values = leaf.pattern.match(_at_index(name, leaf.pattern.text))
            new = as_wildcards(rule.name) if values is None else fill(rule.name, values)
    return new, False


def _at_index(name: str, pattern: str) -> str:
    """Give `name` with the positions that a pattern names: `layers.0.weight` of all of `layers`."""
    segments = name.split(".")
    for position, (ours, theirs) in enumerate(zip(segments, pattern.split("."), strict=False)):
        if theirs.startswith("{*"):
            break
        if ours == INDEX and theirs.isdigit():
            segments[position] = theirs
    return ".".join(segments)
