"""A model as a checkpoint would have it: the tensors that it stores, under the names that a given one has for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from ...declaration import Half, form_text, other_spelling
from ...layout import ManifestEntry, Stored, leftover_names
from .._inventory import Inventory
from .._tensors import stored_tensors


def as_compared(old: Inventory, new: Inventory) -> tuple[Inventory, Inventory]:
    """Give what of two sides is compared: a model and a checkpoint as tensors of a checkpoint, others as they are."""
    if old.declared == new.declared:
        return old, new
    if old.declared:
        return as_stored(old, new)
    model, checkpoint = as_stored(new, old)
    return checkpoint, model


def as_stored(model: Inventory, checkpoint: Inventory) -> tuple[Inventory, Inventory]:
    """Bring a model and a checkpoint together: both as the tensors of a checkpoint.

    As when it is loaded, a parameter may be there under the name it is stored under, its own, that of a tie, or a
    former one. Copies of ties, of computed buffers and what else a load does not need are left out.

    Args:
        model: what is declared.
        checkpoint: what headers tell.

    Returns:
        The tensors of the model, with what is declared of those that are one parameter each; those of the checkpoint.
    """
    checkpoint = _without_leftovers(model, checkpoint)
    there = {entry.name for entry in checkpoint.entries}
    names = _Names(model, there)
    entries = tuple(names.entries(stored_tensors(model)))
    spare = (names.spare | model.computed) - {entry.name for entry in entries}
    kept = tuple(entry for entry in checkpoint.entries if entry.name not in spare)
    return Inventory(model.model, entries, cells=model.cells), Inventory(checkpoint.model, kept, declared=False)


def _without_leftovers(model: Inventory, checkpoint: Inventory) -> Inventory:
    """Give a checkpoint without what nothing needs, and with today's names of what it has under former ones."""
    if not model.leftovers:
        return checkpoint
    find = leftover_names(model.leftovers).find
    known = {stored.name for stored in stored_tensors(model)}
    known |= {*model.ties} | {entry.name for entry in model.entries}
    taken = {entry.name for entry in checkpoint.entries}
    kept = []
    for entry in checkpoint.entries:
        leftover = None if entry.name in known else find(entry.name)
        if leftover is None:
            kept.append(entry)
        elif leftover.now is not None:
            moves = leftover.now in known and leftover.now not in taken
            taken |= {leftover.now} if moves else set()
            kept.append(attrs.evolve(entry, name=leftover.now) if moves else entry)
    return attrs.evolve(checkpoint, entries=tuple(kept))


class _Names:
    """Under which names a checkpoint has what a model stores.

    Attributes:
        spare: names of what is there a second time.
    """

    def __init__(self, model: Inventory, there: set[str]) -> None:
        self._model = model
        self._there = there
        self._declared = {stored.name for stored in model.stored}
        self._aliases: dict[str, list[str]] = {}
        for alias, owner in model.ties.items():
            self._aliases.setdefault(owner, []).append(alias)
        self._copies: dict[tuple[str, ...], list[Stored]] = {}
        for copy in model.copies:
            self._copies.setdefault(copy.parameters, []).append(copy)
        self.spare: set[str] = set()

    def entries(self, tensors: Sequence[Stored]) -> Iterator[ManifestEntry]:
        """Give each tensor of the model as the checkpoint may have it."""
        given: set[str] = set()
        for stored in tensors:
            first, *others = [found for found in self._forms(stored) if found.name in self._there] or [stored]
            self.spare.update(other.name for other in others)
            own = [name for name in stored.parameters if name not in self._declared]
            if first.name not in self._there and len(own) == len(stored.parameters) and self._there.issuperset(own):
                parts = [self._model[name] for name in own if name not in given]
            else:
                parts = [self._entry(first)]
            for entry in parts:
                given.add(entry.name)
                yield entry

    def _forms(self, stored: Stored) -> Iterator[Stored]:
        """Give the tensor under each name that it may have, the likeliest first."""
        yield stored
        if isinstance(stored.form, Half) and (other := other_spelling(stored.name)) and other not in self._declared:
            yield attrs.evolve(stored, name=other)
        if stored.is_plain:
            (name,) = stored.parameters
            for each in (name, *self._aliases.get(name, ())):
                if each != stored.name and each not in self._declared:
                    yield Stored(each, stored.form)
        yield from self._copies.get(stored.parameters, ())

    def _entry(self, stored: Stored) -> ManifestEntry:
        if stored.is_plain:
            entry = self._model[stored.parameters[0]]
            return entry if entry.name == stored.name else attrs.evolve(entry, name=stored.name)
        return ManifestEntry(stored.name, stored.shape, stored.dtype, "", expression=form_text(stored.form))
