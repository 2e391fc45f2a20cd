"""How the ranks along an axis divide a dimension, or a list: what of it each of them has."""

from __future__ import annotations

from collections.abc import Mapping

from .._frozen import frozen


@frozen
class Share:
    """A dimension of a parameter, or a section of one, and the axes along which ranks have parts of it.

    Attributes:
        size: how long it is.
        axes: along which it is divided, from the outermost; none: every rank has all of it.
        units: how many things it counts that cannot be cut: heads, of which each takes `size / units`.
        shared: where there are fewer of them than ranks, several ranks have the same one.
    """

    size: int
    axes: tuple[str, ...] = ()
    units: int = 0
    shared: bool = False

    def parts(self, sizes: Mapping[str, int]) -> int:
        """Give how many different parts there are on a mesh with these sizes of axes.

        Raises:
            ValueError: it has no equal parts for so many ranks.
        """
        return parts_of(self.units or self.size, self.shared, self._ranks(sizes))

    def range(self, sizes: Mapping[str, int], coordinates: Mapping[str, int]) -> tuple[int, int]:
        """Give start and stop of what the rank at these coordinates has.

        Raises:
            ValueError: there are no equal parts for so many ranks.
        """
        parts, ranks, index = self.parts(sizes), self._ranks(sizes), 0
        for axis in self.axes:
            index = index * sizes.get(axis, 1) + coordinates.get(axis, 0)
        size = self.size // parts
        index = index * parts // ranks
        return index * size, (index + 1) * size

    def _ranks(self, sizes: Mapping[str, int]) -> int:
        ranks = 1
        for axis in self.axes:
            ranks *= sizes.get(axis, 1)
        return ranks


def parts_of(units: int, shared: bool, ranks: int) -> int:
    """Give how many equal parts of `units` things there are for so many ranks.

    Raises:
        ValueError: there are none.
    """
    if units % ranks == 0:
        return ranks
    if shared and ranks % units == 0:
        return units
    raise ValueError(f"{units} cannot be divided into {ranks} equal parts")


def positions_of(count: int, ranks: int, index: int) -> tuple[int, int]:
    """Give which of the cells in a list are on a rank: start and stop; the parts need not be equal."""
    return count * index // ranks, count * (index + 1) // ranks
