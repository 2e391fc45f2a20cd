"""The value of an expression in a declaration; what cannot be computed is said with the values it used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from .._errors import DeclarationError
from .._harmless import repr_of, told
from .._location import did_you_mean
from ..mesh import On
from ._declare import Conditional, Declared
from ._symbols import evaluate, names_in, render


def evaluated(item: Declared, value: Any, values: Mapping[str, Any]) -> Any:
    """Give the value of an expression in a declaration; what holds no expression is given as it is.

    Raises:
        DeclarationError: it cannot be computed; the message names the declaration and the values it used.
    """
    return evaluated_parts(item, (value,), values)[0]


def evaluated_parts(item: Declared, parts: Iterable[Any], values: Mapping[str, Any]) -> list[Any]:
    """Give the value of each of several expressions in a declaration.

    Raises:
        DeclarationError: one cannot be computed; the message names the declaration and the values it used.
    """
    found: list[Any] = []
    for part in parts:
        try:
            found.append(evaluate(part, values))
        except DeclarationError:
            raise
        except Exception as error:  # whatever the user's arithmetic raises, it is about this expression
            _refuse(item, part, values, error)
    return found


def decided(item: Any, values: Mapping[str, Any]) -> Any:
    """Follow the conditions of a declaration until something is declared, or None."""
    while isinstance(item, Conditional):
        item = item.present if evaluated(item, item.condition, values) else item.otherwise
    return item


def decided_where(item: Any, values: Mapping[str, Any]) -> tuple[Any, On | None]:
    """Follow the conditions of a declaration, as `decided`; and give on which ranks it is, if not on all: `on(…)`.

    Raises:
        DeclarationError: there is something else on the other ranks.
    """
    where = None
    while isinstance(item, Conditional):
        holds = evaluated(item, item.condition, values)
        if type(holds) is On:
            if item.otherwise is not None:
                item.complain("`when(on(…), …)` takes no `otherwise`: a name means one thing on all ranks")
            where = holds
        item = item.present if holds else item.otherwise
    return item, where


def _refuse(item: Declared, value: Any, values: Mapping[str, Any], error: Exception) -> NoReturn:
    hint = ""
    if isinstance(error, AttributeError) and error.name:
        hint = did_you_mean(error.name, [name for name in dir(error.obj) if not name.startswith("_")])
    text = f"`{render(value)}` cannot be computed{with_values(value, values)}: {told(error)}{hint}"
    item.complain(text)


def with_values(value: Any, values: Mapping[str, Any]) -> str:
    """Give ` with hidden=64, n_heads=5`: the hyperparameters that an expression used."""
    used = [name for name in values if name in names_in(value)]
    return f" with {', '.join(f'{name}={brief(values[name])}' for name in used)}" if used else ""


def brief(value: Any) -> str:
    """Give the text of a value, cut where it is long."""
    text = repr_of(value)
    return text if len(text) <= 80 else text[:77] + "..."
