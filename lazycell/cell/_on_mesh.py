"""Building a cell on a mesh: this rank's parameters and children, and its part of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import attrs
from mindspore import nn

from .._errors import DeclarationError
from .._location import message, user_location
from ..declaration import Divided, Group, below, declaration_of, here, ranks_along
from ..manifest import Resolved, ResolvedChild, ResolvedParameter
from ..mesh import Division, Mesh, Share, parts_of, positions_of, unknown_axis


class SomeCells(nn.CellList):
    """Those of a list that this rank has, under the names that they have in the whole list; counted from 0 here."""

    def __getitem__(self, index: Any) -> Any:
        return list(self._cells.values())[index] if isinstance(index, int) else super().__getitem__(index)


_Children = Mapping[str, ResolvedChild | Group[ResolvedChild]]
_Members = tuple[tuple[ResolvedParameter, ...], _Children, tuple[str, ...]]


def on_this_rank(resolved: Resolved, mesh: Mesh) -> _Members:
    """Give the parameters and the children that this rank has, and the names of what is declared and not here."""
    elsewhere = {name for name, where in resolved.where.items() if not where.holds(mesh)}
    children = {
        name: _some(child, mesh) if isinstance(child, Group) else child
        for name, child in resolved.children.items()
        if name not in elsewhere
    }
    parameters = tuple(each for each in resolved.parameters if each.name not in elsewhere)
    return parameters, children, (*resolved.absent, *sorted(elsewhere))


def elsewhere(resolved: Resolved, parameters: tuple[ResolvedParameter, ...], children: _Children) -> tuple[str, ...]:
    """Give the paths of what is declared and that other ranks have, and this one has not.

    Args:
        resolved: the cell on all ranks together.
        parameters: what `on_this_rank` gave of it.
        children: likewise.
    """
    present, every = (
        [path for path, _ in below(inside, lambda child: child)] + [each.name for each in own]
        for inside, own in ((children, parameters), (resolved.children, resolved.parameters))
    )
    known = set(present)
    return tuple(path for path in every if path not in known)


def _some(group: Group[ResolvedChild], mesh: Mesh) -> Group[ResolvedChild]:
    parts = group.parts
    if group.count is not None and (ranks := ranks_along(group.count, mesh)) > 1:
        if ranks > len(parts):
            source = group.count.source
            raise DeclarationError(
                f"{source.owner}: {source.name}={source.value} are too few for {ranks} ranks along "
                f"{group.count.axis!r}, each of which needs one: choose another mesh"
            )
        start, stop = positions_of(len(parts), ranks, mesh.index(group.count.axis))
        parts = parts[start:stop]
    found = {id(part): _some(part, mesh) for _, part in parts if isinstance(part, Group)}
    return Group(group.kind, tuple((name, found.get(id(part), part)) for name, part in parts), group.count)


def part_of(parameter: ResolvedParameter, mesh: Mesh) -> tuple[tuple[int, ...], dict[str, Any] | None]:
    """Give the shape of what this rank has of a parameter, and what the parameter is to know of the other ranks.

    That is where its part is in the whole, if it is one; the ranks that have the same part where others have another,
    along each axis; and the axes along which ranks use all of it for parts of something.

    Raises:
        DeclarationError: a dimension cannot be divided among so many ranks.
    """
    shape, marks = parameter.shape, dict[str, Any]()
    if parameter.shares is not None:
        try:
            place = Division(shape, parameter.shares).place(mesh)
        except ValueError as error:
            _refuse_parts(parameter, mesh, error)
        assert place is not None
        if place.shape != shape:
            shape, marks["_lazycell_place"] = place.shape, place
            marks["_lazycell_shares"] = parameter.shares
        shard = tuple(_axes(sections, mesh) for sections in parameter.shares)
        if shard != place.shard:  # all ranks share one part, and each uses it for its part of something
            marks["_lazycell_shard"] = shard
        if copies := _copies(parameter.sources, mesh):
            marks["_lazycell_copies"] = copies
    if parameter.spec.partial:
        marks["_lazycell_partial"] = parameter.spec.partial
    if mesh.ranks > 1:
        marks["_lazycell_mesh"] = mesh  # by which the states of an optimizer know it
    return shape, marks or None


def _axes(sections: tuple[Share, ...], mesh: Mesh) -> str | tuple[str, ...] | None:
    """Give the axes along which ranks divide a dimension, were it into one part."""
    named = [share for share in sections if share.name not in mesh.whole or not share.name]
    axes = tuple(dict.fromkeys(axis for share in named for axis in share.axes if mesh.size(axis) > 1))
    return None if not axes else axes[0] if len(axes) == 1 else axes


def _copies(sources: tuple[Divided, ...], mesh: Mesh) -> tuple[tuple[str, tuple[int, ...] | None], ...]:
    """Give for each axis along which several ranks have this rank's part, and others another one, which they are.

    None where they have the same of one section and not of another.
    """
    found: dict[str, set[tuple[int, ...]]] = {}
    for each in sources:
        ranks = ranks_along(each, mesh)
        same = ranks // parts_of(each.units, each.shared, ranks)
        neighbours, index = mesh.neighbours(each.axis), mesh.index(each.axis)
        first = index // same * same
        found.setdefault(each.axis, set()).add(tuple(neighbours[first : first + same]) if ranks > 1 else ())
    shared = {axis: groups for axis, groups in found.items() if any(len(members) > 1 for members in groups)}
    return tuple((axis, next(iter(groups)) if len(groups) == 1 else None) for axis, groups in shared.items())


def _refuse_parts(parameter: ResolvedParameter, mesh: Mesh, error: ValueError) -> NoReturn:
    for each in parameter.sources:
        try:
            parts_of(each.units, each.shared, ranks := ranks_along(each, mesh))
        except ValueError:
            raise DeclarationError(f"{each.source.owner}: {each.source.cannot(ranks, each.axis)}") from None
    parameter.spec.complain(f"{error}: choose another mesh, or another shape or shard")


def for_plain_cell(child: ResolvedChild, mesh: Mesh | None) -> ResolvedChild:
    """Give a child that declares nothing, with plain numbers for its arguments.

    Raises:
        DeclarationError: it is given a number of which this rank has a part: it would not know what to do with it.
    """
    named = [(None, value) for value in child.args] + list(child.kwargs.items())
    for name, value in named:
        if type(value) is Divided and mesh is not None and ranks_along(value, mesh) > 1:
            if not isinstance(child.factory, type):
                continue  # a function may well hand it on to cells that are declared
            source = value.source.name
            given = f"{name or source}={int(value)}/{value.axis}"
            what = getattr(child.factory, "__name__", "cell")
            child.spec.complain(
                f"{child.spec.name} is a plain {what} that was given {given}, of which this rank has a part: declare "
                f"it as a LazyCell, or write whole({name or source})"
            )
    if not isinstance(child.factory, type):
        return child
    args = tuple(here(value, None) for value in child.args)
    return attrs.evolve(child, args=args, kwargs={name: here(value, None) for name, value in child.kwargs.items()})


def check_axes(cell: nn.Cell, mesh: Mesh) -> None:
    """Refuse a mesh with an axis along which nothing of a net is divided, but for `dp`.

    Raises:
        DeclarationError: there is one.
    """
    axes, known = [axis for axis, _ in mesh.axes], dict[str, None]()
    _note_axes(known, type(cell))
    if unknown_axis(axes, tuple(known), "") is None:  # as of nearly all nets, of which no more is looked at
        return
    cells = [each for _, each in cell.cells_and_names()]
    for kind in dict.fromkeys(map(type, cells)):
        _note_axes(known, kind)
    for parameter in (each for part in cells for each in part._params.values() if each is not None):
        place = parameter.__dict__.get("_lazycell_place")  # a shape may name an axis, too
        if place is not None:
            known.update(dict.fromkeys(axis for axis in place.shard if isinstance(axis, str)))
    text = unknown_axis(axes, tuple(known), type(cell).__name__)
    if text is not None:
        raise DeclarationError(message("", text, user_location()))


def _note_axes(known: dict[str, None], kind: type) -> None:
    declaration = declaration_of(kind)
    if declaration is not None:
        known.update(dict.fromkeys(division.axis for division in declaration.divisions.values()))
