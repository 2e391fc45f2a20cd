"""What a net was built with stays: an attribute that took another value would change nothing that was built from it.

What was left open may be said later, where nothing was built from it: `pad_token_id`, which `construct` alone reads.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any, NoReturn

import attrs
from mindspore import nn

from .._errors import HyperparameterError
from .._location import message, user_location
from ..declaration import Declaration, brief, declaration_of, expressions_in, names_in, render


def is_fixed(cell: Any, name: str) -> bool:
    """Tell whether an attribute of a cell is a hyperparameter or a derived value that the cell was built with.

    One whose value is a cell is a part like others, which may be replaced.
    """
    values = cell.__dict__.get("_lazycell_values", ())
    return name in values and not isinstance(values[name], nn.Cell)


def change(cell: Any, name: str, value: Any) -> None:
    """Note the value of what `is_fixed` and None, if nothing was built from it; the manifest says it from now on.

    Raises:
        HyperparameterError: it has a value, something was built from it, or its values are checked.
    """
    kind: type = type(cell)
    own = cell.__dict__
    if own["_lazycell_values"][name] is not None or name not in _only_read(kind):
        refuse_change(cell, name, brief(value))
    # A new dict: cells that are alike share theirs.
    own["_lazycell_values"] = {**own["_lazycell_values"], name: value}
    own["_lazycell_computed"] = own.get("_lazycell_computed", frozenset()) - {name}


@functools.lru_cache(maxsize=1024)
def _only_read(cls: type) -> frozenset[str]:
    """Give the hyperparameters of a class that no declaration of it uses, and that may be anything."""
    declaration = declaration_of(cls)
    assert declaration is not None
    used = frozenset().union(*map(names_in, _expressions(declaration)))
    if "SELF" in used:  # whoever got it reads them all
        return frozenset()
    items = declaration.hyperparameters
    return frozenset(each.name for each in items if each.validator is None and each.converter is None) - used


def _expressions(value: Any) -> Iterator[Any]:
    """Give the expressions in declarations."""
    if attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            yield from _expressions(getattr(value, field.name))
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from _expressions(each)
    else:
        yield from expressions_in(value)


def refuse_change(cell: Any, name: str, value: str) -> NoReturn:
    """Refuse another value for what a cell was built with, and say how to get a net that is built with it.

    Args:
        cell: the cell.
        name: of the attribute.
        value: the text of the new one.

    Raises:
        HyperparameterError: always.
    """
    declaration = declaration_of(type(cell))
    assert declaration is not None
    kind = type(cell).__name__
    built = f"`{kind}` was built with {name}={brief(cell._lazycell_values[name])}, and stays so"
    formula = {item.name: item.value for item in declaration.derived}.get(name)
    if formula is not None:
        built += f" (it is `{render(formula)}`)"
        asked = ", ".join(f"{each}=…" for each in _sources(declaration, name))
    else:
        asked = f"{name}={value}"
    problem = f"{built}. Write `lazycell.replace(net, {asked})` for a new net"
    if _is_in_post_init(sys._getframe(1), cell):
        problem += ", and give what `__post_init__` computes a name of its own, or a `hyper(converter=…)`"
    raise HyperparameterError(message(f"{kind}.{name}", problem, user_location()))


def _sources(declaration: Declaration, name: str) -> list[str]:
    """Give the hyperparameters that a derived value is computed from, by way of others or not."""
    formulas = {item.name: item.value for item in declaration.derived}
    used, waiting = set(), [name]
    while waiting:
        each = waiting.pop()
        if each not in used:
            used.add(each)
            waiting += names_in(formulas[each]) if each in formulas else ()
    return [item.name for item in declaration.hyperparameters if item.name in used]


def _is_in_post_init(frame: FrameType | None, cell: Any) -> bool:
    while frame is not None:
        if frame.f_code.co_name == "__post_init__" and any(each is cell for each in frame.f_locals.values()):
            return True
        frame = frame.f_back
    return False
