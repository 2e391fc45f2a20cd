"""One class of a draft, as data: what it takes, and what it declares."""

from __future__ import annotations

from typing import Any

import attrs

from ._columns import Column, Place
from ._formatted import Call
from ._name_tree import Branch


@attrs.define(eq=False)
class Hyper:
    """An argument of a class: what differs between those that the checkpoint has.

    Attributes:
        name: as the class calls it.
        column: for each branch of the class its value.
        place: of the layer that takes it in the end.
        default: what it is where nobody gives it; None: it has to be given.
    """

    name: str
    column: Column
    place: Place
    default: str | None = None


@attrs.define
class Line:
    """One declaration.

    Attributes:
        name: the attribute.
        stored: what the checkpoint calls it.
        annotation: as written.
        value: what is assigned.
        comments: what stands above it.
    """

    name: str
    stored: str
    annotation: str
    value: Call | str
    comments: list[str] = attrs.field(factory=list)
    is_tensor: bool = False


@attrs.define(eq=False)
class Plan:
    """One class."""

    name: str
    branches: list[Branch]
    leftovers: list[str]
    hypers: list[Hyper] = attrs.field(factory=list)
    lines: list[Line] = attrs.field(factory=list)
    attributes: dict[str, str] = attrs.field(factory=dict)
    uses_config: bool = False

    _places: dict[int, int] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._places = {id(branch): number for number, branch in enumerate(self.branches)}

    def value_of(self, hyper: Hyper, branch: Branch) -> Any:
        """Give the value of an argument for one of the branches."""
        return hyper.column[self._places[id(branch)]]
