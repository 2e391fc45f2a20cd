"""What the values of a quantized weight are, as its layout says: shape, computation, and what is stored."""

from __future__ import annotations

from .._frozen import frozen
from ..formats import Values


@frozen
class View:
    """A quantized weight, as floats.

    Attributes:
        shape: of the weight.
        values: computes them.
        origin: what is stored, in words.
    """

    shape: tuple[int, ...]
    values: Values
    origin: str
