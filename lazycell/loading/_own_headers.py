"""The plan of one rank, from the headers of the files alone that it reads.

That every rank reads every header costs little until there are thousands of ranks. From the size on at which all of
them would read more than a twentieth of the checkpoint so, a rank opens those files that the index says hold its own
tensors. Rank 0 reads all, so that all of the checkpoint is looked at by somebody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from os import PathLike
from typing import Any

import attrs

from ..formats import CheckpointHeader, open_checkpoint
from ..manifest import Manifest
from ..mesh import Mesh, Place
from ._fit import make_plan
from ._options import LoadOptions
from ._plan import LoadPlan
from ._rank_plan import cut_plan

_ENTRY = 70
"""Bytes in a header for each tensor, beside its name: dtype, shape and two offsets."""

_SHARE = 20
"""Headers may cost a so manieth of the checkpoint, all ranks together."""

_LITTLE = 64_000_000
"""Bytes of headers, all ranks together, that are little whatever the checkpoint."""

_DEFAULT = LoadOptions()


def reads_own_headers(manifest: Manifest, mesh: Mesh) -> bool:
    """Tell whether a rank is to read the headers of its own files alone.

    Args:
        manifest: of the whole model.
        mesh: with the rank.
    """
    if mesh.rank == 0 or mesh.ranks == 1:
        return False
    headers = sum(len(entry.name) + _ENTRY for entry in manifest.entries)
    of_all = headers * mesh.ranks
    return of_all > _LITTLE and of_all * _SHARE > manifest.nbytes


def plan_from_own_headers(
    manifest: Manifest,
    path: str | PathLike[str] | Mapping[str, Any],
    places: Mapping[str, Place | None],
    options: LoadOptions = _DEFAULT,
) -> tuple[LoadPlan, CheckpointHeader]:
    """Make the plan of a rank, and open no file that it does not read.

    That is possible where the names in an index are those that the model's tensors are stored under, all of them and no
    others: then the names say that nothing is missing or unexpected elsewhere. Where they are not, or there is no
    index, all headers are read, and the plan is cut.

    Args:
        manifest: of the whole model.
        path: of the checkpoint.
        places: as for `cut_plan`.
        options: what the user says about the load.

    Returns:
        The rank's plan, and the headers that it comes of. Its `steps` are those of the cut plan of the whole; its
        `layout` tells of its own tensors.

    Raises:
        CheckpointFormatError: a file is not what its format promises.
        CheckpointMismatchError: what was read does not fit.
    """
    own: Manifest | None = None
    wanted: Collection[str] = ()

    def needed(names: Collection[str]) -> Collection[str] | None:
        nonlocal own, wanted
        found = _own(manifest, names, places)
        if found is None:
            return None
        own, wanted = found
        return wanted

    header = open_checkpoint(path, needed=needed)
    if own is None:
        return cut_plan(make_plan(manifest, header, options), places), header
    tensors = {name: tensor for name, tensor in header.tensors.items() if name in wanted}
    header = attrs.evolve(header, tensors=tensors)
    return cut_plan(make_plan(own, header, options), places), header


def _own(
    manifest: Manifest, names: Collection[str], places: Mapping[str, Place | None]
) -> tuple[Manifest, Collection[str]] | None:
    """Give the part of a manifest that a rank needs, and the names of the tensors that it is stored in.

    None: the index has other names than the manifest.
    """
    inside = {parameter for stored in manifest.stored for parameter in stored.parameters}
    stored = {each.name for each in manifest.stored}
    stored.update(entry.name for entry in manifest.entries if entry.name not in inside)
    others = {*manifest.ties, *(each.name for each in manifest.copies)}
    if not stored.issubset(names) or not others.union(stored).issuperset(names):
        return None
    mine = {*places}
    tensors = [each for each in manifest.stored if not mine.isdisjoint(each.parameters)]
    for each in tensors:
        mine.update(each.parameters)  # of a tensor that is several parameters, all of them are needed
    entries = tuple(entry for entry in manifest.entries if entry.name in mine)
    ties = {alias: source for alias, source in manifest.ties.items() if source in mine}
    copies = tuple(each for each in manifest.copies if mine.issuperset(each.parameters))
    wanted = {each.name for each in (*tensors, *copies)} | {each.name for each in entries if each.name not in inside}
    own = attrs.evolve(manifest, entries=entries, ties=ties, stored=tuple(tensors), copies=copies)
    return own, wanted | ties.keys()
