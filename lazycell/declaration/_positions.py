"""Derived values that use `INDEX`: no values of the instance, but formulas, one value for each place in a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ._declare import CellsSpec, ChildrenSpec, ChildSpec, Conditional, Declared, Derived, ParameterSpec
from ._symbols import evaluate, is_position, names_in, symbol


class _Formulas(dict[str, Any]):
    """What names stand for: a formula, or else themselves."""

    def __missing__(self, name: str) -> Any:
        return symbol(name)


def of_positions(items: Mapping[str, Declared]) -> dict[str, Derived]:
    """Give the derived values that have a value for each position only, by name; some use others."""
    derived = {name: item for name, item in items.items() if isinstance(item, Derived)}
    found: dict[str, Derived] = {}
    while True:
        more = {
            name: item
            for name, item in derived.items()
            if name not in found and any(is_position(used) or used in found for used in names_in(item.value))
        }
        if not more:
            return {name: item for name, item in derived.items() if name in found}
        found |= more


def with_formulas(item: Declared, positional: Mapping[str, Derived], order: tuple[str, ...]) -> Declared:
    """Give a declaration with the formulas of positional values in the place of their names, in all that is repeated.

    Args:
        item: the declaration.
        positional: derived values that use `INDEX`.
        order: of evaluation: each name after those that it uses.
    """
    formulas = _Formulas()
    for name in order:
        if name in positional:
            formulas[name] = evaluate(positional[name].value, formulas)
    return _outside(item, formulas)


def _outside(item: Any, formulas: _Formulas) -> Any:
    if isinstance(item, Conditional):
        return attrs.evolve(
            item, present=_outside(item.present, formulas), otherwise=_outside(item.otherwise, formulas)
        )
    if isinstance(item, CellsSpec):
        return attrs.evolve(item, parts=tuple((name, _outside(part, formulas)) for name, part in item.parts))
    return attrs.evolve(item, each=_inside(item.each, formulas)) if isinstance(item, ChildrenSpec) else item


_WRITTEN = {
    ChildSpec: ("factory", "args", "kwargs"),
    ParameterSpec: ("initializer", "shape", "dtype"),
    ChildrenSpec: ("count",),
    Conditional: ("condition",),
}


def _inside(item: Any, formulas: _Formulas) -> Any:
    if isinstance(item, CellsSpec):
        return attrs.evolve(item, parts=tuple((name, _inside(part, formulas)) for name, part in item.parts))
    if type(item) not in _WRITTEN:
        return item
    written = {name: getattr(item, name) for name in _WRITTEN[type(item)]}
    changes = {name: evaluate(value, formulas) for name, value in written.items()}
    if isinstance(item, Conditional):
        changes |= {"present": _inside(item.present, formulas), "otherwise": _inside(item.otherwise, formulas)}
    elif isinstance(item, ChildrenSpec):
        changes["each"] = _inside(item.each, formulas)
    return attrs.evolve(item, **changes)
