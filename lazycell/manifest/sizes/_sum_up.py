"""Sum up a manifest: how much memory a model takes, before anything is built."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import attrs

from ..._dtypes import FLOATING, ITEMSIZES
from ...layout import ManifestEntry
from ...mesh import Mesh
from .._grouping import groups_on
from .._inventory import Inventory
from ._cache_sizes import cache_sizes
from ._optimizers import OptimizerState, optimizer_state
from ._size import RankSizes, Size, summed
from ._sizes import Sizes

TRAINABLE, NOT_TRAINABLE = "trainable", "not trainable"


def sizes_of(
    manifest: Inventory,
    *,
    optimizer: str | None = None,
    gradients: bool = False,
    mesh: Mesh | Mapping[str, int] | None = None,
    batch: int = 1,
    length: int | None = None,
    source_length: int | None = None,
) -> Sizes:
    """Sum up a manifest; the body of `Manifest.sizes`, which says what the arguments are and what is raised."""
    state = None if optimizer is None else optimizer_state(optimizer)
    if not manifest.declared:
        manifest = attrs.evolve(manifest, entries=tuple(map(_as_trained, manifest.entries)))
    entries = manifest.entries
    each = [_size_of(entry, entry.shape, gradients, state) for entry in entries]
    both = list(zip(entries, each, strict=True))
    by_tag = summed((tag, size) for entry, size in both for tag in dict.fromkeys(entry.tags or (None,)))
    if None in by_tag:
        by_tag[None] = by_tag.pop(None)  # last
    return Sizes(
        model=manifest.model,
        total=_total(each, state),
        by_dtype=summed((entry.dtype, size) for entry, size in both),
        by_trainable={TRAINABLE: Size(), NOT_TRAINABLE: Size()}
        | summed((TRAINABLE if entry.trainable else NOT_TRAINABLE, size) for entry, size in both),
        by_tag=by_tag,
        optimizer_name=None if state is None else state.name,
        with_gradients=gradients,
        rank=None if mesh is None else _rank_sizes(manifest, mesh, gradients, state),
        declared=manifest.declared,
        cache=cache_sizes(manifest.model, manifest.caches, batch, length, source_length),
        each=tuple((entry.name, size) for entry, size in both),
    )


def _as_trained(entry: ManifestEntry) -> ManifestEntry:
    return entry if entry.dtype in FLOATING else attrs.evolve(entry, trainable=False)


def _size_of(entry: ManifestEntry, shape: tuple[int, ...], gradients: bool, optimizer: OptimizerState | None) -> Size:
    """Give the size of a parameter, or of the part of it that has `shape`."""
    elements = math.prod(shape)
    nbytes = elements * ITEMSIZES[entry.dtype]
    return Size(
        1,
        elements,
        nbytes,
        gradients=nbytes if gradients and entry.trainable else 0,
        optimizer=optimizer.nbytes(shape, entry.dtype) if optimizer is not None and entry.trainable else 0,
    )


def _total(sizes: Iterable[Size], optimizer: OptimizerState | None) -> Size:
    shared = Size(optimizer=0 if optimizer is None else optimizer.shared_nbytes)
    return sum(sizes, shared)


def _rank_sizes(
    manifest: Inventory, mesh: Mesh | Mapping[str, int], gradients: bool, optimizer: OptimizerState | None
) -> RankSizes:
    groups = groups_on(manifest, mesh)
    sizes: dict[int, Size] = {}
    for group in groups.groups:
        kind = group.kind
        if id(kind) not in sizes:
            sizes[id(kind)] = _size_of(kind.first, kind.shape, gradients, optimizer)
    cells = {
        at: _total((sizes[id(group.kind)].times(len(group.names)) for group in held), optimizer)
        for at, held in groups.cells().items()
    }
    everywhere = [group for group in groups.groups if group.kind.is_whole and not group.holders]
    whole = {name for group in everywhere for name in group.names}
    rank = mesh.rank if isinstance(mesh, Mesh) else None
    return RankSizes(
        mesh=dict(groups.sizes),
        ranks=groups.ranks,
        size=max(cells.values(), key=_order),
        replicated=tuple(entry.name for entry in manifest.entries if entry.name in whole),
        replicated_nbytes=sum(sizes[id(group.kind)].nbytes * len(group.names) for group in everywhere),
        unused=tuple(axis for axis in groups.sizes if axis not in groups.known),
        smallest=min(cells.values(), key=_order),
        rank=rank,
        own=None if rank is None else cells[groups.cell_of(rank)],
    )


def _order(size: Size) -> tuple[int, ...]:
    return size.training_bytes, size.nbytes, size.elements, size.parameters
