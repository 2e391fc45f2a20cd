"""Rules of `rename` that give forms, written for many layers at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from .._frozen import frozen
from ..declaration import form_text
from ._cause_names import capture
from ._sides import Sides

_RULES = 8
_KEPT = 3  # segments before those that a rule is about


@frozen(eq=False)
class FormRule:
    """What one tensor of a checkpoint is.

    Attributes:
        stored: its name.
        name: the model's.
        make: gives the form of a name.
    """

    stored: str
    name: str
    make: Callable[[str], Any]

    def as_written(self, kept: int | None, sides: Sides) -> tuple[str, Any]:
        """Give the rule with captures for the indices, or, with so many of the segments before it, for any path."""
        if kept is None:
            return capture(self.stored, sides), self.make(capture(self.name, sides))
        place = _place(self.stored, self.name)
        start = ".".join(place[len(place) - kept :] if kept else [])
        start = ("{*path}." if len(place) > kept else "") + (f"{start}." if start else "")
        ends = (text.split(".", len(place))[-1] for text in (self.stored, self.name))
        stored, name = (start + end for end in ends)
        return stored, self.make(name)


def written(rules: Sequence[FormRule], sides: Sides) -> dict[str, Any]:
    """Give what to pass as `rename`, in a few rules that match nothing else; {}: it takes more than a few."""
    ours = {rule.stored for rule in rules}
    for kept in (None, *range(_KEPT)):
        found = [rule.as_written(kept, sides) for rule in rules]
        by_name: dict[str, Any] = {}
        clear = all(by_name.setdefault(stored, form) == form for stored, form in found)
        if clear and len(by_name) <= _RULES and (kept is None or not _others(by_name, ours, sides)):
            return by_name
    return {}


def in_class(rules: Sequence[FormRule]) -> str:
    """Write rules as a class body has them that holds the cells in question."""
    place = _place(rules[0].stored, rules[0].name)
    start = len(".".join(place[:-1])) + 1 if len(place) > 1 else 0
    texts = [f'"{rule.stored[start:]}": {form_text(rule.make(rule.name[start:]))}' for rule in rules]
    return f"rename({{{', '.join(texts)}}})"


def _place(one: str, other: str) -> list[str]:
    """Give the segments that both names begin with."""
    place = []
    for mine, theirs in zip(one.split(".")[:-1], other.split(".")[:-1], strict=False):
        if mine != theirs:
            break
        place.append(mine)
    return place


def _others(patterns: Collection[str], ours: Collection[str], sides: Sides) -> bool:
    """Whether patterns for any path match something that is not meant."""
    ends = tuple("." + pattern.removeprefix("{*path}.") for pattern in patterns)
    return any(name not in ours and f".{name}".endswith(ends) for name in sides.tensors)
