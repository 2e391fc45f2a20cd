"""Which branches are cells of one kind: each list, row and class that a draft has."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import attrs

from ._leaf_kinds import LeafKind, Leaves
from ._name_tree import Branch, StoredTensor

_SHARED = 0.5
"""Of the names of two branches, how much has to be in both for them to be one class."""

_FEW = 4
"""A list whose cells are of two kinds is told from a row of unlike ones by its length."""


@attrs.define(eq=False)
class Shape:
    """What branches have in common; `key` is equal for those that are one class."""

    key: Any
    branches: list[Branch]


@attrs.define(eq=False)
class LeafShape(Shape):
    """A known layer."""

    kind: LeafKind


@attrs.define(eq=False)
class ClassShape(Shape):
    """A class: `members` has for each name what there may be, one shape or several that exclude each other."""

    members: dict[str, list[Shape]]
    tensors: dict[str, tuple[int, str]]
    leftovers: list[str]


@attrs.define(eq=False)
class ListShape(Shape):
    """Cells of one kind, or of kinds that alternate, as many as there are."""

    element: list[Shape]


@attrs.define(eq=False)
class RowShape(Shape):
    """Unlike cells in a row; nothing stands for a position without tensors."""

    parts: list[list[Shape]]


class Shapes:
    """Gives the shapes of branches, and remembers the key of each."""

    def __init__(self, leaves: Leaves) -> None:
        self.leaves = leaves
        self.keys: dict[int, int] = {}
        self._numbers: dict[Hashable, int] = {}

    def of(self, branches: Sequence[Branch]) -> list[Shape]:
        """Give the shapes that some branches have, which stand in one place: several exclude each other."""
        return [self._one(group) for group in self._groups(branches)]

    def root(self, trees: list[Branch]) -> ClassShape:
        """Give the class that whole checkpoints are."""
        shape = self._class(trees)
        shape.key = self._numbers.setdefault(shape.key, len(self._numbers))
        return shape

    def _one(self, branches: list[Branch]) -> Shape:
        shape = self._made(branches)
        shape.key = self._numbers.setdefault(shape.key, len(self._numbers))
        self.keys |= dict.fromkeys(map(id, branches), shape.key)
        return shape

    def _made(self, branches: list[Branch]) -> Shape:
        leaf = self.leaves.of(branches[0])
        if leaf is not None:
            return LeafShape(leaf.kind, branches, leaf.kind)
        if branches[0].is_row:
            return self._row(branches)
        return self._class(branches)

    def _class(self, branches: list[Branch]) -> ClassShape:
        members = {}
        for name in _in_order([branch.below for branch in branches]):
            members[name] = self.of([branch.below[name] for branch in branches if name in branch.below])
        tensors = {name: _kind(branch.tensors[name]) for branch in branches for name in branch.tensors}
        key = ("class", frozenset((n, _keys(m)) for n, m in members.items()), frozenset(tensors.items()))
        leftovers = [*dict.fromkeys(name for branch in branches for name in branch.leftovers)]
        return ClassShape(key, branches, members, tensors, leftovers)

    def _row(self, branches: list[Branch]) -> Shape:
        elements = [branch.below[str(position)] for branch in branches for position in branch.positions]
        whole = all(branch.positions == [*range(len(branch.below))] for branch in branches)
        groups = self._groups(elements)
        longest = max(len(branch.below) for branch in branches)
        alternate = len(groups) == 2 and longest >= _FEW and min(map(len, groups)) > 1
        if whole and (len(groups) == 1 or alternate) and not any(each.is_row for each in elements):
            element = self.of(elements)
            return ListShape(("list", _keys(element)), branches, element)
        parts = []
        for position in range(max(branch.positions[-1] for branch in branches) + 1):
            parts.append(self.of([each.below[str(position)] for each in branches if str(position) in each.below]))
        return RowShape(("row", tuple(map(_keys, parts))), branches, parts)

    def _groups(self, branches: Sequence[Branch]) -> list[list[Branch]]:
        groups: list[list[Branch]] = []
        for branch in branches:
            for group in groups:
                if self._alike(group[0], branch):
                    group.append(branch)
                    break
            else:
                groups.append([branch])
        return groups

    def _alike(self, one: Branch, other: Branch) -> bool:
        leaf, another = self.leaves.of(one), self.leaves.of(other)
        if leaf is not None or another is not None:
            return leaf is not None and another is not None and leaf.kind == another.kind
        if one.is_row or other.is_row:
            shared = [(each, other.below[name]) for name, each in one.below.items() if name in other.below]
            return one.is_row and other.is_row and all(self._alike(*pair) for pair in shared)
        both = one.tensors.keys() & other.tensors.keys()
        if any(_kind(one.tensors[name]) != _kind(other.tensors[name]) for name in both):
            return False
        return len(one.names & other.names) >= _SHARED * len(one.names | other.names)


def _kind(tensor: StoredTensor) -> tuple[int, str]:
    """Give what a declaration says of a tensor beside its sizes."""
    return len(tensor.shape), tensor.dtype


def _keys(shapes: list[Shape]) -> Hashable:
    return frozenset(shape.key for shape in shapes)


def _in_order(many: list[dict[str, Any]]) -> list[str]:
    return [*dict.fromkeys(name for each in many for name in each)]
