"""`fields(cls)`: what a class declares, as attrs objects, as `attrs.fields` does for attrs classes."""

from __future__ import annotations

from typing import Any

from .._location import did_you_mean
from ._declaration import declaration_of
from ._declare import Declared


class Fields(tuple[Declared, ...]):
    """Every declaration of a class, in order of kind and declaration; each also by its name: `fields(cls).weight`."""

    def __getattribute__(self, name: str) -> Any:  # before the methods of tuples, `count` and `index`
        if not name.startswith("__"):
            for item in self:
                if item.name == name:
                    return item
        return super().__getattribute__(name)

    def __getattr__(self, name: str) -> Declared:
        names = [item.name for item in self]
        raise AttributeError(f"nothing named `{name}` is declared{did_you_mean(name, names) or _listed(names)}")


def _listed(names: list[str]) -> str:
    return f": there are {', '.join(names)}" if names else ": the class declares nothing"


def fields(cls: Any) -> Fields:
    """Give what a class, or an instance's class, declares: hyperparameters, derived values, parameters, children, ties,
    caches, and the rules of `rename`, each under its stored name.

    Args:
        cls: a LazyCell class, or an instance of one.

    Returns:
        What is declared, in order of kind and of declaration, each an attrs object.

    Raises:
        TypeError: `cls` is not a LazyCell class.
    """
    declaration = declaration_of(cls if isinstance(cls, type) else type(cls))
    if declaration is None:
        raise TypeError(f"{cls!r} is not a LazyCell class: it declares nothing")
    return Fields(
        (
            *declaration.hyperparameters,
            *declaration.derived,
            *declaration.positional,
            *declaration.members,
            *declaration.ties,
            *declaration.caches,
            *declaration.stored,
            *declaration.leftovers,
        )
    )
