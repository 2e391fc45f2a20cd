"""An axis of tensors that differs or does not, and a change of a hyperparameter that mends it."""

from __future__ import annotations

from .._frozen import frozen
from ._settings import Setting


@frozen
class Axis:
    """One axis in which parameters of one declaration differ, or do not differ: the axis and what both sides have.

    Attributes:
        expression: its text, if it is known.
        ours: its size in the model.
        theirs: its size in the checkpoint.
        is_traced: whether the expression is one of the model's hyperparameters; else of those of the cell that has it.
    """

    expression: str | None
    ours: int
    theirs: int
    is_traced: bool = False


Names = dict[Axis, list[list[str]]]
"""For each axis the names of the parameters in which it differs, in the lists of `Sides.alike`: none is copied."""


@frozen
class Change:
    """A hyperparameter with another value."""

    setting: Setting
    value: int


@frozen
class Solution:
    """A change, and what speaks for it.

    Attributes:
        change: it.
        explained: the axes that it makes right.
        rivals: other changes that do as well.
    """

    change: Change
    explained: Names
    rivals: tuple[Change, ...] = ()


def how_many(chunks: list[list[str]]) -> int:
    """Give how many parameters there are."""
    return sum(map(len, chunks))
