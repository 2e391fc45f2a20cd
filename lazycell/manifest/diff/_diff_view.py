"""Differences on the viewer's page: all that a comparison tells is on it."""

from __future__ import annotations

from collections.abc import Iterable

from ...viewer import View, compared_view
from .._inventory import Inventory
from ._as_stored import as_compared
from ._diff import diff
from ._diff_sections import notes


def load_view(
    model: Inventory, checkpoint: Inventory, compared: tuple[Inventory, Inventory], lines: Iterable[str]
) -> View:
    """Lay out what a model asks of a checkpoint, and what a load finds; nothing is guessed.

    Args:
        model: what is declared.
        checkpoint: what headers tell.
        compared: parameters that are asked for, and what there is for them, under the same names.
        lines: what is said of the load.
    """
    difference = diff(*compared, guesses=False)
    return compared_view((model, checkpoint), compared, difference, lines)


def diff_view(old: Inventory, new: Inventory) -> View:
    """Lay out two manifests that are held against each other."""
    difference = diff(old, new)
    return compared_view((old, new), as_compared(old, new), difference, notes(difference))
