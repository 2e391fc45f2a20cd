"""How much more one of two models takes than the other: what is printed, written and shown of it is this."""

from __future__ import annotations

from .._frozen import frozen


@frozen
class Growth:
    """What the newer of two sides has more than the older; negative where it has less.

    Attributes:
        parameters: how many of them.
        elements: of their elements.
        nbytes: of the bytes of their values.
        percent: of the older side's bytes; None where it has none.
    """

    parameters: int
    elements: int
    nbytes: int
    percent: float | None

    def __bool__(self) -> bool:
        return bool(self.parameters or self.elements or self.nbytes)
