"""How the ranks along an axis divide a dimension, or a list: what of it each of them has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._frozen import frozen


@frozen
class Share:
    """A dimension of a parameter, or a section of one, and the axes along which ranks have parts of it.

    Attributes:
        size: how long it is.
        axes: along which it is divided, from the outermost; none: every rank has all of it.
        units: how many things it counts that cannot be cut: heads, of which each takes `size / units`.
        shared: where there are fewer of them than ranks, several ranks have the same one.
        name: the hyperparameter that is divided, if one is: a mesh may leave it whole.
    """

    size: int
    axes: tuple[str, ...] = ()
    units: int = 0
    shared: bool = False
    name: str = ""

    def parts(self, sizes: Mapping[str, int]) -> int:
        """Give how many different parts there are on a mesh with these sizes of axes.

        Raises:
            ValueError: it has no equal parts for so many ranks.
        """
        units, ranks = self.units or self.size, self._ranks(sizes)
        try:
            return parts_of(units, self.shared, ranks)
        except ValueError as error:
            axes = ", ".join(map(repr, self.axes))
            what = f"{self.name}={error}" if self.name else str(error)
            raise ValueError(f"{what}, one for each rank along {axes}: choose another mesh") from None

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


def axes_of_shares(shares: tuple[tuple[Share, ...], ...]) -> tuple[str | tuple[str, ...] | None, ...]:
    """Give for each dimension the axis that divides it, several as a tuple, or None."""
    found: list[str | tuple[str, ...] | None] = []
    for sections in shares:
        if len(sections) == 1 and len(sections[0].axes) < 2:  # as nearly all
            axes = sections[0].axes
        else:
            axes = tuple(dict.fromkeys(axis for share in sections for axis in share.axes))
        found.append(None if not axes else axes[0] if len(axes) == 1 else axes)
    return tuple(found)


def shares_told_by(shard: Sequence[Any] | None, shape: Sequence[int]) -> tuple[tuple[Share, ...], ...]:
    """Give how each dimension is divided by the axes that `shard` has for it."""
    found = []
    for position, size in enumerate(shape):
        axes = None if shard is None else shard[position]
        found.append((Share(size, () if axes is None else (axes,) if isinstance(axes, str) else tuple(axes)),))
    return tuple(found)
