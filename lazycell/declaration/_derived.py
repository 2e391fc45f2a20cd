"""`derived(function, …)`: a value that any function makes of hyperparameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from ._declare import Declared, refuse
from ._symbols import Applied, Expression, render

_Value = TypeVar("_Value")
_Arguments = ParamSpec("_Arguments")


def derived(function: Callable[_Arguments, _Value], /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Value:
    """Declare what a function makes of hyperparameters: `inner = derived(round_up, 8 * hidden // 3, 64)`.

    It is a symbol as others are: an attribute, the default of a hyperparameter, a part of a shape, a count, a condition
    or an argument. The function is called with values, when an instance is built and when a manifest is made; it has
    to give the same for the same arguments.

    Args:
        function: any function; one with a name, at the top of a module, is told apart from others in manifests.
        args: its arguments, which may be symbolic, or hold symbols.
        kwargs: its keyword arguments, likewise.

    Returns:
        A symbol for what the function gives.

    Raises:
        DeclarationError: `function` cannot be called or makes a cell, or an argument is a parameter or a cell.
    """
    if not callable(function):
        refuse(f"derived() takes a function, not {render(function)}", "`derived(round_up, 8 * hidden // 3, 64)`")
    if isinstance(function, type) and hasattr(function, "construct") and hasattr(function, "cells_and_names"):
        name = function.__name__
        refuse(f"derived() is for values, and {name} makes a cell", f"`child({name}, …)`")
    for each in (*args, *kwargs.values()):
        if isinstance(each, Declared):
            refuse(
                "a parameter or a cell has no value while the class body runs: derived() is for hyperparameters and "
                "values derived from them",
                "what is about cells in `__post_init__`",
            )
    return Expression(Applied(function, args, kwargs))  # type: ignore[return-value]
