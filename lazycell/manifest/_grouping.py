"""Sorts the parameters of a model by kinds and groups, for one mesh."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from ..layout import ManifestEntry
from ..mesh import (
    Listed,
    Mesh,
    On,
    Owner,
    Place,
    Share,
    checked_mesh,
    shares_told_by,
    tied_apart,
    unknown_axis,
)
from ._inventory import Inventory
from ._rank_groups import Group, Holders, Kind, RankGroups
from ._rank_parts import OwnersOf
from ._rank_shape import axes_of, local_shape


def places_on(manifest: Inventory, mesh: Mesh) -> dict[str, Place | None]:
    """Give what the mesh's rank has of each parameter that it has any of; None: all of it.

    Raises:
        ValueError: the mesh cannot divide the model.
    """
    return groups_on(manifest, mesh).places(mesh.rank)


def groups_on(manifest: Inventory, mesh: Mesh | Mapping[str, int]) -> RankGroups:
    """Tell which ranks of a mesh have what of a model. Linear in the number of parameters, whatever that of ranks.

    Raises:
        TypeError: `mesh` is no mesh.
        ValueError: something has no equal parts for so many ranks; `shard` names an axis that the mesh lacks; the mesh
            has an axis along which nothing is divided, and that is not `dp`; names of one parameter are on different
            ranks.
    """
    if isinstance(mesh, Mesh):
        sizes, whole = mesh.sizes, mesh.whole
    else:
        sizes, whole = checked_mesh(mesh), frozenset[str]()
    sorting = _Sorting(manifest, sizes, whole)
    known = sorting.known
    if sorting.by_name or not known:  # where `shard` alone says what is divided, other axes are for data
        text = unknown_axis(sizes, known, manifest.model)
        if text is not None:
            raise ValueError(text)
    sorting.check_ties()
    groups = sorting.groups()
    axes = dict.fromkeys(axis for group in groups for axis, _ in group.holders)
    return RankGroups(sizes, whole, groups, tuple(axis for axis in sizes if axis in axes), known, sorting.divided)


class _Sorting:
    """Sorts parameters by what is alike of them."""

    def __init__(self, manifest: Inventory, sizes: Mapping[str, int], whole: frozenset[str]) -> None:
        self._manifest, self._sizes, self._whole = manifest, sizes, whole
        known, names = dict[str, None](), dict[str, None]()
        for shares in {id(each.shares): each.shares for each in manifest.entries if each.shares is not None}.values():
            for share in itertools.chain(*shares):
                known.update(dict.fromkeys(share.axes))
                names.update({share.name: None} if share.name else {})
        known.update(dict.fromkeys(owner.axis for owner in manifest.owners.values()))
        names.update(dict.fromkeys(each.name for each in manifest.owners.values() if isinstance(each, Listed)))
        self.divided = tuple(names)
        self.by_name = bool(names or manifest.owners)  # whether it is not `shard` alone that says what is divided
        stated = {id(each.shard): each.shard for each in manifest.entries if not each.shares and each.shard}
        self._texts = {number: repr(shard) for number, shard in stated.items()}  # lists in them have no hash
        for shard in stated.values():
            known.update(dict.fromkeys(axis for axes in shard for axis in _names(axes)))
        self.known = tuple(known)

    def groups(self) -> tuple[Group, ...]:
        """Give the groups.

        Raises:
            ValueError: something has no equal parts for so many ranks.
        """
        owners_at = OwnersOf(self._manifest.owners) if self._manifest.owners else None
        self._same_shares: dict[Any, Any] = {}
        of_shares: dict[int, Any] = {}
        of_owners: dict[int, tuple[Any, Holders]] = {}
        kinds: dict[tuple[Any, ...], Kind] = {}
        found: dict[tuple[int, Holders], Group] = {}
        owners: tuple[Owner | On, ...] = ()
        holders: Holders = ()
        for entry in self._manifest.entries:
            shares = entry.shares
            if shares is not None:  # equal ones are one object, so that they need not be compared again
                known = of_shares.get(id(shares))
                if known is None:
                    known = of_shares[id(shares)] = self._same_shares.setdefault(shares, shares)
                shares = known
            by_axes = shares is None and entry.shard is not None
            stated = self._texts.get(id(entry.shard), "()") if by_axes else None
            key = (id(shares), entry.shape, entry.dtype, entry.trainable, stated)
            kind = kinds.get(key)
            if kind is None:
                kind = kinds[key] = self._kind(entry)
            if owners_at is not None:
                owners = owners_at.of(entry.name)
                if owners:
                    pair = of_owners.get(id(owners))
                    if pair is None:  # with the owners, whose number stays theirs then
                        pair = of_owners[id(owners)] = owners, self._holders(owners)
                    holders = pair[1]
                else:
                    holders = ()
            group = found.get((id(kind), holders))
            if group is None:
                group = found[id(kind), holders] = Group(kind, holders, [])
            group.names.append(entry.name)
        return tuple(found.values())

    def check_ties(self) -> None:
        """Refuse names of one parameter that are on different ranks.

        Raises:
            ValueError: there are some.
        """
        owners_at = OwnersOf(self._manifest.owners)
        for target, source in self._manifest.ties.items() if self._manifest.owners else ():
            of_target, of_source = (dict(self._holders(owners_at.of(name))) for name in (target, source))
            if of_target != of_source:
                switches = self._manifest.hyperparameters.items()
                switch = next((name for name, value in switches if value is True and name.startswith("tie_")), "")
                instead = f", or {switch}=False" if switch else ""
                problem = tied_apart(target, source, of_target, of_source)
                raise ValueError(f"{self._manifest.model}: {problem}{instead}")

    def _holders(self, owners: tuple[Owner | On, ...]) -> Holders:
        found: dict[str, tuple[int, ...]] = {}
        for owner in owners:
            ranks = self._sizes.get(owner.axis, 1)
            if ranks == 1 or (type(owner) is Owner and owner.name in self._whole):
                continue
            indices = owner.indices(ranks)
            if owner.axis in found:
                before = found[owner.axis]
                indices = tuple(each for each in indices if each in before)
            found[owner.axis] = indices
        return tuple((axis, each) for axis, each in sorted(found.items()) if len(each) < self._sizes[axis])

    def _kind(self, entry: ManifestEntry) -> Kind:
        if entry.shares is None:
            shape = local_shape(entry, axes_of(entry, self._sizes, entry.shard), self._sizes)
            return Kind(entry, shape, shares_told_by(entry.shard, entry.shape))
        stated = tuple(each[0].axes if not each[0].name and each[0].axes else None for each in entry.shares)
        by_shard = local_shape(entry, axes_of(entry, self._sizes, stated), self._sizes)
        shape = tuple(
            size if axes else sum(map(self._part, sections))
            for size, axes, sections in zip(by_shard, stated, entry.shares, strict=True)
        )
        return Kind(entry, shape, entry.shares)

    def _part(self, share: Share) -> int:
        if share.name in self._whole and share.name:
            return share.size
        try:
            return share.size // share.parts(self._sizes)
        except ValueError as error:
            raise ValueError(f"{self._manifest.model}: {self._said(share, str(error))}") from None

    def _said(self, share: Share, text: str) -> str:
        """Say what cannot be divided by the value that the hyperparameter has, where it is not what was divided."""
        units, value = share.units or share.size, self._manifest.hyperparameters.get(share.name)
        if not isinstance(value, int) or value == units:
            return text
        return f"{units}, which comes of {share.name}={value},{text.removeprefix(f'{share.name}={units}')}"


def _names(axes: Any) -> tuple[str, ...]:
    """Give the axes that `shard` has for a dimension; what is none is refused where its shape is told."""
    if isinstance(axes, str):
        return (axes,)
    return tuple(axis for axis in axes if isinstance(axis, str)) if isinstance(axes, (tuple, list)) else ()
