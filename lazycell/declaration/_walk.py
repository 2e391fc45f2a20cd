"""One walk over the tree of cells that a class declares, for all who ask what is below a cell.

Who knows no values asks `places` what a name of the class body may stand for, each with its conditions. Who has decided
them asks `below` what each child comes to. Whether a child's class goes on, or only building tells what the child
holds, says `declaration_of_child`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from .._frozen import frozen
from ._declare import CellsSpec, ChildrenSpec, Conditional, Declared
from ._divided import Divided

_Child = TypeVar("_Child")
_Found = TypeVar("_Found")

Conditions = tuple[tuple[Conditional, bool], ...]
"""Each `when(…)` around a declaration, and whether its condition holds where the declaration does."""


def places(item: Any, position: str, conditions: Conditions = ()) -> Iterator[tuple[str, Declared, Conditions]]:
    """Give all that one name of a class body may stand for, whatever the conditions.

    Args:
        item: the declaration of the name.
        position: what stands for the position of a cell in a list.
        conditions: those around the item.

    Returns:
        For each the place below the cell, `norm` or `layers.{position}`; the declaration of a parameter, a cell or a
        tie there; and the conditions under which it is there. Nothing for a part of a `when(…)` that is None.
    """
    if isinstance(item, Conditional):
        for part, holds in ((item.present, True), (item.otherwise, False)):
            yield from places(part, position, (*conditions, (item, holds)))
    elif isinstance(item, ChildrenSpec):
        yield from _inside(item.name, position, item.each, position, conditions)
    elif isinstance(item, CellsSpec):
        moves = False  # whether it is known how many come before
        for index, (name, part) in enumerate(item.parts):
            yield from _inside(item.name, name or (position if moves else str(index)), part, position, conditions)
            moves = moves or isinstance(part, Conditional)
    elif isinstance(item, Declared):
        yield item.name, item, conditions


def _inside(
    name: str, place: str, part: Any, position: str, conditions: Conditions
) -> Iterator[tuple[str, Declared, Conditions]]:
    """Give what may be at one place of a container; what is inside bears the name of the container."""
    for inner, each, inside in places(part, position, conditions):
        yield f"{name}.{place}{inner.removeprefix(name)}", each, inside


@frozen(eq=False)
class Group(Generic[_Child]):
    """What a container holds: children, and groups of them, each by its name.

    Attributes:
        kind: name of MindSpore's container.
        parts: those that are alike may be one object.
        count: of a list that ranks divide, its length, which knows how; None for others.
    """

    kind: str
    parts: tuple[tuple[str, _Child | Group[_Child]], ...]
    count: Divided | None = None

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, position: int) -> _Child | Group[_Child]:
        return self.parts[position][1]


def below(
    children: Mapping[str, _Child | Group[_Child]], look: Callable[[_Child], _Found]
) -> Iterator[tuple[str, _Found]]:
    """Give what each child of a cell comes to, in their order.

    Args:
        children: by its name a child, or a group of them.
        look: looks into a child; once into those of a group that are one object: layers that are alike.

    Returns:
        For each the place below the cell, `norm` or `layers.0`, and what `look` gave.
    """
    found: dict[int, _Found] = {}
    for name, child in children.items():
        if not isinstance(child, Group):
            yield name, look(child)
            continue
        for place, one in leaves_of(child):
            if id(one) not in found:
                found[id(one)] = look(one)
            yield f"{name}.{place}", found[id(one)]


def leaves_of(group: Group[_Child]) -> Iterator[tuple[str, _Child]]:
    """Give each child of a group, and its place in it: `0`, `up`, `0.1`."""
    for name, part in group.parts:
        if isinstance(part, Group):
            for place, child in leaves_of(part):
                yield f"{name}.{place}", child
        else:
            yield name, part


def regrouped(group: Group[_Child], change: Callable[[_Child], _Found]) -> Group[_Found]:
    """Give a group of what `change` makes of each child, asked once of those that are one object."""
    return _regrouped(group, change, {})


def _regrouped(group: Group[Any], change: Callable[[Any], Any], found: dict[int, Any]) -> Group[Any]:
    parts = []
    for name, part in group.parts:
        if id(part) not in found:
            found[id(part)] = _regrouped(part, change, found) if isinstance(part, Group) else change(part)
        parts.append((name, found[id(part)]))
    return Group(group.kind, tuple(parts), group.count)
