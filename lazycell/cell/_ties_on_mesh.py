"""Ties on a mesh: both ends are on the same ranks, or there is no tie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from ..declaration import Conditional, Group, Tie, declaration_of_child, ranks_along, render
from ..manifest import Resolved, ResolvedChild, bind_child, resolve
from ..mesh import Mesh, Owner, tied_apart

Holders = dict[str, frozenset[int]]
"""Along each axis along which not all ranks have something, where those are that have it."""


def ties_here(resolved: Resolved, mesh: Mesh) -> tuple[Tie, ...]:
    """Give those of a cell's ties whose ends this rank has.

    Every rank comes to the same answer about a tie that cannot be, whatever it has of it.

    Raises:
        DeclarationError: one end is on other ranks than the other.
    """
    found = []
    for tie in resolved.ties:
        if "{" not in tie.target:  # what a pattern names is looked up in what is here
            target, source = (_holders(resolved, name.split("."), mesh) for name in (tie.target, tie.source))
            if target != source:
                _refuse(resolved, tie, target, source)
            if not all(mesh.index(axis) in indices for axis, indices in target.items()):
                continue
        found.append(tie)
    return tuple(found)


def _holders(resolved: Resolved, path: Sequence[str], mesh: Mesh) -> Holders:
    """Say which ranks have what is at a path below a cell."""
    found: Holders = {}
    inside: Resolved | Group[ResolvedChild] = resolved
    for name in path:
        children: Mapping[str, Any]
        if isinstance(inside, Group):
            if inside.count is not None:
                axis, ranks = inside.count.axis, ranks_along(inside.count, mesh)
                _narrow(found, axis, Owner(axis, int(name), len(inside)).indices(ranks), ranks)
            children = dict(inside.parts)
        else:
            if name in inside.where:
                axis = inside.where[name].axis
                _narrow(found, axis, inside.where[name].indices(mesh.size(axis)), mesh.size(axis))
            children = inside.children
        child = children.get(name)
        if isinstance(child, ResolvedChild):
            declaration = declaration_of_child(child.factory)
            if declaration is None or declaration.own_init:
                break
            dtype = inside.dtype if isinstance(inside, Resolved) else resolved.dtype
            inside = resolve(declaration, *bind_child(child, dtype))
        elif isinstance(child, Group):
            inside = child
        else:
            break  # the parameter itself, or nothing: that is said where the tie is made
    return found


def _narrow(found: Holders, axis: str, indices: Sequence[int], ranks: int) -> None:
    if len(indices) < ranks:
        found[axis] = found.get(axis, frozenset(indices)) & frozenset(indices)


def _refuse(resolved: Resolved, tie: Tie, target: Holders, source: Holders) -> NoReturn:
    problem = tied_apart(tie.target, tie.source, target, source)
    for item in resolved.declaration.ties:
        if isinstance(item, Conditional) and item.name == tie.name and render(item.condition).isidentifier():
            problem += f", or {render(item.condition)}=False"
    tie.complain(problem)
