"""The manifest of a net of which this process has a part: that of the whole model, whatever the mesh and the rank."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ..layout import ManifestEntry
from ..manifest import Manifest
from ..parameters import part_of


def whole_manifest(declared: Manifest, here: Manifest, parameters: Mapping[str, Any]) -> Manifest:
    """Give the manifest of the whole model.

    Args:
        declared: what the class declares, with the net's hyperparameters.
        here: of what this rank has.
        parameters: this rank's, by full name.
    """
    found = {entry.name: entry for entry in here.entries}
    entries = []
    for entry in declared.entries:
        own = found.pop(entry.name, None)
        # As it is now: `net.to(dtype)`, say, may have changed it since the declaration.
        if own is not None and (own.dtype, own.trainable) != (entry.dtype, entry.trainable):
            entry = attrs.evolve(entry, dtype=own.dtype, trainable=own.trainable)
        entries.append(entry)
    added = [attrs.evolve(entry, shape=_whole_shape(entry, parameters[entry.name])) for entry in found.values()]
    return attrs.evolve(declared, entries=(*entries, *added), computed=declared.computed | here.computed)


def _whole_shape(entry: ManifestEntry, parameter: Any) -> tuple[int, ...]:
    place = part_of(parameter)
    return entry.shape if place is None else tuple(place.whole)
