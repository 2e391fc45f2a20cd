"""The manifest of all ranks together, where a net has what no class declares: the state of an optimizer, say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from .._errors import CheckpointError
from ..distributed import exchange
from ..layout import ManifestEntry
from ..manifest import Manifest, entry_from_json, entry_to_json
from ..mesh import Mesh, On


def joined_manifest(manifest: Manifest | None, mesh: Mesh, timeout: float) -> Manifest | None:
    """Give the manifest with what other ranks have that this one does not; every rank has to call it.

    Of what classes declare each rank knows what the others have. The rest each tells the others.

    Args:
        manifest: of this rank's net; None: it could not be made, and the others are to go on.
        mesh: of the net.
        timeout: seconds to wait for the others.

    Raises:
        CheckpointError: ranks have parameters of one name that differ, or a rank did not answer.
    """
    entries = () if manifest is None else manifest.entries
    own = [entry_to_json(entry) for entry in entries if entry.declared_by is None]
    texts = exchange(mesh, json.dumps(own).encode() if own else b"", timeout=timeout)
    if manifest is None or not any(texts) or len(texts) == 1:
        return manifest
    found: dict[str, Any] = {}
    holders: dict[str, list[int]] = {}
    for rank, text in enumerate(texts):
        for value in json.loads(text) if text else ():
            name = value["name"]
            if found.setdefault(name, value) != value:
                first = holders[name][0]
                raise CheckpointError(f"ranks {first} and {rank} have different models: {name} differs")
            holders.setdefault(name, []).append(rank)
    owners = {name: _owner(name, ranks, mesh) for name, ranks in holders.items() if len(ranks) < mesh.ranks}
    return attrs.evolve(
        manifest,
        entries=(*_in_place(entries, found), *(entry_from_json(value) for value in found.values())),
        owners={**manifest.owners, **owners},
    )


def _in_place(entries: Sequence[ManifestEntry], told: dict[str, Any]) -> Iterator[ManifestEntry]:
    """Give the declared entries; of the others all that are told follow, in one order on every rank."""
    return (entry for entry in entries if entry.name not in told)


def _owner(name: str, ranks: Sequence[int], mesh: Mesh) -> On:
    """Say along which axis those ranks are that have something.

    Raises:
        CheckpointError: along none.
    """
    for axis, _ in mesh.axes:
        at = {mesh.at(rank).index(axis) for rank in ranks}
        if [rank for rank in range(mesh.ranks) if mesh.at(rank).index(axis) in at] == list(ranks):
            return On(axis, tuple(sorted(at)))
    some = ", ".join(map(str, ranks[:8]))
    raise CheckpointError(f"{name} is on the ranks {some} alone, which are no positions along an axis of {mesh}")
