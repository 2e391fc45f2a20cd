"""The value of an expression in a declaration; what cannot be computed is said with the values it used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._errors import DeclarationError
from .._location import did_you_mean
from ._declare import Declared
from ._symbols import evaluate, is_symbolic, names_in, render


def evaluated(item: Declared, value: Any, values: Mapping[str, Any]) -> Any:
    """Give the value of an expression in a declaration.

    Raises:
        DeclarationError: it cannot be computed; the message names the declaration and the values it used.
    """
    if not is_symbolic(value):
        return value
    try:
        return evaluate(value, values)
    except DeclarationError:
        raise
    except Exception as error:  # whatever the user's arithmetic raises, it is about this expression
        hint = ""
        if isinstance(error, AttributeError) and error.name:
            hint = did_you_mean(error.name, [name for name in dir(error.obj) if not name.startswith("_")])
        item.complain(
            f"`{render(value)}` cannot be computed{with_values(value, values)}: {type(error).__name__}: {error}{hint}"
        )


def with_values(value: Any, values: Mapping[str, Any]) -> str:
    """Give ` with hidden=64, n_heads=5`: the hyperparameters that an expression used."""
    used = [name for name in values if name in names_in(value)]
    return f" with {', '.join(f'{name}={brief(values[name])}' for name in used)}" if used else ""


def brief(value: Any) -> str:
    """Give the text of a value, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
