"""What a net has of which this process has a part: the whole model, whatever the mesh and the rank."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from ..layout import ManifestEntry
from ..manifest import Outline


def with_wholes(outline: Outline, wholes: Mapping[str, Outline]) -> Outline:
    """Give the outline of a net in which cells are parts of what they are on all ranks together.

    Args:
        outline: of what this rank has.
        wholes: by the path of each cell that was built on a mesh, and is inside of no other: what its class declares.
    """
    found = {entry.name: entry for entry in outline.entries}
    entries: dict[str, ManifestEntry] = {}
    for path, whole in wholes.items():
        prefix = f"{path}." if path else ""
        for declared in whole.entries:
            name = prefix + declared.name
            own = found.pop(name, None)
            entry = attrs.evolve(declared, name=name)
            # As it is now: `net.to(dtype)`, say, may have changed it since the declaration.
            if own is not None and (own.dtype, own.trainable) != (entry.dtype, entry.trainable):
                entry = attrs.evolve(entry, dtype=own.dtype, trainable=own.trainable)
            entries[name] = entry
    fields: dict[str, Any] = {"entries": (*entries.values(), *found.values())}
    for name in ("ties", "rules", "migrations", "cells", "caches", "owners"):
        fields[name] = {**_outside(getattr(outline, name), wholes), **dict(_below(wholes, name))}
    computed = {f"{path}.{each}" if path else each for path, whole in wholes.items() for each in whole.computed}
    return attrs.evolve(outline, computed=outline.computed | computed, **fields)


def _outside(known: Mapping[str, Any], wholes: Mapping[str, Outline]) -> dict[str, Any]:
    """Give what is known of paths that are in none of the cells."""
    return {
        path: value
        for path, value in known.items()
        if not any(not each or path == each or path.startswith(f"{each}.") for each in wholes)
    }


def _below(wholes: Mapping[str, Outline], name: str) -> Iterator[tuple[str, Any]]:
    for path, whole in wholes.items():
        for key, value in getattr(whole, name).items():
            full = f"{path}.{key}" if path and key else path or key
            yield full, f"{path}.{value}" if name == "ties" and path else value
