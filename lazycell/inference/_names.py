"""The names in a checkpoint as a tree, by their dotted segments; parts that are alike can be told at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from ..show import is_index

_DEEPEST = 128
"""Segments of a name; one with more is no parameter of any model, and a header must not take memory for it."""

_SHARE_OF_GAPS = 2

Shape = tuple[int, ...]


class Part(Protocol):
    """How a stored tensor that has another form has to do with one name."""

    @property
    def kind(self) -> Any:
        """Equal for names that are stored alike, in tensors of one shape."""


class Names:
    """What a checkpoint has at one point of the tree of names.

    Attributes:
        shape: of the tensor that is stored under exactly this name; None if there is none.
        below: what follows, by the next segment.
        size: how many stored tensors are here and below.
        alike: equal for two points that have the same names and shapes below them.
        tied: where the tensor is not stored here, but under the name of a tie's other end: the tie's condition.
        parts: where it is not stored as it is: the stored tensors that it is in.
        stacked: whether all positions of a list are stored in one tensor: here are those of the first.
    """

    __slots__ = ("alike", "below", "parts", "shape", "size", "stacked", "tied")

    def __init__(
        self,
        shape: Shape | None = None,
        below: dict[str, Names] | None = None,
        tied: Any = None,
        parts: tuple[Part, ...] = (),
    ) -> None:
        self.shape = shape
        self.parts = parts
        self.below = {} if below is None else below
        self.tied = tied
        self.size = 0
        self.alike: Any = None
        self.stacked = False

    @property
    def is_stored(self) -> bool:
        """Whether a tensor is stored for exactly this name, as it is or in another form."""
        return (self.shape is not None or bool(self.parts)) and self.tied is None

    def at(self, path: str) -> Names:
        """Give what is at a dotted path, or nothing."""
        node = self
        for segment in path.split("."):
            node = node.below.get(segment, NOTHING_STORED)
        return node

    def grafted(self, path: str, leaf: Names) -> Names:
        """Give a tree that has `leaf` at a dotted path, and is else the same; this one stays as it is."""
        first, _, rest = path.partition(".")
        inner = self.below.get(first, NOTHING_STORED)
        copy = Names(self.shape, {**self.below, first: inner.grafted(rest, leaf) if rest else leaf}, self.tied)
        copy.size, copy.stacked = self.size, self.stacked
        copy.alike = object()  # like nothing else
        return copy

    def positions(self) -> tuple[dict[int, Names], int]:
        """Give what is stored under each index, and the length of the list, which no single index makes long."""
        indices = {int(key): node for key, node in self.below.items() if is_index(key)}
        length = max(indices, default=-1) + 1
        if length > _SHARE_OF_GAPS * len(indices) + 8:
            length = next(index for index in range(len(indices) + 1) if index not in indices)
        return {index: node for index, node in indices.items() if index < length}, length


NOTHING_STORED = Names()


def tree_of(stored: Mapping[str, Names]) -> Names:
    """Make a tree of names, each with what is stored there. Linear in their number; no name is too deep."""
    root = Names()
    order = [root]
    for name, leaf in stored.items():
        node = root
        segments = name.split(".", _DEEPEST)
        if len(segments) > _DEEPEST:
            continue
        for segment in segments:
            inner = node.below.get(segment)
            if inner is None:
                inner = node.below[segment] = Names()
                order.append(inner)
            node = inner
        node.shape, node.parts, node.tied = leaf.shape, leaf.parts, leaf.tied
    known: dict[Any, int] = {}
    for node in reversed(order):  # what is below comes first
        node.size = node.is_stored + sum(inner.size for inner in node.below.values())
        below = tuple(sorted((segment, inner.alike) for segment, inner in node.below.items()))
        what = (node.shape, tuple(part.kind for part in node.parts), node.tied is not None, below)
        node.alike = known.setdefault(what, len(known))
    return root


def leaves_below(node: Names, prefix: str = "") -> Iterator[tuple[str, Names]]:
    """Give what is stored here and below, by name."""
    waiting = [(prefix, node)]
    while waiting:
        path, each = waiting.pop()
        if each.is_stored:
            yield path, each
        waiting.extend((f"{path}.{segment}" if path else segment, inner) for segment, inner in each.below.items())
