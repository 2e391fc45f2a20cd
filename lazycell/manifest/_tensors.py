"""Which tensors a model's checkpoint holds, of which parameters each is made, and the names that they may have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from ..layout import Stored, with_dtypes
from ._inventory import Inventory


def stored_tensors(manifest: Inventory, layout: Iterable[Stored] | None = None) -> tuple[Stored, ...]:
    """Give everything a save writes, in the manifest's order.

    Args:
        manifest: the model as it is now.
        layout: the tensors that are not simply a parameter under its own name: `LoadPlan.layout`, to write what was
            read; None: as declared. What it says of parameters that are not there is left out.
    """
    return tuple(_in_order(manifest, manifest.stored if layout is None else layout))


def _in_order(manifest: Inventory, layout: Iterable[Stored]) -> Iterator[Stored]:
    names = {entry.name for entry in manifest.entries}
    made_of: dict[str, list[Stored]] = {}
    for stored in layout:
        if names.issuperset(stored.parameters):
            for parameter in stored.parameters:
                made_of.setdefault(parameter, []).append(stored)
    written: set[str] = set()
    for entry in manifest.entries:
        for stored in made_of.get(entry.name, ()):
            if stored.name not in written:
                written.add(stored.name)
                yield attrs.evolve(stored, form=with_dtypes(stored.form, lambda name: manifest[name].dtype))
        if entry.name not in made_of:
            yield Stored(entry.name, entry.block)


def known_names(manifest: Inventory) -> dict[str, tuple[int, ...] | None]:
    """Give every name that a tensor of a checkpoint may have, and its shape; None for what is computed."""
    shapes: dict[str, tuple[int, ...] | None] = dict.fromkeys(manifest.computed)
    of_entries = {entry.name: entry.shape for entry in manifest.entries}
    for alias, owner in manifest.ties.items():
        shapes[alias] = of_entries.get(owner)
    shapes |= of_entries
    for stored in (*manifest.copies, *manifest.stored):
        shapes[stored.name] = stored.shape
    return shapes
