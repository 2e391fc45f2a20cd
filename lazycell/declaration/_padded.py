"""A stored tensor of which the parameter is a slice: more positions of one axis, that nothing needs."""

from __future__ import annotations

from typing import Any

import attrs

from .._frozen import frozen
from ._forms import Unary, value_text


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
