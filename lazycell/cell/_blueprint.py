"""What all instances of a class with the same hyperparameters have in common: worked out once, used for each.

A model has thousands of cells and few kinds of them; resolving a declaration costs more than making the cell.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
from mindspore.common.initializer import Initializer

from .._frozen import frozen
from ..declaration import (
    Declaration,
    Divided,
    Group,
    Ratio,
    all_here,
    below,
    declaration_of_child,
    is_divided,
    is_symbolic,
    regrouped,
)
from ..manifest import Resolved, ResolvedChild, ResolvedParameter, complete, is_given_dtype, resolve
from ..mesh import Mesh, dividing_mesh
from ..parameters import FrameworkType, framework_dtype
from . import _ranks
from ._initializers import check_initializer, make_initializer, registrations

# Of these, equal values of one type are interchangeable, and nothing can change them.
_PLAIN = frozenset({int, float, str, bool, type(None), types.FunctionType, types.BuiltinFunctionType, Divided, Ratio})

# Entries; a program that builds classes without end does not keep them all.
_MOST = 1024


@frozen(eq=False)
class ParameterBlueprint:
    """How to declare one parameter, or computed buffer."""

    name: str
    initializer: Initializer
    shape: tuple[int, ...]
    dtype: Any
    """MindSpore's"""
    trainable: bool
    persistent: bool
    marks: Mapping[str, Any] | None = None
    """on a mesh: what it knows of the other ranks"""


@frozen(eq=False)
class Call:
    """How to make one child."""

    child: ResolvedChild
    kwargs: Mapping[str, Any]
    """with a dtype, where the factory takes one and was given none"""
    handed_down: Any
    """MindSpore's dtype for the parameters of plain cells that take none; None: they have it already"""


@frozen(eq=False)
class Blueprint:
    """How to build a cell."""

    resolved: Resolved
    plain: frozenset[str]
    """hyperparameters and derived values that are nothing but values: no cell, no tensor, nothing of the user's"""
    parameters: tuple[ParameterBlueprint, ...]
    children: Mapping[str, Call | Group[Call]]
    attributes: Mapping[str, Any]
    """hyperparameters and derived values as the instance has them: plain numbers, of what is divided its part"""
    absent: tuple[str, ...]
    """what is declared and not there: under no condition that holds, or on other ranks"""
    mesh: Mesh | None
    """of several ranks"""
    elsewhere: tuple[str, ...]
    """paths of what other ranks have, and this one has not"""
    computed: frozenset[str]
    """hyperparameters that were left to a default which is made, or computed from others"""


_blueprints: dict[tuple[Any, ...], Blueprint] = {}


def blueprint_of(declaration: Declaration, given: Mapping[str, Any], dtype: Any) -> Blueprint:
    """Resolve a declaration, or find what came of it the last time.

    Args:
        declaration: what a class declares.
        given: a value for each hyperparameter.
        dtype: default dtype of the parameters, or None.

    Raises:
        DeclarationError: as `resolve` and `complete`.
    """
    mesh = dividing_mesh()
    key = _key_of_call(declaration, given, dtype, mesh)
    found = None if key is None else _blueprints.get(key)
    if found is None:
        resolved = resolve(declaration, given, dtype)
        parameters, children, absent = resolved.parameters, resolved.children, resolved.absent
        elsewhere: tuple[str, ...] = ()
        if mesh is not None:
            parameters, children, absent = _ranks.on_this_rank(resolved, mesh)
            elsewhere = _ranks.elsewhere(resolved, parameters, children)
        found = Blueprint(
            resolved,
            frozenset(name for name, value in resolved.values.items() if is_plain(value)),
            tuple(_parameter(each, mesh) for each in parameters),
            {name: _calls(child, resolved.dtype, mesh) for name, child in children.items()},
            all_here(resolved.values, mesh),
            absent,
            mesh,
            elsewhere,
            _computed(declaration, given),
        )
        if key is not None and _can_be_shared(resolved, given):
            if len(_blueprints) >= _MOST:
                _blueprints.clear()
            _blueprints[key] = found
    return found


def call_of(child: ResolvedChild, dtype: str, mesh: Mesh | None = None) -> Call:
    """Say how to make a child.

    Args:
        child: what to call.
        dtype: canonical name of the dtype that it gets if it takes one and was given none.
        mesh: the mesh that it is built for.

    Raises:
        DeclarationError: the arguments do not fit.
    """
    declared = declaration_of_child(child.factory) is not None
    if not declared and (any(map(is_divided, child.args)) or any(map(is_divided, child.kwargs.values()))):
        child = _ranks.for_plain_cell(child, mesh)
    asked = framework_dtype(dtype)
    kwargs = complete(child, dtype if declared else asked)  # first: it says what is wrong with the arguments
    handed_down = None if declared or is_given_dtype(child) else asked
    return Call(child, kwargs, handed_down)


def key_of(declaration: Declaration, values: Iterable[Any], dtype: str | None) -> tuple[Any, ...] | None:
    """Give what equals another key if a declaration with these values resolves to the same; None if that is not sure.

    The key holds no reference to the declaration: what is kept under it has to.
    """
    key: list[Any] = [id(declaration), dtype]
    for value in values:
        if not _extend(key, value):
            return None
    return tuple(key)


def _extend(key: list[Any], value: Any) -> bool:
    if type(value) is tuple:
        key += (tuple, len(value))
        return all(_extend(key, part) for part in value)
    if not is_plain(value):
        return _is_law(value) and _extend_by_law(key, value)
    kind = type(value)
    if kind is float:
        value = value.hex()  # 0.0 == -0.0
    elif kind is Divided:
        key += value.facts
    elif kind is Ratio:
        _extend(key, (value.numerator_, value.denominator_))
    key += (kind, value)  # 1 == True == 1.0
    return True


def _is_law(value: Any) -> bool:
    """Tell whether a value is an initializer of MindSpore's own: a few numbers, which anybody may change."""
    return isinstance(value, Initializer) and type(value).__module__ == Initializer.__module__


def _extend_by_law(key: list[Any], law: Initializer) -> bool:
    key += (type(law), id(law))  # this very one: it is what parameters are given
    return all(_extend(key, value) for name, value in law.__dict__.items() if name[0] != "_")


def is_plain(value: Any) -> bool:
    """Tell whether equal values can stand for this one."""
    if type(value) is tuple:
        return all(map(is_plain, value))
    if isinstance(value, type):
        return type(value).__eq__ is object.__eq__  # else its metaclass says which classes are equal
    return type(value) in _PLAIN or isinstance(value, FrameworkType)


class _Default:
    """Stands for the default of a hyperparameter, which may be an expression."""


def _key_of_call(
    declaration: Declaration, given: Mapping[str, Any], dtype: Any, mesh: Mesh | None
) -> tuple[Any, ...] | None:
    if not (dtype is None or isinstance(dtype, str)):
        return None
    values: list[Any] = [registrations()]
    for item in declaration.hyperparameters:
        if item.converter is not None or item.validator is not None:  # the user's, who may count their calls
            return None
        value = given[item.name]
        is_formula = value is item.default and not isinstance(value, attrs.Factory)  # type: ignore[arg-type]
        values.append(_Default if is_formula and not _is_law(value) else value)
    key = key_of(declaration, values, dtype)
    return key if key is None or mesh is None else (*key, mesh)


def _computed(declaration: Declaration, given: Mapping[str, Any]) -> frozenset[str]:
    left = (item for item in declaration.hyperparameters if given[item.name] is item.default)
    made = (item for item in left if isinstance(item.default, attrs.Factory) or is_symbolic(item.default))  # type: ignore[arg-type]
    return frozenset(item.name for item in made)


def _can_be_shared(resolved: Resolved, given: Mapping[str, Any]) -> bool:
    laws = {id(value) for value in given.values() if _is_law(value)}  # others are made for each instance
    distinct = {id(call): call for _, call in below(resolved.children, lambda call: call)}.values()
    arguments = [argument for call in distinct for argument in (*call.args, *call.kwargs.values())]
    return all(id(value) in laws or is_plain(value) for value in (*resolved.values.values(), *arguments))


def _parameter(parameter: ResolvedParameter, mesh: Mesh | None) -> ParameterBlueprint:
    spec = parameter.spec
    shape, marks = parameter.shape, None
    if mesh is not None:
        shape, marks = _ranks.part_of(parameter, mesh)
    if parameter.initializer is not spec.initializer:  # it came out of a hyperparameter: only now is it known
        check_initializer(attrs.evolve(spec, initializer=parameter.initializer))
    return ParameterBlueprint(
        parameter.name,
        make_initializer(parameter.initializer),
        shape,
        framework_dtype(parameter.dtype),
        spec.trainable,
        spec.persistent,
        marks,
    )


def _calls(child: ResolvedChild | Group[ResolvedChild], dtype: str, mesh: Mesh | None) -> Call | Group[Call]:
    if isinstance(child, Group):
        return regrouped(child, lambda each: call_of(each, dtype, mesh))
    return call_of(child, dtype, mesh)
