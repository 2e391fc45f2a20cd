"""What files carry and a class does not need, and names of former days: `UNUSED` and `former(…)` in `rename`."""

from __future__ import annotations

import enum

import attrs

from .._errors import DeclarationError
from .._frozen import frozen
from .._location import message, user_location
from ._symbols import render


class _Unused(enum.Enum):
    UNUSED = "UNUSED"

    def __repr__(self) -> str:
        return self.value

    __str__ = __repr__


UNUSED = _Unused.UNUSED
"""In `rename`, for what files may hold under a name and no model needs: `rename({"{*path}.masked_bias": UNUSED})`."""


@frozen
class Former:
    """The present name of what files may hold under a former one.

    Attributes:
        name: dotted, relative to the cell, perhaps with captures.
    """

    name: str = attrs.field()

    def __str__(self) -> str:
        return f'former("{self.name}")'


Leftover = _Unused | Former


def former(name: str) -> Former:
    """Give, in `rename`, the present name of a tensor that older files hold under another: it is read, never written.

    `rename({"{*path}.gamma": former("{*path}.weight")})`: a file may have `norm.gamma` for what is stored as
    `norm.weight`, and a save writes `norm.weight`.

    Args:
        name: the present stored name, relative to the cell; its captures are those of the former name.

    Returns:
        What `rename` takes in the place of a name.

    Raises:
        DeclarationError: `name` is no name.
    """
    if not isinstance(name, str) or not name:
        text = f'former() takes the present name, not {render(name)}: write `"gamma": former("weight")`'
        raise DeclarationError(message("", text, user_location()))
    return Former(name)
