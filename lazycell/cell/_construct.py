"""What a generated `__init__` does: build the cell, and see that it can be stored as its classes say."""

from __future__ import annotations

from typing import Any

from .. import cell, layout
from ..declaration import Declaration
from ._build import build, is_inside_another


def construct(net: Any, declaration: Declaration, given: dict[str, Any], dtype: Any) -> None:
    """Build a cell: the body of every generated `__init__`.

    Args:
        net: the new instance.
        declaration: of the class whose `__init__` runs.
        given: a value for each hyperparameter.
        dtype: default dtype of its parameters, or None.

    Raises:
        DeclarationError: something cannot be built, or what is built cannot be stored as declared: that is found
            here, not when it is to be saved. A class that writes its own `__init__` may have more to add, and is seen
            later.
    """
    build(net, declaration, given, dtype)
    if not (is_inside_another() or declaration.own_init) and layout.has_rules(type(net), declaration):
        cell.manifest_of_net(net)
