"""Which ranks of a mesh have what, for all of them at once: by what is alike, not by rank and parameter.

A *kind* is what parameters have in common that ranks divide alike: shape, dtype, how each dimension is divided. The
parts of a parameter are equal, so that all ranks that have any of a kind have as much of it. A *group* has the
parameters of one kind that are on the same ranks: of a list of layers on stages those of one stage. A model of 70,000
parameters has some ten kinds, and some hundred groups on thousands of ranks. Ranks that are at the same positions along
the axes on which lists are divided are in one *cell*, and have the same groups.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

from .._frozen import frozen
from ..layout import ManifestEntry
from ..mesh import Division, Place, Share

Holders = tuple[tuple[str, tuple[int, ...]], ...]
"""On which ranks something is: positions along each axis along which not all have it."""

Coordinates = tuple[int, ...]


@frozen(eq=False)
class Kind:
    """What is the same of parameters that ranks divide alike.

    Attributes:
        first: one of them.
        shape: of the part that a rank has.
        shares: how each dimension is divided.
    """

    first: ManifestEntry
    shape: tuple[int, ...]
    shares: tuple[tuple[Share, ...], ...]

    @property
    def is_whole(self) -> bool:
        """Whether ranks that have any of it have all of it."""
        return self.shape == self.first.shape


@frozen(eq=False)
class Group:
    """Parameters of one kind that are on the same ranks.

    Attributes:
        kind: theirs.
        holders: the ranks.
        names: of the parameters, in the manifest's order.
    """

    kind: Kind
    holders: Holders
    names: list[str]


@frozen(eq=False)
class RankGroups:
    """What the ranks of a mesh have.

    Attributes:
        sizes: of the mesh's axes.
        whole: hyperparameters that are left whole.
        groups: of the parameters, in order of their first ones.
        axes: of the mesh, along which ranks have other parameters, not other parts of the same.
        known: all axes along which anything of the model is divided, whatever the mesh.
        divided: names of the hyperparameters that are divided, whatever the mesh.
    """

    sizes: Mapping[str, int]
    whole: frozenset[str]
    groups: tuple[Group, ...]
    axes: tuple[str, ...]
    known: tuple[str, ...]
    divided: tuple[str, ...]

    @property
    def ranks(self) -> int:
        """How many there are."""
        return math.prod(self.sizes.values())

    @property
    def ranks_of_cell(self) -> int:
        """How many ranks have the same parameters, or parts of the same."""
        return self.ranks // math.prod(self.sizes[axis] for axis in self.axes)

    def cells(self) -> dict[Coordinates, list[Group]]:
        """Give the groups that ranks have, by their positions along `axes`."""
        found: dict[Coordinates, list[Group]] = {
            each: [] for each in itertools.product(*(range(self.sizes[axis]) for axis in self.axes))
        }
        for group in self.groups:
            held = dict(group.holders)
            for each in itertools.product(*(held.get(axis, range(self.sizes[axis])) for axis in self.axes)):
                found[each].append(group)
        return found

    def held_by(self, rank: int) -> list[Group]:
        """Give the groups that one rank has."""
        at = self.coordinates(rank)
        return [each for each in self.groups if all(at[axis] in indices for axis, indices in each.holders)]

    def cell_of(self, rank: int) -> Coordinates:
        """Give the positions of a rank along `axes`."""
        at = self.coordinates(rank)
        return tuple(at[axis] for axis in self.axes)

    def first_of(self, cell: Coordinates) -> int:
        """Give the first rank with these positions along `axes`."""
        at, rank = dict(zip(self.axes, cell, strict=True)), 0
        for axis, size in self.sizes.items():
            rank = rank * size + at.get(axis, 0)
        return rank

    def places(self, rank: int) -> dict[str, Place | None]:
        """Give what one rank has of each parameter that it has any of; None: all of it."""
        at, found = self.coordinates(rank), dict[str, Place | None]()
        of_kinds: dict[int, Place | None] = {}
        for group in self.held_by(rank):
            kind = group.kind
            if id(kind) not in of_kinds:
                division = Division(kind.first.shape, kind.shares)
                of_kinds[id(kind)] = None if kind.is_whole else division.place_at(self.sizes, at, self.whole)
            found.update(dict.fromkeys(group.names, of_kinds[id(kind)]))
        return found

    def coordinates(self, rank: int) -> dict[str, int]:
        """Give where a rank is along each axis of the mesh."""
        found = {}
        for axis, size in reversed([*self.sizes.items()]):
            rank, found[axis] = divmod(rank, size)
        return {axis: found[axis] for axis in self.sizes}
