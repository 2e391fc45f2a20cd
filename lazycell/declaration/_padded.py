"""A stored tensor of which the parameter is a slice: more positions of one axis, that nothing needs."""

from __future__ import annotations

from typing import Any

import attrs

from .._frozen import frozen
from ._check_form import StoredForm, check_inner, is_axis, refuse
from ._forms import Unary, value_text
from ._symbols import Expression, render


@frozen
class Padded(Unary):
    """With more positions along one axis: `before` those of `inner`, and `after` them. In a class body symbolic."""

    axis: int
    before: Any = attrs.field(eq=value_text, repr=value_text)
    after: Any = attrs.field(eq=value_text, repr=value_text)

    @property
    def options(self) -> str:
        """What is not as it is without being said."""
        axis = "" if self.axis == 0 else f", axis={self.axis}"
        sizes = (("before", self.before), ("after", self.after))
        return axis + "".join(f", {name}={value_text(size)}" for name, size in sizes if value_text(size) != "0")

    @property
    def sizes(self) -> tuple[Any, ...]:
        """What may be an expression."""
        return (self.before, self.after)


def padded(inner: StoredForm, axis: int = 0, *, before: int = 0, after: int = 0) -> Padded:
    """Give the form of a tensor of which a parameter is a slice: `padded("positions.weight", before=2)`.

    So files have a vocabulary that was filled up to a multiple of 64, or positions that count from 2. What is around
    the parameter is passed over in a load, and written as zeros.

    Args:
        inner: a name or a form.
        axis: along which the stored tensor has more, counted from 0.
        before: how many positions it has before those of `inner`; may be symbolic.
        after: how many after them; likewise.
    """
    check_inner("padded", inner)
    if not is_axis(axis):
        refuse(f"axis={axis!r} in padded() is not an axis counted from 0", '`padded("embed.weight", axis=1, after=8)`')
    for size in (before, after):
        if not isinstance(size, Expression) and not is_axis(size):
            refuse(f"{render(size)} in padded() is not a number of positions", '`padded("embed.weight", after=47)`')
    if not any(isinstance(size, Expression) or size for size in (before, after)):
        refuse("padded() adds nothing", '`padded("embed.weight", after=47)`')
    return Padded(inner, axis, before, after)
