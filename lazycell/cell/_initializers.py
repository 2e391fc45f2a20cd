"""From what a declaration calls an initializer to MindSpore's `Initializer` objects."""

from __future__ import annotations

import inspect
import numbers
from collections.abc import Callable
from typing import Any, TypeVar

from mindspore.common.initializer import Constant, Initializer

from .._errors import DeclarationError
from .._location import did_you_mean
from ..declaration import ParameterSpec
from ..parameters import ComputedTable, initializer_classes

_F = TypeVar("_F", bound=Callable[..., Any])
_REGISTERED: dict[str, Callable[..., Any]] = {}
_registrations = 0
# What torch and jax call them, for those who come from there.
_SYNONYMS = {
    "he_uniform": "heuniform",
    "he_normal": "henormal",
    "xavier_normal": "xaviernormal",
    "truncated_normal": "truncatednormal",
    "variance_scaling": "variancescaling",
}


def register_initializer(name: str) -> Callable[[_F], _F]:
    """Give an initializer a name that declarations may use.

    Args:
        name: a new name; case does not matter.

    Returns:
        A decorator for a function `(shape, dtype) -> array`, or for a subclass of MindSpore's `Initializer` that can be
        built without arguments.

    Raises:
        DeclarationError: the name is taken by another initializer.
    """

    def register(initializer: _F) -> _F:
        key = name.lower()
        if key in _known() and _place(_REGISTERED.get(key)) != _place(initializer):
            raise DeclarationError(f"an initializer named {name!r} is registered already: choose another name")
        global _registrations
        _REGISTERED[key] = initializer
        _registrations += 1
        return initializer

    return register


def registrations() -> int:
    """Give how often a name was given to an initializer: a name may mean another one since."""
    return _registrations


def _place(initializer: Any) -> tuple[Any, Any]:
    """Give where something is defined: a notebook's cell that is run again defines the same thing anew."""
    return getattr(initializer, "__module__", None), getattr(initializer, "__qualname__", None)


def _known() -> dict[str, Callable[..., Any]]:
    classes = initializer_classes()
    synonyms = {name: classes[target] for name, target in _SYNONYMS.items() if target in classes}
    return {**synonyms, **classes, **_REGISTERED}


def check_initializer(spec: ParameterSpec) -> None:
    """Refuse, when a class is defined, a name that no initializer goes by, or one that is not enough by itself."""
    if not isinstance(spec.initializer, str):
        return
    problem = _problem(spec.initializer)
    if problem is not None:
        spec.complain(problem)


def _problem(name: str) -> str | None:
    """Say why a name alone is no initializer, if it is none."""
    known = _known()
    initializer = known.get(name.lower())
    if initializer is None:
        return (
            f"no initializer is registered as {name!r}{did_you_mean(name.lower(), known)}\n"
            f"Known are {', '.join(sorted(known))}; @register_initializer({name!r}) adds one"
        )
    if isinstance(initializer, type):
        needed = [
            parameter.name
            for parameter in inspect.signature(initializer).parameters.values()
            if parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        ]
        if needed:
            made = initializer.__name__
            return (
                f"the initializer {name!r} needs {', '.join(needed)}: write `{made}({needed[0]}=…)`, with "
                f"`from {initializer.__module__} import {made}`"
            )
    return None


def make_initializer(initializer: Any) -> Initializer:
    """Give the `Initializer` object for a name, a number, an `Initializer`, or a function `(shape, dtype) -> array`."""
    if isinstance(initializer, str):
        initializer = _known()[initializer.lower()]
        if isinstance(initializer, type):
            return initializer()
    if isinstance(initializer, Initializer):
        return initializer
    if isinstance(initializer, numbers.Number):
        return Constant(initializer)
    return ComputedTable(initializer)


def find_initializer(initializer: Any) -> Initializer:
    """As `make_initializer`, for what no declaration has checked.

    Raises:
        DeclarationError: no initializer goes by that name, or it needs arguments.
        TypeError: it cannot be one.
    """
    if isinstance(initializer, str):
        problem = _problem(initializer)
        if problem is not None:
            raise DeclarationError(problem)
    elif not (isinstance(initializer, (Initializer, numbers.Number)) or callable(initializer)):
        raise TypeError(
            f"an initializer is a name, a number, an Initializer or a function, not a {type(initializer).__name__}"
        )
    return make_initializer(initializer)
