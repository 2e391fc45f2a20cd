"""How a child is called: whether its arguments fit, and what else it is given."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from ..declaration._symbols import render
from ._resolve import ResolvedChild


def complete(child: ResolvedChild, dtype: Any) -> dict[str, Any]:
    """Give a child's keyword arguments, with the parent's dtype where it takes one and was given none of its own.

    Raises:
        DeclarationError: the arguments do not fit.
    """
    signature = _signature(child.factory)
    if signature is None:
        return child.kwargs
    try:
        given = signature.bind(*child.args, **child.kwargs).arguments
    except TypeError as error:
        child.spec.complain(f"`{call_text(child)}` does not fit: {error}. It takes ({', '.join(signature.parameters)})")
    takes_dtype = "dtype" in signature.parameters and "dtype" not in given
    return {**child.kwargs, "dtype": dtype} if takes_dtype else child.kwargs


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
