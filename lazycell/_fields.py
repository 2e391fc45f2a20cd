"""`fields(cls)`: what a class declares, as attrs objects, as `attrs.fields` does for attrs classes."""

from __future__ import annotations

from typing import Any

from ._declaration import declaration_of
from ._declare import Declared


class Fields(tuple[Declared, ...]):
    """Every declaration of a class, in order of kind and declaration; each also by its name: `fields(cls).weight`."""

    def __getattr__(self, name: str) -> Declared:
        for item in self:
            if item.name == name:
                return item
        raise AttributeError(f"nothing named {name!r} is declared; there are {', '.join(item.name for item in self)}")


def fields(cls: Any) -> Fields:
    """Give what a class, or an instance's class, declares: hyperparameters, derived values, parameters, children, ties.

    Raises:
        TypeError: `cls` is not a LazyCell class.
    """
    declaration = declaration_of(cls if isinstance(cls, type) else type(cls))
    if declaration is None:
        raise TypeError(f"{cls!r} is not a LazyCell class: it declares nothing")
    return Fields((*declaration.hyperparameters, *declaration.derived, *declaration.members, *declaration.ties))
