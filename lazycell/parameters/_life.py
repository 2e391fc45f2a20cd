"""The record of one parameter: its state, and where its values come from."""

from __future__ import annotations

from typing import Any, Literal

from .._frozen import frozen
from ._without_values import lacks_values

State = Literal["declared", "loaded", "initialized"]


@frozen
class Origin:
    """Where the values of a parameter come from."""

    kind: Literal["checkpoint", "initializer", "assigned"]
    """a checkpoint or state dict; an initializer; or somebody's `set_data`, `copy_`, ..."""
    detail: str
    """the file and key; the initializer as one writes it; or what assigned it"""
    seed: int | None = None
    """of the stream, where there is one"""

    def __str__(self) -> str:
        return self.detail if self.seed is None else f"{self.detail}, seed {self.seed}"


AT_BIRTH = Origin("initializer", "when it was made")


def life_of(tensor: Any) -> tuple[State, Origin | None]:
    """Give the state of a parameter or buffer, and where its values come from (None while it has none).

    A parameter that lazycell did not make has been initialized when it was made, unless MindSpore's own
    `no_init_parameters` left it without values.
    """
    if lacks_values(tensor):
        return "declared", None
    origin: Origin = tensor.__dict__.get("_origin", AT_BIRTH)
    return ("initialized" if origin.kind == "initializer" else "loaded"), origin


@frozen
class Mark:
    """An attribute that a load sets on an object, in its `__dict__`: on a parameter, or on the net."""

    target: Any
    name: str
    value: Any


def left_by_checkpoint(parameter: Any) -> Mark:
    """Give the record that a checkpoint was loaded into the net, and had nothing for this parameter."""
    return Mark(parameter, "_left_by_checkpoint", True)


def was_left(parameter: Any) -> bool:
    """Tell whether a checkpoint was loaded that had nothing for this parameter."""
    return getattr(parameter, "_left_by_checkpoint", False)
