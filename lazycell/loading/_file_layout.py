"""In which layout a checkpoint is: what a save has to write so that the file is like the one that was loaded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import attrs

from .._frozen import frozen
from ..formats import TensorHeader
from ..layout import ManifestEntry, RenameRule, Renaming, Stored
from ..manifest import Manifest
from ._plan import LoadStep


@frozen
class FileLayout:
    """What the layout of a file is told by.

    Attributes:
        manifest: the model.
        rules: the argument `rename`.
        renaming: what it made of the names in the file, migrations included.
        migrated: the names in the file that migrations changed, to what they made of them: a save gives these, for
            the names that the file has are those of the past.
    """

    manifest: Manifest
    rules: Sequence[RenameRule]
    renaming: Renaming
    migrated: Mapping[str, str] = attrs.field(factory=dict)

    def of(
        self,
        found: Iterable[tuple[Stored, TensorHeader]],
        steps: Iterable[LoadStep],
        by_own_name: Collection[str],
    ) -> tuple[Stored, ...]:
        """Give every stored tensor that is not simply a parameter under its own name, in the manifest's order.

        What the file lacks is named as if it had it: as declared, and by the rules of `rename` backwards.

        Args:
            found: stored tensors of the file that parameters are made of.
            steps: the parameters that are filled.
            by_own_name: those of them that the file has under their own names, though declared to be stored otherwise.
        """
        known: dict[str, str] = {}
        copies = {stored.name for stored in self.manifest.copies}
        copied = set(map(id, self.manifest.copies))
        layout = [
            attrs.evolve(stored, name=self._written(tensor.name))
            for stored, tensor in found
            if id(stored) not in copied
        ]
        seen = {parameter for stored in layout for parameter in stored.parameters}
        aliases, declared_names = {*self.manifest.ties, *copies}, {stored.name for stored in self.manifest.stored}
        as_declared = bool(layout) or not by_own_name
        for step in steps:
            name = self.renaming.names.get(step.key)
            if step.parameter not in seen and name not in aliases:
                known[step.parameter] = self._written(step.key)
                as_declared = as_declared or (name != step.parameter and name in declared_names)
        layout += [Stored(key, self.manifest[name].block) for name, key in known.items() if key != name]
        unseen = [entry for entry in self.manifest.entries if entry.name not in seen and entry.name not in known]
        layout += self._lacking(unseen, as_declared)
        order = {entry.name: position for position, entry in enumerate(self.manifest.entries)}
        return tuple(sorted(layout, key=lambda stored: order[stored.parameters[0]]))

    def _lacking(self, unseen: Iterable[ManifestEntry], declared: bool) -> Iterator[Stored]:
        """Give what the file would have for parameters that it does not have."""
        names = {entry.name for entry in unseen}
        written: set[str] = set()
        if declared:
            for stored in self.manifest.stored:
                if names.issuperset(stored.parameters):
                    written.update(stored.parameters)
                    yield attrs.evolve(stored, name=self._named(stored.name))
        for entry in unseen:
            if entry.name not in written and (name := self._named(entry.name)) != entry.name:
                yield Stored(name, entry.block)

    def _written(self, key: str) -> str:
        """Give the name under which a save writes what the file has under `key`."""
        if key not in self.migrated:
            return key
        name = self.migrated[key]
        return self._named(name) if any(rule.matches(key) for rule in self.rules) else name

    def _named(self, name: str) -> str:
        """Give the file's name for a name of the model's, where exactly one rule gives one."""
        names = {old for rule in self.rules if (old := rule.undo(name)) is not None}
        return names.pop() if len(names) == 1 else name
