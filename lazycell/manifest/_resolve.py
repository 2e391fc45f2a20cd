"""A declaration with values for its hyperparameters: every shape a tuple of ints, every condition decided.

Three steps, each over the whole of a class, each handed what the one before made: `_bind` gives values to the names,
here conditions are decided and expressions computed with them, `_check_values` judges what came of it.

Pure: nothing is built, so a manifest can be made of a model that would not fit into memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from .._frozen import frozen
from ..declaration import (
    CellsSpec,
    ChildrenSpec,
    ChildSpec,
    Conditional,
    Declaration,
    Declared,
    Divided,
    Group,
    ParameterSpec,
    Tie,
    decided,
    decided_where,
    evaluated,
    evaluated_parts,
    expressions_of,
    is_position,
    leaves_of,
    names_in,
    namespace_of,
    position_name,
    sections_of,
)
from ..mesh import On, Share
from ._bind import bind_values, default_dtype
from ._check_values import checked_count, checked_dtype, checked_sections, checked_shape
from ._divided_shape import divided_count, divided_shape


@frozen
class ResolvedParameter:
    """A parameter that will be there: its shape in ints, its dtype by canonical name, its initializer.

    `sections` has name and size of the sections of each axis that has any; `shares` how ranks divide each dimension,
    where they divide any.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    initializer: Any
    spec: ParameterSpec
    sections: tuple[tuple[int, tuple[tuple[str, int], ...]], ...] = ()
    shares: tuple[tuple[Share, ...], ...] | None = None
    sources: tuple[Divided, ...] = ()
    """the numbers that are divided, for messages"""
    source: Divided | None = None
    """of a divided dimension, for messages"""


@frozen
class ResolvedChild:
    """A cell that will be there: what to call with which arguments."""

    factory: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    spec: Declared


@frozen
class Resolved:
    """A class with its hyperparameters bound."""

    values: dict[str, Any]
    dtype: str
    parameters: tuple[ResolvedParameter, ...]
    children: Mapping[str, ResolvedChild | Group[ResolvedChild]]
    rows: Mapping[str, Group[ResolvedParameter]]
    """Rows of parameters by their names; each parameter is among `parameters` as well."""
    absent: tuple[str, ...]
    ties: tuple[Tie, ...]
    declaration: Declaration
    where: Mapping[str, On]
    """Of the members that are not on all ranks, on which they are."""


def resolve(declaration: Declaration, given: Mapping[str, Any], dtype: Any = None) -> Resolved:
    """Bind hyperparameters and evaluate everything that depends on them.

    Args:
        declaration: what a class declares.
        given: a value for each hyperparameter; a default that is an expression or a factory stands for itself.
        dtype: dtype of the parameters that name none; default float32, or the hyperparameter `dtype` if there is one.

    Raises:
        RequirementError: a `require` does not hold.
        HyperparameterError: a converter or a validator refuses a value.
        DeclarationError: a value, a shape or a count cannot be what it has to be.
    """
    values = bind_values(declaration, given)
    return resolve_bound(declaration, values, default_dtype(declaration, values, dtype))


def resolve_bound(declaration: Declaration, values: dict[str, Any], dtype: str) -> Resolved:
    """Evaluate everything that depends on hyperparameters whose values were bound before.

    Args:
        declaration: what a class declares.
        values: of its hyperparameters and derived values.
        dtype: canonical name of the cell's default dtype.
    """
    parameters: list[ResolvedParameter] = []
    children: dict[str, ResolvedChild | Group[ResolvedChild]] = {}
    rows: dict[str, Group[ResolvedParameter]] = {}
    formulas = {item.name: item.value for item in declaration.derived}
    absent: list[str] = sorted(declaration.removed)
    where: dict[str, On] = {}
    for member in declaration.members:
        chosen, ranks = decided_where(member, values)
        if ranks is not None:
            where[member.name] = ranks
        if chosen is None:
            absent.append(member.name)
        elif isinstance(chosen, ParameterSpec):
            parameters.append(_parameter(chosen, values, dtype, formulas))
        elif isinstance(chosen, ChildSpec):
            children[member.name] = _child(chosen, values)
        elif isinstance(chosen, ChildrenSpec) and chosen.repeats_parameters:
            row = _group(chosen, values, lambda spec, bound: _parameter(spec, bound, dtype, formulas))
            rows[member.name] = row = _named(row, member.name)
            parameters += [parameter for _, parameter in leaves_of(row)]
        elif isinstance(chosen, (ChildrenSpec, CellsSpec)):
            children[member.name] = _group(chosen, values, _child)
        else:
            member.complain(f"{type(chosen).__name__} cannot be declared here")
    ties = [decided(item, values) for item in declaration.ties]
    return Resolved(
        values=values,
        dtype=dtype,
        parameters=tuple(parameters),
        children=children,
        rows=rows,
        absent=tuple(absent),
        ties=tuple(item for item in ties if isinstance(item, Tie)),
        declaration=declaration,
        where=where,
    )


def _parameter(
    spec: ParameterSpec, values: Mapping[str, Any], default: str, formulas: Mapping[str, Any]
) -> ResolvedParameter:
    asked, initializer, shape = evaluated_parts(spec, (spec.dtype, spec.initializer, spec.shape), values)
    dtype = checked_dtype(spec, asked, default, values)
    sections = tuple(_sections(spec, values, formulas))  # first: what is wrong with a part says more than the sum
    sizes = checked_shape(spec, shape, values)
    if spec.shard is None and Divided not in map(type, shape):
        return ResolvedParameter(spec.name, sizes, dtype, initializer, spec, sections)
    shares, sources = divided_shape(spec, shape, values)
    return ResolvedParameter(spec.name, sizes, dtype, initializer, spec, sections, shares, sources)


def _sections(
    spec: ParameterSpec, values: Mapping[str, Any], formulas: Mapping[str, Any]
) -> Iterator[tuple[int, tuple[tuple[str, int], ...]]]:
    """Give the sections of each axis that is `fused(…)`, under the conditions that hold."""
    for axis, dimension in enumerate(spec.shape):
        for conditions, sections in sections_of(dimension, formulas):
            if all(bool(evaluated(spec, condition, values)) == holds for condition, holds in conditions):
                sizes = evaluated_parts(spec, [written for _, written in sections], values)
                named = ((name, written, size) for (name, written), size in zip(sections, sizes, strict=True))
                yield axis, checked_sections(spec, axis, named, values)


def _child(spec: ChildSpec, values: Mapping[str, Any]) -> ResolvedChild:
    if "SELF" not in values and "SELF" in names_in((spec.factory, spec.args, spec.kwargs)):
        values = _with_self(values)
    factory, args, kwargs = evaluated_parts(spec, (spec.factory, spec.args, spec.kwargs), values)
    return ResolvedChild(factory, args, kwargs, spec)


def _with_self(values: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in values.items() if not is_position(name)}
    return {**values, "SELF": namespace_of(own)}


def _named(row: Group[ResolvedParameter], name: str) -> Group[ResolvedParameter]:
    """Give a row of parameters with the name of each: `scales.0`."""
    parts: list[tuple[str, ResolvedParameter | Group[ResolvedParameter]]] = []
    for place, part in row.parts:
        full_name = f"{name}.{place}"
        named = _named(part, full_name) if isinstance(part, Group) else attrs.evolve(part, name=full_name)
        parts.append((place, named))
    return Group(row.kind, tuple(parts), row.count)


_Leaf = Callable[[Any, Mapping[str, Any]], Any]


def _group(spec: ChildrenSpec | CellsSpec, values: Mapping[str, Any], leaf: _Leaf) -> Group[Any]:
    """Give what is in a container: of each declaration in it what `leaf` makes of it, with these values."""
    if not isinstance(spec, ChildrenSpec):
        return Group(spec.kind, tuple(_unlike(spec, values, leaf)))
    count = evaluated(spec, spec.count, values)
    parts = _repeated(spec, checked_count(spec, count, values), values, leaf)
    return Group(spec.kind, tuple(parts), divided_count(spec, count))


def _unlike(spec: CellsSpec, values: Mapping[str, Any], leaf: _Leaf) -> Iterator[tuple[str, Any]]:
    number = 0
    for name, part in spec.parts:
        chosen = decided(part, values)
        if chosen is not None:
            yield name or str(number), _made(chosen, values, leaf)
            number += 1


def _repeated(spec: ChildrenSpec, count: int, values: Mapping[str, Any], leaf: _Leaf) -> Iterator[tuple[str, Any]]:
    position = position_name(sum(map(is_position, values)))
    same: Any = None
    named = {name for value, _ in expressions_of(spec.each) for name in names_in(value)}
    depends_on_position = isinstance(spec.each, Conditional) or position in named
    if "SELF" in named and "SELF" not in values:
        values = _with_self(values)  # one for all of the list
    for number in range(count):
        if depends_on_position or same is None:
            chosen = decided(spec.each, bound := {**values, position: number})
            if chosen is None:
                spec.complain(f"nothing is declared for position {number}: write `otherwise=child(…)`")
            same = _made(chosen, bound, leaf)
        yield str(number), same


def _made(chosen: Any, values: Mapping[str, Any], leaf: _Leaf) -> Any:
    return _group(chosen, values, leaf) if isinstance(chosen, (ChildrenSpec, CellsSpec)) else leaf(chosen, values)
