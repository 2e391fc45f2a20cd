"""What of each parameter is on which ranks: from what a manifest says of its dimensions, and of the cells around it."""

from __future__ import annotations

from collections.abc import Mapping

from ..mesh import Division, Listed, On, Owner, shares_told_by
from ._inventory import Inventory


def divisions_of(manifest: Inventory) -> dict[str, Division]:
    """Give how each parameter is divided over ranks, whatever the mesh; those that are alike have one object."""
    owners_at = _Owners(manifest.owners)
    known: dict[tuple[object, ...], Division] = {}
    found = {}
    for entry in manifest.entries:
        owners = owners_at.of(entry.name) if manifest.owners else ()
        key = (entry.shape, entry.shares, entry.shard, owners)
        division = known.get(key)
        if division is None:
            shares = entry.shares or shares_told_by(entry.shard, entry.shape)
            division = known[key] = Division(entry.shape, shares, owners)
        found[entry.name] = division
    return found


class _Owners:
    """Finds the owners of a parameter by the path of its cell; each path is looked at once."""

    def __init__(self, owners: Mapping[str, Listed | On]) -> None:
        self._owners = owners
        self._known: dict[tuple[str, str], tuple[Owner | On, ...]] = {("", ""): ()}

    def of(self, name: str) -> tuple[Owner | On, ...]:
        """Give the owners of what has this full name, a parameter or a cell."""
        path = pattern = ""
        found: tuple[Owner | On, ...] = ()
        for segment in name.split("."):
            listed = self._owners.get(path) or self._owners.get(pattern) if path else None
            before = pattern
            path = f"{path}.{segment}" if path else segment
            pattern = f"{pattern}.{'*' if segment.isdecimal() and before else segment}" if before else segment
            known = self._known.get((path, ""))
            if known is None:
                known = found
                if isinstance(listed, Listed) and segment.isdecimal():
                    known = (*known, Owner(listed.axis, int(segment), listed.count, listed.name))
                here = self._owners.get(path) or self._owners.get(pattern)
                if isinstance(here, On):
                    known = (*known, here)
                self._known[path, ""] = known
            found = known
        return found
