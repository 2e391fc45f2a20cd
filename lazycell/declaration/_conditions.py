"""What may be the condition of `when` and `require`: nothing that is the same for every net without saying so."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from .._errors import DeclarationError
from .._location import message, user_location
from ._symbols import render


def check_condition(condition: Any, function: str) -> None:
    """Refuse a condition that Python has decided while the class body runs.

    Args:
        condition: as it was given to `function`.
        function: `when` or `require`.

    Raises:
        DeclarationError: it is a plain truth value, or a container, which is true whatever is in it.
    """
    if isinstance(condition, bool):
        problem = (
            f"Python has decided the condition of this {function}(): it is {condition} for every net, since `is`, "
            "`isinstance`, `not` and `in` do not wait for the value of a hyperparameter. Write `k != None` for "
            "`k is not None`, `in_(k, (a, b))` for `k in (a, b)`, `~k` for `not k`, and Python's `if` for what no "
            "hyperparameter decides"
        )
    elif isinstance(condition, (tuple, list, dict, set, frozenset)):
        text = render(condition)
        problem = f"the condition of this {function}() is `{text}`, which is {bool(condition)} for every net: write "
        problem += "`in_(k, (a, b))` for `k in (a, b)`, and `a & b` for two conditions that both have to hold"
    else:
        return
    raise DeclarationError(message(_class_defined(sys._getframe(1)), problem, user_location()))


def _class_defined(frame: FrameType | None) -> str:
    """Give the name of the class whose body runs in a frame or in one that called it; empty where none does."""
    while frame is not None:
        name = getattr(frame.f_locals, "class_name", None)  # a `ClassBody`
        if name is not None:
            return str(name)
        frame = frame.f_back
    return ""
