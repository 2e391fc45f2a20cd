"""What one cell says about storing what is below it, before it is applied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._frozen import frozen
from ..declaration import Declaration


@frozen
class CellRules:
    """What the class of one cell says about storing what is below it, and the values that it says it with."""

    declaration: Declaration
    values: Mapping[str, Any]
