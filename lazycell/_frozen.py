"""`attrs.frozen` at half its price: whoever loads a first net waits for each class that is made on the way."""

from __future__ import annotations

import operator
from collections.abc import Callable
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from attrs import frozen as frozen  # type checkers know it by this name
else:

    def frozen(cls: type | None = None, /, *, eq: bool = True, **options: Any) -> Any:
        """Make an immutable class of attrs, as `attrs.frozen` does.

        attrs writes and compiles the source of each method anew for each class: 0.45 ms for one of four fields, half of
        it for `__repr__`, `__eq__` and `__hash__`. These need no source of their own: here they go through the fields.
        What they give is the same; those that the class body defines stay.

        Args:
            cls: the class.
            eq: whether instances with equal fields are equal, and have one hash.
            options: further ones of `attrs.frozen`.
        """
        if cls is None:
            return lambda cls: frozen(cls, eq=eq, **options)
        made = attrs.frozen(cls, eq=False, repr=False, **options)
        own = vars(cls)
        if "__repr__" not in own:
            made.__repr__ = _repr_of(attrs.fields(made))
        if eq and "__eq__" not in own:
            made.__eq__, hashed = _comparison_of(attrs.fields(made))
            if "__hash__" not in own:
                made.__hash__ = hashed
        return made


def _repr_of(fields: tuple[Any, ...]) -> Callable[[Any], str]:
    shown = [(each.name, each.repr if callable(each.repr) else repr) for each in fields if each.repr is not False]

    @recursive_repr()
    def __repr__(self: Any) -> str:
        values = ", ".join(f"{name}={text(getattr(self, name, attrs.NOTHING))}" for name, text in shown)
        return f"{type(self).__qualname__.rpartition('>.')[2]}({values})"

    return __repr__


def _comparison_of(fields: tuple[Any, ...]) -> tuple[Callable[[Any, Any], Any], Callable[[Any], int]]:
    """Give `__eq__` and `__hash__`."""
    values = _values_of([each for each in fields if each.eq])

    def __eq__(self: Any, other: Any) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:
        return hash(values(self))

    return __eq__, __hash__


def _values_of(compared: list[Any]) -> Callable[[Any], Any]:
    if compared and not any(each.eq_key for each in compared):
        return operator.attrgetter(*(each.name for each in compared))
    keys = [(each.name, each.eq_key or _same) for each in compared]
    return lambda instance: tuple(key(getattr(instance, name)) for name, key in keys)


def _same(value: Any) -> Any:
    return value
