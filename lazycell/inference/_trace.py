"""What each size of a model is made of: the class is walked with the names and shapes of its own manifest."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from .._collector import collector_paused
from .._errors import LazyCellError
from ..declaration import Declaration, declaration_of, evaluate, is_symbolic, names_in, symbol
from ..manifest import Manifest
from ..mismatch import DeclaredSizes
from ._facts import facts_of
from ._names import Names, Shape, tree_of


def declared_sizes(cls: type, manifest: Manifest) -> DeclaredSizes:
    """Tell in the hyperparameters of a class what the sizes in a manifest of it are made of.

    Args:
        cls: the class; of one without a declaration nothing is told.
        manifest: of the class, with some hyperparameters.
    """
    declaration = declaration_of(cls)
    if declaration is None or declaration.own_init:
        return DeclaredSizes()
    own = manifest.hyperparameters
    values = {name: symbol(name) if _is_traced(value) else value for name, value in own.items()}
    shapes = _stored_shapes(manifest)
    try:
        with collector_paused():
            found, _ = facts_of(cls, tree_of({name: Names(shape) for name, shape in shapes.items()}), values, own)
    except LazyCellError:  # something can be computed with the values alone
        return DeclaredSizes()
    axes: dict[str, list[Any]] = {}
    lengths: dict[str, Any] = {}
    for fact in found.facts:
        name = fact.because.tensor
        if name is None or not fact.is_size:
            continue
        if fact.axis is None:
            lengths.setdefault(name, fact.expression)
        elif name in shapes:  # else it is a tie's other end
            row = axes.setdefault(name, [None] * len(shapes[name]))
            if fact.axis < len(row) and row[fact.axis] is None:
                row[fact.axis] = fact.expression
    behind = _left_to_defaults(declaration, own)
    return DeclaredSizes(
        {name: tuple(row) for name, row in axes.items()},
        lengths,
        functools.partial(_values_with, declaration, own, behind),
        {name: frozenset(names_in(default)) for name, default in behind.items()},
        _required(declaration),
    )


def _required(declaration: Declaration) -> frozenset[str]:
    """Give the hyperparameters that a requirement has together with others, as `hidden % n_heads == 0`."""
    names = {item.name for item in declaration.hyperparameters}
    found = [names & {*names_in(item.condition)} for item in declaration.requirements]
    return frozenset[str]().union(*(each for each in found if len(each) > 1))


def _is_traced(value: Any) -> bool:
    """Whether a hyperparameter may be a size, or have sizes in it: else its value is as good."""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(type(each) is int for each in value)
    if value is None or isinstance(value, (bool, float, str, type, Mapping)) or callable(value):
        return False
    return type(value) is int or hasattr(value, "__dict__")


def _stored_shapes(manifest: Manifest) -> dict[str, Shape]:
    """Give the shapes of the tensors in a file of the model, by the names there."""
    owned = {name for item in manifest.stored for name in item.parameters}
    found = {entry.name: entry.shape for entry in manifest.entries if entry.name not in owned}
    return found | {item.name: item.shape for item in manifest.stored}


def _left_to_defaults(declaration: Declaration, own: Mapping[str, Any]) -> dict[str, Any]:
    """Give the hyperparameters whose default is made of others, and whose value is what it gives."""
    found: dict[str, Any] = {}
    for item in declaration.hyperparameters:
        if is_symbolic(item.default) and item.converter is None:
            try:
                is_default = bool(evaluate(item.default, own) == own[item.name])
            except Exception:  # whatever the arithmetic raises: then the value is not from there
                continue
            if is_default:
                found[item.name] = item.default
    return found


def _values_with(
    declaration: Declaration, own: Mapping[str, Any], defaults: Mapping[str, Any], changed: Mapping[str, Any]
) -> dict[str, Any]:
    values = {**own, **changed}
    for name in declaration.evaluation_order:
        if name in defaults and name not in changed:
            try:
                values[name] = evaluate(defaults[name], values)
            except Exception:  # as above
                continue
    return values
