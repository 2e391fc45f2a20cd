"""When two cells of a class are alike, so that what one holds tells what the other does.

A model has hundreds of cells and few kinds of them: to look into each of eighty layers takes as long as a load.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from typing import Any

from ..declaration import Declaration, Divided, Ratio

_EQUAL = frozenset({int, str, bool, type(None)})
"""Of these, equal values of one type cannot be told apart."""


def likeness(declaration: Declaration, values: Mapping[str, Any], dtype: str) -> tuple[Any, ...]:
    """Give what equals that of another cell only if the two hold the same.

    It is good for as long as the values of both are there: what has no value of its own is told by where it is.

    Args:
        declaration: of the cell's class.
        values: of its hyperparameters, and derived ones.
        dtype: of the parameters that name none.
    """
    key: list[Any] = [id(declaration), dtype]
    _extend(key, values.values())
    return tuple(key)


def _extend(key: list[Any], values: Iterable[Any]) -> None:
    for value in values:
        kind = type(value)
        if kind in _EQUAL:
            key += (kind, value)  # 1 == True
        elif kind is float:
            key += (kind, value.hex())  # 0.0 == -0.0
        elif kind is Divided:
            key += (kind, int(value), *value.facts)
        elif kind is Ratio:
            key += (kind, int(value))
            _extend(key, (value.numerator_, value.denominator_))
        elif kind is tuple:
            key += (kind, len(value))
            _extend(key, value)
        elif isinstance(value, types.SimpleNamespace):  # what `SELF` is, made anew for each layer
            key += (kind, *value.__dict__)
            _extend(key, value.__dict__.values())
        else:
            key += (kind, id(value))
