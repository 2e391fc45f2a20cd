"""What of each parameter is on which ranks: from what a manifest says of its dimensions, and of the cells around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..layout import ManifestEntry
from ..mesh import Division, Listed, On, Owner, shares_told_by
from ._inventory import Inventory


def divisions_of(manifest: Inventory) -> dict[str, Division]:
    """Give how each parameter is divided over ranks, whatever the mesh; those that are alike have one object."""
    return divisions_among(manifest.entries, manifest.owners)


def divisions_among(entries: Iterable[ManifestEntry], owners: Mapping[str, Listed | On]) -> dict[str, Division]:
    """Give how each of these is divided over ranks; `owners` are those of a manifest."""
    owners_at = OwnersOf(owners)
    known: dict[tuple[object, ...], Division] = {}
    found = {}
    for entry in entries:
        its = owners_at.of(entry.name) if owners else ()
        key = (entry.shape, entry.shares, entry.shard, its)
        division = known.get(key)
        if division is None:
            shares = entry.shares or shares_told_by(entry.shard, entry.shape)
            division = known[key] = Division(entry.shape, shares, its)
        found[entry.name] = division
    return found


_Cell = tuple[str, tuple[Owner | On, ...], Listed | None]
"""Of a cell: its path with `*` for the indices, on which ranks it is, and whether it is a list that ranks divide."""


class OwnersOf:
    """Finds the owners of parameters by the paths of their cells; each path is looked at once.

    Cells that are on the same ranks as the cell around them have its owners, the same object.
    """

    def __init__(self, owners: Mapping[str, Listed | On]) -> None:
        self._owners = owners
        self._cells: dict[str, _Cell] = {"": ("", (), None)}

    def of(self, name: str) -> tuple[Owner | On, ...]:
        """Give the owners of what has this full name, a parameter or a cell."""
        path, _, segment = name.rpartition(".")
        around = self._cells.get(path)
        return self._inside(self._cell(path) if around is None else around, name, segment)[1]

    def _cell(self, path: str) -> _Cell:
        inner: list[tuple[str, str]] = []
        while path not in self._cells:
            around, _, segment = path.rpartition(".")
            inner.append((path, segment))
            path = around
        found = self._cells[path]
        for path, segment in reversed(inner):
            found = self._cells[path] = self._inside(found, path, segment)
        return found

    def _inside(self, around: _Cell, path: str, segment: str) -> _Cell:
        before, owners, listed = around
        counted = segment.isdecimal()
        pattern = f"{before}.{'*' if counted else segment}" if before else segment
        here = self._owners.get(path) or self._owners.get(pattern)
        if listed is not None and counted:
            owners = (*owners, Owner(listed.axis, int(segment), listed.count, listed.name))
        if type(here) is On:
            owners = (*owners, here)
        return pattern, owners, here if type(here) is Listed else None
