"""Which tensors a model's checkpoint holds, and of which parameters each is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from ..layout._layout import Stored, with_dtypes
from ._manifest import Manifest


def stored_tensors(manifest: Manifest, layout: Iterable[Stored] | None = None) -> tuple[Stored, ...]:
    """Give everything a save writes, in the manifest's order.

    Args:
        manifest: the model as it is now.
        layout: the tensors that are not simply a parameter under its own name: `LoadPlan.layout`, to write what was
            read; None: as declared. What it says of parameters that are not there is left out.
    """
    return tuple(_in_order(manifest, manifest.stored if layout is None else layout))


def _in_order(manifest: Manifest, layout: Iterable[Stored]) -> Iterator[Stored]:
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
