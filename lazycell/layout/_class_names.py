"""Which names a class's parameters have in checkpoints, as far as that is known without hyperparameters.

Positions of repeated children are wildcards, and so is whatever is below a cell that has to be built to be seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from .._frozen import frozen
from ..declaration import (
    ChildSpec,
    Declaration,
    Declared,
    ParameterSpec,
    Tie,
    counter_of,
    declaration_of_child,
    does_more,
    places,
    sections_of,
    split_section,
)
from ._form_shape import form_shape, unknown_sizes
from ._match import use_by, uses
from ._overlap import ANYTHING, INDEX


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
        specs = (spec for member in declaration.members for _, spec, _ in places(member, INDEX))
        children = (spec.factory for spec in specs if isinstance(spec, ChildSpec))
        found = ((child, declaration_of_child(child)) for child in children)
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
    if declaration.own_init or does_more(cls):
        names[ANYTHING] = _UNKNOWN
    for tie in declaration.ties:
        if isinstance(tie, Tie):
            for name in [name for name in names if name == tie.target or name.startswith(f"{tie.target}.")]:
                del names[name]
    return names


def _below(member: Declared, formulas: Mapping[str, Any]) -> Iterator[tuple[str, Known]]:
    for place, spec, _ in places(member, INDEX):
        if isinstance(spec, ParameterSpec):
            axes = [[*sections_of(dimension, formulas)] for dimension in spec.shape]
            sections = tuple(frozenset(dict(named)) for axis in axes for _, named in axis)
            yield place, Known(len(spec.shape), sections)
        elif isinstance(spec, ChildSpec):
            for name, known in _of_child(spec.factory).items():
                yield f"{place}.{name}", known


def _of_child(factory: Any) -> Mapping[str, Known]:
    declaration = declaration_of_child(factory)
    return {ANYTHING: _UNKNOWN} if declaration is None else stored_names(factory, declaration)


def _after_rules(declaration: Declaration, names: Mapping[str, Known]) -> dict[str, Known]:
    kept, made = dict(names), dict[str, Known]()
    found = {name: uses(declaration.stored, name) for name in names}
    for rule in declaration.stored:
        plain = isinstance(rule.form, str) and rule.leaves[0].section is None
        for name, known in names.items():
            use = use_by(rule, found[name])
            if use is not None:
                made.setdefault(use.new, known if plain else Known(_rank(rule.form, known.rank)))
                if use.whole:
                    kept.pop(name, None)
    return {**kept, **made}


def _rank(form: Any, rank: int | None) -> int | None:
    """Give the number of axes of what a form makes of tensors with `rank` axes."""
    try:
        shape = form_shape(form, lambda leaf: unknown_sizes(_rank_of(leaf, rank)), ranks_only=True)
    except ValueError:  # not of all that the rule takes, else the class would have been refused: applying it will say
        return None
    return None if shape is None else len(shape)


def _rank_of(leaf: str, rank: int | None) -> int | None:
    """Give the number of axes of what a name in a form stands for: a position of the first axis has one less."""
    return rank if rank is None or counter_of(split_section(leaf)[1]) is None else rank - 1
