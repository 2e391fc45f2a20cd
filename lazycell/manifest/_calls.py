"""How a class or a child is called: whether the arguments fit, and what else it is given."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import Any

from ..declaration import declaration_of, render
from ._resolve import ResolvedChild


def bind(cls: type, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    """Match arguments to the generated `__init__` of `cls`, as Python would: the values, and the dtype asked for.

    Raises:
        TypeError: they do not fit.
    """
    signature = _cached_signature(cls.__lazy_init__)  # type: ignore[attr-defined]
    try:
        bound = signature.bind(None, *args, **kwargs)
    except TypeError as error:
        takes = ", ".join([*signature.parameters][1:])
        raise TypeError(f"{cls.__name__}: {error}. It takes ({takes})") from None
    return _values(cls, bound)


def bind_child(child: ResolvedChild, dtype: str) -> tuple[dict[str, Any], Any]:
    """Match a child's arguments to the generated `__init__` of its class: the values, and the dtype asked for.

    Args:
        child: of a class with a declaration, that has no `__init__` of its own.
        dtype: its parent's, which it has where it was given none.

    Raises:
        DeclarationError: they do not fit.
    """
    bound = _bound(child, signature := _cached_signature(child.factory.__lazy_init__), None)
    if "dtype" in signature.parameters:
        bound.arguments.setdefault("dtype", dtype)
    return _values(child.factory, bound)


def _values(cls: type, bound: inspect.BoundArguments) -> tuple[dict[str, Any], Any]:
    bound.apply_defaults()
    values = dict(bound.arguments)
    values.pop("self")
    declaration = declaration_of(cls)
    assert declaration is not None
    return values, values.pop("dtype") if declaration.takes_dtype else None


def complete(child: ResolvedChild, dtype: Any) -> dict[str, Any]:
    """Give a child's keyword arguments, with the parent's dtype where it takes one and was given none of its own.

    Raises:
        DeclarationError: the arguments do not fit.
    """
    signature = _signature(child.factory)
    if signature is None:
        return child.kwargs
    given = _bound(child, signature).arguments
    takes_dtype = "dtype" in signature.parameters and "dtype" not in given
    return {**child.kwargs, "dtype": dtype} if takes_dtype else child.kwargs


def _bound(child: ResolvedChild, signature: inspect.Signature, *before: None) -> inspect.BoundArguments:
    """Match a child's arguments, after those `before` that its declaration does not give, to a signature."""
    try:
        return signature.bind(*before, *child.args, **child.kwargs)
    except TypeError as error:
        takes = ", ".join([*signature.parameters][len(before) :])
        child.spec.complain(f"`{call_text(child)}` does not fit: {error}. It takes ({takes})")


def is_given_dtype(child: ResolvedChild) -> bool:
    """Tell whether a child's declaration gives it a dtype of its own."""
    signature = _signature(child.factory)
    return "dtype" in child.kwargs or (
        signature is not None and "dtype" in signature.bind_partial(*child.args, **child.kwargs).arguments
    )


def call_text(child: ResolvedChild) -> str:
    """Give the call that makes a child, with the values of its arguments: `Linear(64, 10, use_bias=False)`."""
    arguments = [*map(render, child.args), *(f"{key}={render(value)}" for key, value in child.kwargs.items())]
    return f"{getattr(child.factory, '__name__', None) or render(child.factory)}({', '.join(arguments)})"


def _signature(factory: Any) -> inspect.Signature | None:
    try:
        return _cached_signature(factory)
    except (TypeError, ValueError):  # it cannot be hashed, or has none
        pass
    try:
        return inspect.signature(factory)
    except (TypeError, ValueError):
        return None


@functools.lru_cache(maxsize=1024)
def _cached_signature(factory: Any) -> inspect.Signature:
    return inspect.signature(factory)
