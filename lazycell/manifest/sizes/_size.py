"""What some parameters take, and what one rank of a mesh holds of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import attrs

from ..._frozen import frozen


@frozen
class Size:
    """What some parameters take.

    Attributes:
        parameters: how many; one that is tied to another is not counted again.
        elements: of all of them.
        nbytes: bytes of their values.
        gradients: bytes of their gradients, one array of the same shape and dtype for each that is trained; 0 if they
            were not asked for.
        optimizer: bytes that the optimizer keeps for those that are trained; 0 without one.
    """

    parameters: int = 0
    elements: int = 0
    nbytes: int = 0
    gradients: int = 0
    optimizer: int = 0

    @property
    def training_bytes(self) -> int:
        """Bytes of values, gradients and optimizer together; activations are not in it."""
        return self.nbytes + self.gradients + self.optimizer

    def __add__(self, other: Size) -> Size:
        return Size(
            self.parameters + other.parameters,
            self.elements + other.elements,
            self.nbytes + other.nbytes,
            self.gradients + other.gradients,
            self.optimizer + other.optimizer,
        )

    def times(self, count: int) -> Size:
        """Give what so many that are alike take."""
        return Size(
            self.parameters * count,
            self.elements * count,
            self.nbytes * count,
            self.gradients * count,
            self.optimizer * count,
        )


@frozen
class RankSizes:
    """What one rank of a mesh holds.

    Attributes:
        mesh: the size of each axis.
        ranks: how many there are: the product of the axes.
        size: of what the rank holds that holds most: all hold as much, unless they have other layers or experts.
        replicated: names of the parameters that every rank holds whole.
        replicated_nbytes: bytes of the values of those.
        unused: axes that divide no parameter: the ranks along one hold the same (data parallel).
        smallest: of what the rank holds that holds least.
        rank: which rank was asked for; None where none was.
        own: of what that rank holds; None where none was asked for.
    """

    mesh: Mapping[str, int]
    ranks: int
    size: Size
    replicated: tuple[str, ...] = attrs.field(repr=False)
    replicated_nbytes: int
    unused: tuple[str, ...]
    smallest: Size
    rank: int | None = None
    own: Size | None = None


_Key = TypeVar("_Key", bound="str | None")


def summed(sizes: Iterable[tuple[_Key, Size]]) -> dict[_Key, Size]:
    """Add up what has the same key, in order of first appearance."""
    sums: dict[_Key, Size] = {}
    for key, size in sizes:
        sums[key] = sums[key] + size if key in sums else size
    return sums
