"""A declaration with values for its hyperparameters: every shape a tuple of ints, every condition decided.

Pure: nothing is built, so a manifest can be made of a model that would not fit into memory.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Mapping
from typing import Any, NoReturn

import attrs

from ._declaration import Declaration, expressions_of
from ._declare import (
    NOTHING,
    ChildrenSpec,
    ChildSpec,
    Conditional,
    Declared,
    Hyperparameter,
    ParameterSpec,
    Requirement,
    Tie,
)
from ._dtypes import dtype_name
from ._errors import DeclarationError, RequirementError
from ._location import message
from ._symbols import evaluate, is_symbolic, names_in, render

DEFAULT_DTYPE = "float32"


@attrs.frozen
class ResolvedParameter:
    """A parameter that will be there: its shape in ints, its dtype by canonical name, its initializer."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    initializer: Any
    spec: ParameterSpec


@attrs.frozen
class ResolvedChild:
    """A cell that will be there: what to call with which arguments."""

    factory: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    spec: Declared


@attrs.frozen
class Resolved:
    """A class with its hyperparameters bound."""

    declaration: Declaration
    values: dict[str, Any]
    dtype: str
    parameters: tuple[ResolvedParameter, ...]
    children: Mapping[str, ResolvedChild | tuple[ResolvedChild, ...]]
    absent: tuple[str, ...]
    ties: tuple[Tie, ...]


def resolve(declaration: Declaration, given: Mapping[str, Any], dtype: Any = None) -> Resolved:
    """Bind hyperparameters and evaluate everything that depends on them.

    Args:
        declaration: what a class declares.
        given: a value for each hyperparameter; a default that is an expression or a factory stands for itself.
        dtype: dtype of the parameters that name none; default float32, or the hyperparameter `dtype` if there is one.

    Raises:
        RequirementError: a `require` does not hold.
        DeclarationError: a value, a shape or a count cannot be what it has to be.
    """
    values = _bind(declaration, given)
    for requirement in declaration.requirements:
        _check(requirement, values, declaration.name)
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
    absent: list[str] = sorted(declaration.removed)
    for member in declaration.members:
        chosen = _choose(member, values)
        if chosen is None:
            absent.append(member.name)
        elif isinstance(chosen, ParameterSpec):
            parameters.append(_parameter(chosen, values, dtype))
        elif isinstance(chosen, ChildSpec):
            children[member.name] = _child(chosen, values)
        elif isinstance(chosen, ChildrenSpec):
            children[member.name] = _children(chosen, values)
        else:
            member.complain(f"{type(chosen).__name__} cannot be declared here")
    ties = [_choose(item, values) for item in declaration.ties]
    return Resolved(
        declaration=declaration,
        values=values,
        dtype=dtype,
        parameters=tuple(parameters),
        children=children,
        absent=tuple(absent),
        ties=tuple(item for item in ties if isinstance(item, Tie)),
    )


# ------------------------------------------------------------------------------------------------------------- values


def _bind(declaration: Declaration, given: Mapping[str, Any]) -> dict[str, Any]:
    items: dict[str, Any] = {item.name: item for item in (*declaration.hyperparameters, *declaration.derived)}
    values: dict[str, Any] = {}
    for name in declaration.evaluation_order:
        item = items[name]
        if not isinstance(item, Hyperparameter):
            values[name] = _evaluate(item, item.value, values)
            continue
        value = given[name]
        if value is item.default:
            value = value.factory() if isinstance(value, attrs.Factory) else _evaluate(item, value, values)  # type: ignore[arg-type]
        elif is_symbolic(value):
            raise DeclarationError(
                message(
                    declaration.name,
                    f"`{name}` was given the symbol `{render(value)}`: inside a class body a cell is declared, not "
                    f"built. Write `child({declaration.name}, …)`",
                )
            )
        values[name] = _convert(item, value)
    view = types.SimpleNamespace(**values)  # what attrs' validators know as the instance
    for item in declaration.hyperparameters:
        validators = item.validator if isinstance(item.validator, (list, tuple)) else [item.validator]
        for validator in validators:
            if validator is not None:
                validator(view, item, values[item.name])
    # Attributes appear in order of declaration, whatever order their values needed.
    return {name: values[name] for name in items}


def _convert(item: Hyperparameter, value: Any) -> Any:
    converter = item.converter
    if converter is None:
        return value
    for each in converter if isinstance(converter, (list, tuple)) else [converter]:
        value = each(value, None, item) if isinstance(each, attrs.Converter) else each(value)
    return value


def _check(requirement: Requirement, values: Mapping[str, Any], class_name: str) -> None:
    if not _evaluate(requirement, requirement.condition, values):
        text = (
            f"{requirement.text}: `{render(requirement.condition)}` does not hold"
            f"{_with(requirement.condition, values)}"
        )
        raise RequirementError(message(class_name, text, requirement.location))


def _evaluate(item: Declared, value: Any, values: Mapping[str, Any]) -> Any:
    if not is_symbolic(value):
        return value
    try:
        return evaluate(value, values)
    except DeclarationError:
        raise
    except Exception as error:  # whatever the user's arithmetic raises, it is about this expression
        item.complain(
            f"`{render(value)}` cannot be computed{_with(value, values)}: {type(error).__name__}: {error}"
        )


def _with(value: Any, values: Mapping[str, Any]) -> str:
    """Give ` with hidden=64, n_heads=5`: the hyperparameters that an expression used."""
    used = [name for name in values if name in names_in(value)]
    return f" with {', '.join(f'{name}={values[name]!r}' for name in used)}" if used else ""


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
        item = item.present if _evaluate(item, item.condition, values) else item.otherwise
    return item


def _parameter(spec: ParameterSpec, values: Mapping[str, Any], default: str) -> ResolvedParameter:
    dtype = default
    if spec.dtype is not None:
        asked = _evaluate(spec, spec.dtype, values)
        try:
            dtype = default if asked is None else dtype_name(asked)
        except TypeError as error:
            spec.complain(f"the dtype `{render(spec.dtype)}` is none{_with(spec.dtype, values)}: {error}")
    return ResolvedParameter(spec.name, _shape(spec, values), dtype, _evaluate(spec, spec.initializer, values), spec)


def _shape(spec: ParameterSpec, values: Mapping[str, Any]) -> tuple[int, ...]:
    shape = _evaluate(spec, spec.shape, values)
    for position, size in enumerate(shape):
        if type(size) is int and size > 0:
            continue
        if hasattr(size, "__index__") and not isinstance(size, bool) and int(size) > 0:  # numpy's integers
            continue
        _refuse_size(spec, position, size, values)
    return tuple(map(int, shape))


def _refuse_size(spec: ParameterSpec, position: int, size: Any, values: Mapping[str, Any]) -> NoReturn:
    part = spec.shape[position]
    found = f"dimension {position} of the shape `{render(spec.shape)}` is {size!r}{_with(part, values)}"
    if isinstance(size, float):
        spec.complain(f"{found}: a size is a whole number. Write `//` instead of `/`, or convert with `int`")
    if isinstance(size, int) and not isinstance(size, bool):
        spec.complain(f"{found}: a size is at least 1. Write `when(…)` for a parameter that may be absent")
    spec.complain(f"{found}, a {type(size).__name__}: a size is a whole number")


def _child(spec: ChildSpec, values: Mapping[str, Any]) -> ResolvedChild:
    if "SELF" in names_in((spec.args, spec.kwargs)):
        own = {name: value for name, value in values.items() if name != "INDEX"}
        values = {**values, "SELF": types.SimpleNamespace(**own)}
    factory = _evaluate(spec, spec.factory, values)
    args = _evaluate(spec, spec.args, values)
    kwargs = _evaluate(spec, spec.kwargs, values)
    return ResolvedChild(factory, args, kwargs, spec)


def _children(spec: ChildrenSpec, values: Mapping[str, Any]) -> tuple[ResolvedChild, ...]:
    count = _evaluate(spec, spec.count, values)
    if not hasattr(count, "__index__") or isinstance(count, bool) or int(count) < 0:
        spec.complain(
            f"the count `{render(spec.count)}` is {count!r}{_with(spec.count, values)}: "
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


@functools.lru_cache(maxsize=1024)
def _signature(factory: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(factory)
    except (TypeError, ValueError):
        return None


def with_dtype(child: ResolvedChild, dtype: Any) -> dict[str, Any]:
    """Give a child's keyword arguments, with the parent's dtype where it takes one and was given none of its own."""
    signature = _signature(child.factory)
    if signature is None or "dtype" not in signature.parameters or "dtype" in child.kwargs:
        return child.kwargs
    try:
        given = signature.bind_partial(*child.args, **child.kwargs).arguments
    except TypeError:
        return child.kwargs  # the call itself will say what is wrong
    return child.kwargs if "dtype" in given else {**child.kwargs, "dtype": dtype}
