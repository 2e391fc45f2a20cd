"""A declaration with values for its hyperparameters: every shape a tuple of ints, every condition decided.

Pure: nothing is built, so a manifest can be made of a model that would not fit into memory.
"""

from __future__ import annotations

import copy
import operator
import types
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import attrs
import numpy as np

from .._dtypes import dtype_name
from .._errors import DeclarationError, HyperparameterError, RequirementError
from .._frozen import frozen
from .._location import message, user_location
from ..declaration._declaration import Declaration, expressions_of
from ..declaration._declare import (
    ChildrenSpec,
    ChildSpec,
    Conditional,
    Declared,
    Hyperparameter,
    ParameterSpec,
    Requirement,
    Tie,
)
from ..declaration._evaluate import brief, evaluated, with_values
from ..declaration._symbols import is_symbolic, names_in, render, sections_of

DEFAULT_DTYPE = "float32"


@frozen
class ResolvedParameter:
    """A parameter that will be there: its shape in ints, its dtype by canonical name, its initializer.

    `sections` has name and size of the sections of each axis that has any.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    initializer: Any
    spec: ParameterSpec
    sections: tuple[tuple[int, tuple[tuple[str, int], ...]], ...] = ()


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
    children: Mapping[str, ResolvedChild | tuple[ResolvedChild, ...]]
    absent: tuple[str, ...]
    ties: tuple[Tie, ...]
    declaration: Declaration


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
    values = _bind(declaration, given)
    return resolve_bound(declaration, values, _dtype(declaration, values.get("dtype") if dtype is None else dtype))


def resolve_bound(declaration: Declaration, values: dict[str, Any], dtype: str) -> Resolved:
    """Evaluate everything that depends on hyperparameters whose values were bound before.

    Args:
        declaration: what a class declares.
        values: of its hyperparameters and derived values.
        dtype: canonical name of the cell's default dtype.
    """
    parameters: list[ResolvedParameter] = []
    children: dict[str, ResolvedChild | tuple[ResolvedChild, ...]] = {}
    formulas = {item.name: item.value for item in declaration.derived}
    absent: list[str] = sorted(declaration.removed)
    for member in declaration.members:
        chosen = _choose(member, values)
        if chosen is None:
            absent.append(member.name)
        elif isinstance(chosen, ParameterSpec):
            parameters.append(_parameter(chosen, values, dtype, formulas))
        elif isinstance(chosen, ChildSpec):
            children[member.name] = _child(chosen, values)
        elif isinstance(chosen, ChildrenSpec):
            children[member.name] = _children(chosen, values)
        else:
            member.complain(f"{type(chosen).__name__} cannot be declared here")
    ties = [_choose(item, values) for item in declaration.ties]
    return Resolved(
        values=values,
        dtype=dtype,
        parameters=tuple(parameters),
        children=children,
        absent=tuple(absent),
        ties=tuple(item for item in ties if isinstance(item, Tie)),
        declaration=declaration,
    )


# ------------------------------------------------------------------------------------------------------------- values


def _bind(declaration: Declaration, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give every hyperparameter and derived value, once all of them are known to be valid."""
    items: dict[str, Any] = {item.name: item for item in (*declaration.hyperparameters, *declaration.derived)}
    values: dict[str, Any] = {}
    failure: DeclarationError | None = None
    for name in declaration.evaluation_order:
        item = items[name]
        try:
            if isinstance(item, Hyperparameter):
                values[name] = _value_of(item, given[name], values, declaration.name)
            elif names_in(item.value) <= values.keys():
                values[name] = evaluated(item, item.value, values)
        except DeclarationError as error:
            failure = failure or error
            if isinstance(item, Hyperparameter):
                break
    if failure is None:
        _validate(declaration, values)
    for requirement in declaration.requirements:
        # What a requirement says is clearer than the failed arithmetic that it was to prevent.
        if names_in(requirement.condition) <= values.keys():
            _check(requirement, values, declaration.name)
    if failure is not None:
        raise failure
    # Attributes appear in order of declaration, whatever order their values needed.
    return {name: values[name] for name in items}


def _value_of(item: Hyperparameter, value: Any, values: Mapping[str, Any], class_name: str) -> Any:
    known = types.SimpleNamespace(**values)  # what attrs' factories and converters know as the instance
    if value is item.default:
        if isinstance(value, attrs.Factory):  # type: ignore[arg-type]
            value = value.factory(known) if value.takes_self else value.factory()
        else:
            value = evaluated(item, value, values)
        if isinstance(value, (list, dict, set)):
            value = copy.copy(value)  # instances must not share what one of them may change
    elif is_symbolic(value):
        text = (
            f"`{item.name}` was given the symbol `{render(value)}`: inside a class body a cell is declared, not "
            f"built. Write `child({class_name}, …)`"
        )
        raise DeclarationError(message(class_name, text, user_location()))
    return _convert(item, value, known)


def _convert(item: Hyperparameter, value: Any, known: types.SimpleNamespace) -> Any:
    for convert in _several(item.converter):
        takes_all: bool = isinstance(convert, attrs.Converter)
        try:
            value = convert(value, known, item) if takes_all else convert(value)
        except Exception as error:
            _refuse_value(item, value, error)
    return value


def _validate(declaration: Declaration, values: Mapping[str, Any]) -> None:
    view = types.SimpleNamespace(**values)  # what attrs' validators know as the instance
    for item in declaration.hyperparameters:
        for validator in _several(item.validator):
            try:
                validator(view, item, values[item.name])
            except Exception as error:
                _refuse_value(item, values[item.name], error)


def _refuse_value(item: Hyperparameter, value: Any, error: Exception) -> NoReturn:
    if isinstance(error, DeclarationError):
        raise error
    text = error.args[0] if error.args else type(error).__name__  # attrs' validators give the field and more besides
    problem = f"{item.name}={brief(value)} is refused: {text}"
    raise HyperparameterError(message(f"{item.owner}.{item.name}", problem, item.location)) from error


def _several(given: Any) -> tuple[Any, ...]:
    if given is None:
        return ()
    return tuple(given) if isinstance(given, (list, tuple)) else (given,)


def _check(requirement: Requirement, values: Mapping[str, Any], class_name: str) -> None:
    if not evaluated(requirement, requirement.condition, values):
        used = with_values(requirement.condition, values)
        text = f"{requirement.text}: `{render(requirement.condition)}` does not hold{used}"
        raise RequirementError(message(class_name, text, requirement.location))


def _dtype(declaration: Declaration, dtype: Any) -> str:
    if dtype is None:
        return DEFAULT_DTYPE
    try:
        return dtype_name(dtype)
    except TypeError as error:
        raise DeclarationError(message(declaration.name, f"dtype={dtype!r}: {error}")) from None


# ------------------------------------------------------------------------------------------------------------ members


def _choose(item: Any, values: Mapping[str, Any]) -> Any:
    """Follow conditions until something is declared, or None."""
    while isinstance(item, Conditional):
        item = item.present if evaluated(item, item.condition, values) else item.otherwise
    return item


def _parameter(
    spec: ParameterSpec, values: Mapping[str, Any], default: str, formulas: Mapping[str, Any]
) -> ResolvedParameter:
    dtype = default
    if spec.dtype is not None:
        asked = evaluated(spec, spec.dtype, values)
        try:
            dtype = default if asked is None else dtype_name(asked)
        except TypeError as error:
            spec.complain(f"the dtype `{render(spec.dtype)}`{with_values(spec.dtype, values)}: {error}")
    initializer = evaluated(spec, spec.initializer, values)
    sections = tuple(_sections(spec, values, formulas))
    return ResolvedParameter(spec.name, _shape(spec, values), dtype, initializer, spec, sections)


def _sections(
    spec: ParameterSpec, values: Mapping[str, Any], formulas: Mapping[str, Any]
) -> Iterator[tuple[int, tuple[tuple[str, int], ...]]]:
    """Give the sections of each axis that is `fused(…)`, under the conditions that hold."""
    for axis, dimension in enumerate(spec.shape):
        for conditions, sections in sections_of(dimension, formulas):
            if all(bool(evaluated(spec, condition, values)) == holds for condition, holds in conditions):
                sizes = tuple((name, evaluated(spec, size, values)) for name, size in sections)
                for name, size in sizes:
                    if not (_is_whole(size) and size > 0):
                        used = with_values(dict(sections)[name], values)
                        spec.complain(
                            f"the section `{name}` of dimension {axis} is {size!r}{used}: a size is a whole number, "
                            "at least 1"
                        )
                yield axis, tuple((name, int(size)) for name, size in sizes)


def _shape(spec: ParameterSpec, values: Mapping[str, Any]) -> tuple[int, ...]:
    shape = evaluated(spec, spec.shape, values)
    for position, size in enumerate(shape):
        if not (_is_whole(size) and size > 0):
            _refuse_size(spec, position, size, values)
    return tuple(map(int, shape))


def _is_whole(value: Any) -> bool:
    """Tell whether `value` counts something: numpy's integers do, truth values and floats do not."""
    if isinstance(value, (bool, np.bool_)):
        return False
    try:
        operator.index(value)
    except (TypeError, DeclarationError):
        return False
    return True


def _refuse_size(spec: ParameterSpec, position: int, size: Any, values: Mapping[str, Any]) -> NoReturn:
    part = spec.shape[position]
    found = f"dimension {position} of the shape `{render(spec.shape)}` is {size!r}{with_values(part, values)}"
    if isinstance(size, float):
        spec.complain(f"{found}: a size is a whole number. Write `//` instead of `/`")
    if _is_whole(size):
        spec.complain(f"{found}: a size is at least 1. Write `when(…)` for a parameter that may be absent")
    spec.complain(f"{found}, a {type(size).__name__}: a size is a whole number")


def _child(spec: ChildSpec, values: Mapping[str, Any]) -> ResolvedChild:
    if "SELF" in names_in((spec.factory, spec.args, spec.kwargs)):
        own = {name: value for name, value in values.items() if name != "INDEX"}
        values = {**values, "SELF": types.SimpleNamespace(**own)}
    factory = evaluated(spec, spec.factory, values)
    args = evaluated(spec, spec.args, values)
    kwargs = evaluated(spec, spec.kwargs, values)
    return ResolvedChild(factory, args, kwargs, spec)


def _children(spec: ChildrenSpec, values: Mapping[str, Any]) -> tuple[ResolvedChild, ...]:
    count = evaluated(spec, spec.count, values)
    if not (_is_whole(count) and count >= 0):
        spec.complain(
            f"the count `{render(spec.count)}` is {count!r}{with_values(spec.count, values)}: "
            "it is a whole number, 0 or more"
        )
    built: list[ResolvedChild] = []
    same: ResolvedChild | None = None
    depends_on_position = isinstance(spec.each, Conditional) or any(
        "INDEX" in names_in(value) for value, _ in expressions_of(spec.each)
    )
    for position in range(int(count)):
        if depends_on_position or same is None:
            chosen = _choose(spec.each, bound := {**values, "INDEX": position})
            if not isinstance(chosen, ChildSpec):
                spec.complain(f"nothing is declared for position {position}: write `otherwise=child(…)`")
            same = _child(chosen, bound)
        built.append(same)
    return tuple(built)
