"""What names of before are called by migrations that are there already, though these do not lead to the present.

Who renames a cell, runs `lazycell migrate`, renames a weight in the cell, and runs it again, has a migration for the
first half of the weight's way. So has whoever's first run was killed between two files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..history import Migration, former_versions
from ._migration_of import starts


def names_since(
    renames: Iterable[tuple[str, str]], migrations: Sequence[Migration], names: Iterable[str]
) -> dict[str, str]:
    """Give what old names have become by migrations; nothing for a name that they do not change.

    That is a present name where they lead so far. A name on the way to one ends as the old one does, and begins with a
    cell that is around the present one: what is looked for is such a name that was the old one at some moment.

    Args:
        renames: old and present names of what migrations do not lead to.
        migrations: those of the model as it is, oldest first.
        names: every present name.
    """
    present = {*names}
    ways = {old: [each for each in _ways(old, new) if each not in present] for old, new in renames}
    versions = former_versions(migrations, [*present, *{way for each in ways.values() for way in each}])
    found = {old: new for version in versions for new, old in version.names.items() if new in present}
    for old, several in ways.items():
        for way in several:
            if any(version.names.get(way) == old for version in versions):
                found[old] = way
                break
    return found


def _ways(old: str, new: str) -> Iterable[str]:
    """Give the names that may lie between two, those in the innermost cells and with the most of the old one first."""
    segments = old.split(".")
    for prefix in reversed([*starts(new)]):
        for first in range(1, len(segments)):
            way = prefix + ".".join(segments[first:])
            if way != old:
                yield way
