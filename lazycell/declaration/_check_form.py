"""What may stand in a form, as it is written in a class body or in the rules of a load."""

from __future__ import annotations

from typing import Any, NoReturn

from .._errors import DeclarationError
from .._location import message, user_location
from ._forms import Fused, Node, Reshaped, Transposed, Unary, value_text

StoredForm = str | Fused | Transposed | Reshaped | Unary
"""What a stored tensor is made of: a name below the cell, or names in `fused`, `transposed`, `reshaped` and others."""


def check_inner(function: str, inner: Any) -> None:
    """Refuse what no tensor is made of."""
    if type(inner).__name__ == "Each":
        refuse(
            f"each(…) is a part of fused(…) alone, not of {function}(…)",
            f'`fused(each({function}("part.{{i}}.weight")))`',
        )
    if not is_form(inner):
        refuse(f"{function}() takes a name or a form, not {value_text(inner)}", f'`{function}("out.weight")`')


def is_form(value: Any) -> bool:
    """Whether it is a name or a form."""
    return isinstance(value, Node) or (isinstance(value, str) and value != "")


def is_axis(value: Any) -> bool:
    """Whether it is an axis counted from 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def refuse(problem: str, instead: str) -> NoReturn:
    """Raise a DeclarationError about the line of the user's that calls a form."""
    raise DeclarationError(message("", f"{problem}: write {instead}", user_location()))
