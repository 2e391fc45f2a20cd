"""How a parameter is divided over ranks, whatever the mesh: what comes of it on one, for each rank."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from .._frozen import frozen
from ._boxes import Place
from ._mesh import Mesh
from ._share import Share


@frozen
class Owner:
    """A parameter's cell is one of a list that is divided: those ranks have it that have its position.

    Attributes:
        axis: along which the list is divided.
        position: of the cell in the whole list, from 0.
        count: how many cells the whole list has.
        name: the hyperparameter that is divided: a mesh may leave it whole.
    """

    axis: str
    position: int
    count: int
    name: str = ""

    def indices(self, ranks: int) -> tuple[int, ...]:
        """Give which of so many ranks along the axis have it."""
        # The rank whose `positions_of` have it: the last one that starts at it or before.
        return (((self.position + 1) * ranks - 1) // self.count,)


@frozen
class Listed:
    """A list of cells is divided: consecutive ones are on one rank.

    Attributes:
        axis: along which.
        count: how many cells the whole list has.
        name: the hyperparameter that is divided.
    """

    axis: str
    count: int
    name: str = ""


@frozen
class On:
    """A parameter's cell is on some of the ranks along an axis alone, `on(pp=0)`.

    Attributes:
        axis: the axis.
        at: their positions along it; -1 is the last.
    """

    axis: str
    at: tuple[int, ...]

    # In a condition, where it holds for the whole model: `on(pp=0) & use_embedding`.
    def __and__(self, other: bool) -> On | bool:
        return self if other else False

    def __or__(self, other: bool | On) -> On | bool:
        if isinstance(other, On) and other.axis == self.axis:
            return On(self.axis, (*self.at, *other.at))
        return True if other else self

    __rand__, __ror__ = __and__, __or__

    def holds(self, mesh: Mesh | None) -> bool:
        """Tell whether this rank is one of them."""
        return mesh is None or mesh.index(self.axis) in self.indices(mesh.size(self.axis))

    def indices(self, ranks: int) -> tuple[int, ...]:
        """Give which of so many ranks along the axis have it."""
        return tuple(sorted({each % ranks if each < 0 else min(each, ranks - 1) for each in self.at}))


@frozen
class Division:
    """What of one parameter is where.

    Attributes:
        shape: of the whole parameter.
        shares: for each dimension its sections, in order; most have one.
        owners: which ranks have any of it, where not all do.
    """

    shape: tuple[int, ...]
    shares: tuple[tuple[Share, ...], ...]
    owners: tuple[Owner | On, ...] = ()

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes along which anything of it differs."""
        of_shares = (axis for each in self.shares for share in each for axis in share.axes)
        return tuple(dict.fromkeys([*of_shares, *(each.axis for each in self.owners)]))

    def place(self, mesh: Mesh) -> Place | None:
        """Give what the mesh's rank has of it; None: nothing.

        Raises:
            ValueError: a dimension has no equal parts for so many ranks.
        """
        return self.place_at(mesh.sizes, mesh.coordinates(), mesh.whole)

    def place_at(
        self, sizes: Mapping[str, int], coordinates: Mapping[str, int], whole: frozenset[str] = frozenset()
    ) -> Place | None:
        """Give what the rank at these coordinates has of it; None: nothing.

        Args:
            sizes: of the axes of the mesh.
            coordinates: where the rank is along each.
            whole: hyperparameters that are left whole.
        """
        for owner in self.owners:
            if isinstance(owner, Owner) and owner.name in whole:
                continue
            if coordinates.get(owner.axis, 0) not in owner.indices(sizes.get(owner.axis, 1)):
                return None
        ranges, shard = [], []
        for sections in self.shares:
            start, found, axes = 0, [], dict[str, None]()
            for share in sections:
                all_of_it = share.name in whole and share.name
                first, last = (0, share.size) if all_of_it else share.range(sizes, coordinates)
                found.append((start + first, start + last))
                start += share.size
                if last - first < share.size:
                    axes.update(dict.fromkeys(axis for axis in share.axes if sizes.get(axis, 1) > 1))
            ranges.append(_joined(found))
            names = tuple(axes)
            shard.append(None if not names else names[0] if len(names) == 1 else names)
        return Place(self.shape, tuple(ranges), tuple(shard))

    def holders(self, mesh: Mesh) -> Iterator[tuple[Place, list[int]]]:
        """Give each different part that ranks have of it, and who has it; ranks that have nothing are left out."""
        sizes = mesh.sizes
        used = [axis for axis in self.axes if sizes.get(axis, 1) > 1]
        strides, stride = {}, 1
        for axis, size in reversed(mesh.axes):
            strides[axis] = stride
            stride *= size
        found: dict[Place, list[int]] = {}
        for chosen in itertools.product(*(range(sizes[axis]) for axis in used)):
            at = dict(zip(used, chosen, strict=True))
            place = self.place_at(sizes, at, mesh.whole)
            if place is None:
                continue
            rest = [axis for axis, _ in mesh.axes if axis not in at]
            base = sum(strides[axis] * index for axis, index in at.items())
            ranks = [
                base + sum(strides[axis] * index for axis, index in zip(rest, others, strict=True))
                for others in itertools.product(*(range(sizes[axis]) for axis in rest))
            ]
            found.setdefault(place, []).extend(ranks)
        for place, ranks in found.items():
            yield place, sorted(ranks)


def _joined(ranges: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Give ranges of which those that touch are one."""
    found: list[tuple[int, int]] = []
    for start, stop in ranges:
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], stop)
        else:
            found.append((start, stop))
    return tuple(found)
