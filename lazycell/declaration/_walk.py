"""One walk over the tree of cells that a class declares, for all who ask what is below a cell.

Who knows no values asks `places` what a name of the class body may stand for, each with its conditions. Who has decided
them asks `below` what each child comes to. Whether a child's class goes on, or only building tells what the child
holds, says `declaration_of_child`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from ._declare import ChildrenSpec, Conditional, Declared

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
        for _, each, inner in places(item.each, position, conditions):
            yield f"{item.name}.{position}", each, inner
    elif isinstance(item, Declared):
        yield item.name, item, conditions


def below(
    children: Mapping[str, _Child | tuple[_Child, ...]], look: Callable[[_Child], _Found]
) -> Iterator[tuple[str, _Found]]:
    """Give what each child of a cell comes to, in their order.

    Args:
        children: by its name a child, or a list of them.
        look: looks into a child; once into those of a list that are one object: layers that are alike.

    Returns:
        For each the place below the cell, `norm` or `layers.0`, and what `look` gave.
    """
    for name, child in children.items():
        if not isinstance(child, tuple):
            yield name, look(child)
            continue
        for position, found in enumerate(each_once(child, look)):
            yield f"{name}.{position}", found


def each_once(alike: tuple[_Child, ...], look: Callable[[_Child], _Found]) -> Iterator[_Found]:
    """Give what `look` gives for each, asked once of those that are one object."""
    found: dict[int, _Found] = {}
    for one in alike:
        if id(one) not in found:
            found[id(one)] = look(one)
        yield found[id(one)]
