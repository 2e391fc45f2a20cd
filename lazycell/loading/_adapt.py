"""Give tensors the names that the model has for them now: former names, and a base's prefix where heads differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from .. import layout
from ..layout import BaseModel, RenameRule, Renaming
from ..manifest import Manifest, known_names


class Head:
    """Tells what of a model, and what of a file, belongs to a head and not to the base.

    Attributes:
        base: what the class says.
        within: whether the model has the base under its prefix; else it is the base itself, or has no prefix.
        apart: whether the file has the base under its prefix.
        moves: whether the prefix was added or taken away.
    """

    def __init__(self, manifest: Manifest, base: BaseModel, there: Collection[str]) -> None:
        prefix = f"{base.prefix}."
        self.base = base
        self.within = bool(base.prefix) and any(entry.name.startswith(prefix) for entry in manifest.entries)
        self.apart = bool(base.prefix) and any(name.startswith(prefix) for name in there)
        self.moves = False
        self._manifest = manifest

    def has(self, name: str) -> bool:
        """Whether a parameter of the model is a head's."""
        outside = self.within and not name.startswith(f"{self.base.prefix}.")
        return outside or any(name == each or name.startswith(f"{each}.") for each in self.base.heads)

    def is_other(self, key: str, name: str) -> bool:
        """Whether a tensor that the model has no use for is another head's.

        Args:
            key: its name in the file.
            name: its name as the model has names.
        """
        if any(name.startswith(f"{each}.") for each in self.base.heads):
            return True
        if self.within:
            return not name.startswith(f"{self.base.prefix}.")
        if self.apart:
            return not key.startswith(f"{self.base.prefix}.")
        return bool(self.base.prefix) and name.partition(".")[0] not in _tops(self._manifest)

    def moved(self, known: Collection[str], strange: Mapping[str, str]) -> dict[str, str]:
        """Give the names that the base's parts have in the model, where the file has them with or without the prefix.

        One way alone can be meant: what has the prefix in the file has none in the model, or the other way round.
        """
        if not self.base.prefix or self.within == self.apart:
            return {}
        prefix = f"{self.base.prefix}."
        if self.within:
            parts = {name[len(prefix) :].partition(".")[0] for name in known if name.startswith(prefix)}
            return {key: prefix + name for key, name in strange.items() if name.partition(".")[0] in parts}
        return {key: name[len(prefix) :] for key, name in strange.items() if name.startswith(prefix)}


def _tops(manifest: Manifest) -> set[str]:
    return {name.partition(".")[0] for name in known_names(manifest)}


def made_by(rules: tuple[RenameRule, ...], renaming: Renaming) -> set[str]:
    """Give the names that the user's rules have made, which are meant as they are."""
    return (
        {name for key, name in renaming.names.items() if any(rule.matches(key) for rule in rules)} if rules else set()
    )


def adapt(
    manifest: Manifest, names: Mapping[str, str], matched: Collection[str], partial: object
) -> tuple[dict[str, str], Head | None]:
    """Find the model's names for what a checkpoint has under others. Linear in the number of names.

    Args:
        manifest: the model.
        names: in the file, to what the user's rules made of them.
        matched: names that these rules have made.
        partial: whether a base may be loaded from a head's checkpoint, and a head's model from a base's.

    Returns:
        Names in the file, to the model's, where they change; and what is a head's, if `partial` has a meaning here.
    """
    head = Head(manifest, manifest.base, names.values()) if partial and manifest.base is not None else None
    strange = {key: name for key, name in names.items() if name not in manifest and name not in manifest.computed}
    if not strange:  # as in most files
        return {}, head
    known = {*known_names(manifest)}
    strange = {key: name for key, name in strange.items() if name not in known and name not in matched}
    find = layout.leftover_names(manifest.leftovers).find
    taken = {*names.values()}
    found: dict[str, str] = {}
    if head is not None:
        moved = head.moved(known, strange)
        ours = any(name in known or ((former := find(name)) and former.now) for name in moved.values())
        if ours and taken.isdisjoint(moved.values()):
            found, head.moves = moved, True
    if manifest.leftovers:
        taken |= {*found.values()}  # of two tensors for one parameter, neither may be lost without a word
        for key, name in strange.items():
            leftover = find(found.get(key, name))
            if leftover is not None and leftover.now in known and leftover.now not in taken:
                found[key] = leftover.now
                taken.add(leftover.now)
    return found, head
