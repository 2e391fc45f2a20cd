"""From what is given for the hyperparameters of a class to the values of all of its names, checked by what it says."""

from __future__ import annotations

import copy
import types
from collections.abc import Mapping
from typing import Any, NoReturn

import attrs

from .._dtypes import dtype_name
from .._errors import DeclarationError, HyperparameterError, RequirementError
from .._harmless import told
from .._location import calling_location, message, user_location
from ..declaration import (
    Declaration,
    Declared,
    Divided,
    Divides,
    Hyperparameter,
    Requirement,
    brief,
    evaluated,
    is_symbolic,
    names_in,
    render,
    with_values,
)

DEFAULT_DTYPE = "float32"


def bind_values(declaration: Declaration, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give every hyperparameter and derived value, once all of them are known to be valid.

    Args:
        declaration: what a class declares.
        given: a value for each hyperparameter; a default that is an expression or a factory stands for itself.

    Raises:
        RequirementError: a `require` does not hold.
        HyperparameterError: a converter or a validator refuses a value.
        DeclarationError: a value cannot be computed.
    """
    items: dict[str, Any] = {item.name: item for item in (*declaration.hyperparameters, *declaration.derived)}
    values: dict[str, Any] = {}
    divisions = declaration.divisions
    failure: DeclarationError | None = None
    for name in declaration.evaluation_order:  # whatever a value needs is there, unless that has failed
        item = items[name]
        try:
            if isinstance(item, Hyperparameter):
                values[name] = _value_of(item, given[name], values, declaration.name)
            elif failure is None or names_in(item.value) <= values.keys():
                values[name] = evaluated(item, item.value, values)
            if divisions and name in divisions and name in values:
                values[name] = _divided(item, divisions[name], values[name])
        except DeclarationError as error:
            failure = failure or error
            if isinstance(item, Hyperparameter):
                break
    if failure is None:
        _validate(declaration, values)
    for requirement in declaration.requirements:
        # What a requirement says is clearer than the failed arithmetic that it was to prevent.
        if failure is None or names_in(requirement.condition) <= values.keys():
            _check_requirement(requirement, values, declaration.name)
    if failure is not None:
        raise failure
    # Attributes appear in order of declaration, whatever order their values needed.
    return {name: values[name] for name in items}


def default_dtype(declaration: Declaration, values: Mapping[str, Any], dtype: Any) -> str:
    """Give the canonical name of the dtype of the parameters that name none.

    Args:
        declaration: what a class declares.
        values: of its hyperparameters.
        dtype: what was asked for; None: the hyperparameter `dtype` if there is one, else float32.

    Raises:
        DeclarationError: it is no dtype.
    """
    dtype = values.get("dtype") if dtype is None else dtype
    if dtype is None:
        return DEFAULT_DTYPE
    try:
        return dtype_name(dtype)
    except TypeError as error:
        raise DeclarationError(message(declaration.name, f"dtype={dtype!r}: {error}")) from None


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
    return convert(item, value, known)


def convert(item: Hyperparameter, value: Any, known: types.SimpleNamespace) -> Any:
    """Give what the converters of a hyperparameter make of a value.

    Args:
        item: the hyperparameter.
        value: what is given for it.
        known: the values before it, as attributes: what attrs' converters know as the instance.

    Raises:
        HyperparameterError: one of them refuses it.
    """
    given = value
    for each in _several(item.converter):
        takes_all: bool = isinstance(each, attrs.Converter)
        try:
            value = each(value, known, item) if takes_all else each(value)
        except Exception as error:
            _refuse_value(item, value, error)
    return given if type(given) is Divided and value == given else value  # `int` says nothing of ranks


def _divided(item: Declared, division: Divides, value: Any) -> Any:
    if is_symbolic(value):  # on paper, where nothing has a value
        return value
    try:
        return division.of(value)
    except TypeError as error:
        item.complain(str(error))


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
    # attrs' validators give the field and more besides.
    text = error.args[0] if error.args and isinstance(error.args[0], str) else told(error)
    problem = f"{item.name}={brief(value)} is refused: {text}"
    # No line: the one that gave the value is in the traceback, and that of the declaration is nobody's mistake.
    raise HyperparameterError(message(f"{item.owner}.{item.name}", problem)) from error


def _several(given: Any) -> tuple[Any, ...]:
    if given is None:
        return ()
    return tuple(given) if isinstance(given, (list, tuple)) else (given,)


def _check_requirement(requirement: Requirement, values: Mapping[str, Any], class_name: str) -> None:
    if not evaluated(requirement, requirement.condition, values):
        used = with_values(requirement.condition, values)
        text = f"{requirement.text}: `{render(requirement.condition)}` does not hold{used}"
        raise RequirementError(message(class_name, text, calling_location() or requirement.location))
