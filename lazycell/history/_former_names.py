"""What every name of a model was before each of its migrations.

A migration's rules are relative to cells, and a cell may itself have been renamed later. So names are followed from
the present into the past, and the paths of cells with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from .._frozen import frozen
from ._migration import Migration
from ._name_rules import NameRules, name_rules

_MOST_PATHS = 8  # that a cell is looked for under; rules that tear a cell apart give it several


@frozen
class Version:
    """The names of a model at one time.

    Attributes:
        names: present names, to what they were; only those that were something else.
        later: present names of which nothing was there yet: others had their names.
    """

    names: Mapping[str, str] = attrs.field(factory=dict)
    later: frozenset[str] = frozenset()


def former_versions(migrations: Sequence[Migration], names: Iterable[str]) -> tuple[Version, ...]:
    """Give the names as they are, as they were before the last migration, before the last two, and so on.

    Args:
        migrations: oldest first, each with the paths of its cells as they are now.
        names: every present name.

    Returns:
        One more than there are migrations. Linear in the number of names that the migrations change.
    """
    past = _Past(migrations, names)
    versions = [Version()]
    for migration in reversed(migrations):
        changed = past.undo(migration)
        versions.append(past.version() if changed else versions[-1])
    return tuple(versions)


class _Past:
    """The names while migrations are undone, the last one first.

    Attributes:
        at: what goes by each name at this time: its present name.
        names: the name at this time of each present name that is not the same.
        paths: for each cell, by its present path, the paths that it has at this time.
    """

    def __init__(self, migrations: Sequence[Migration], names: Iterable[str]) -> None:
        self._all = tuple(dict.fromkeys(names))
        self.at = {name: name for name in self._all}
        self.names: dict[str, str] = {}
        self.later: set[str] = set()
        self.paths = {prefix: [prefix] for migration in migrations for prefix in migration.prefixes}
        self._longest = max(map(len, self.paths), default=0)
        self._members: dict[str, list[str]] | None = None

    def version(self) -> Version:
        """Give the names as they are at this time."""
        names = {present: name for present, name in self.names.items() if name != present}
        return Version(names, frozenset(self.later))

    def undo(self, migration: Migration) -> bool:
        """Go back to before a migration; tell whether it changed a name."""
        rules = name_rules(migration.rename)
        moves: dict[str, str] = {}
        # Of two cells, one in the other, the rules of the inner one come first.
        for prefix in sorted(migration.prefixes, key=len, reverse=True):
            for path in self.paths[prefix]:
                for name, old in self._undone(rules, prefix, path):
                    moves.setdefault(name, path + old)
        self._move(moves)
        return bool(moves)

    def _undone(self, rules: NameRules, prefix: str, path: str) -> Iterator[tuple[str, str]]:
        """Give the names below a cell that the rules gave, and what they were, relative to the cell."""
        if not rules.patterns:
            for new, old in rules.backwards.items():
                if path + new in self.at:
                    yield path + new, old
            return
        for present in self._below(prefix):
            name = self.names.get(present, present)
            before = rules.undo(name[len(path) :]) if name.startswith(path) else None
            if before is not None:
                yield name, before

    def _move(self, moves: Mapping[str, str]) -> None:
        moved = [(self.at.pop(name), name, old) for name, old in moves.items()]
        arrived: set[str] = set()
        for present, name, old in moved:
            if old in arrived:  # what two names have in common can be only one of them
                self._drop(present)
                continue
            if old in self.at:  # that one is younger than the name which it has now
                self._drop(self.at[old])
            arrived.add(old)
            self.at[old] = present
            self.names[present] = old
            self._follow(present, name, old)

    def _drop(self, present: str) -> None:
        self.later.add(present)
        self.names.pop(present, None)

    def _follow(self, present: str, name: str, old: str) -> None:
        """Note under which paths the cells around a name are found before the move."""
        for prefix in self._around(present):
            paths = self.paths[prefix]
            path = next((each for each in paths if name.startswith(each)), None)
            if path is None or old.startswith(path):
                continue
            rest = name[len(path) :]
            before = old[: len(old) - len(rest)]
            if old.endswith(rest) and before not in paths and (not before or before.endswith(".")):
                paths.insert(0, before)
                del paths[_MOST_PATHS:]

    def _around(self, name: str) -> Iterator[str]:
        """Give the present paths of the cells that have migrations and are around a present name."""
        if "" in self.paths:
            yield ""
        end = name.find(".", 0, self._longest)
        while end >= 0:
            if name[: end + 1] in self.paths:
                yield name[: end + 1]
            end = name.find(".", end + 1, self._longest)

    def _below(self, prefix: str) -> Sequence[str]:
        if self._members is None:
            self._members = {}
            for name in self._all:
                for each in self._around(name):
                    self._members.setdefault(each, []).append(name)
        return self._members.get(prefix, ())
