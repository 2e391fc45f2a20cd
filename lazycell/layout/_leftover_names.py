"""What files of a model may hold besides its tensors: what nothing needs, and tensors under former names."""

from __future__ import annotations

import functools

from .._frozen import frozen
from ..declaration import Pattern, fill, parse_pattern


@frozen
class Leftover:
    """A name that files may have, and the model does not.

    Attributes:
        name: full, perhaps with captures.
        now: the stored name that the tensor has now, with the same captures; None: nothing needs it.
    """

    name: str
    now: str | None = None


class LeftoverNames:
    """Tells of any name whether it is a leftover, and what it is called now."""

    def __init__(self, leftovers: tuple[Leftover, ...]) -> None:
        self._plain: dict[str, Leftover] = {}
        self._patterns: list[tuple[Pattern, Leftover]] = []
        for each in leftovers:
            pattern = parse_pattern(each.name)
            if pattern.is_plain:
                self._plain[each.name] = each
            else:
                self._patterns.append((pattern, each))

    def find(self, name: str) -> Leftover | None:
        """Give the leftover with this name, with the captures filled in; None if there is none."""
        if (plain := self._plain.get(name)) is not None:
            return plain
        for pattern, each in self._patterns:
            values = pattern.match(name)
            if values is not None:
                return Leftover(name, None if each.now is None else fill(each.now, values))
        return None


@functools.lru_cache(maxsize=64)
def leftover_names(leftovers: tuple[Leftover, ...]) -> LeftoverNames:
    """Give what finds leftovers, once for those of a model."""
    return LeftoverNames(leftovers)
