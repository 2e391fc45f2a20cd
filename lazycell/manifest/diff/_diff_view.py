"""Differences on the viewer's page: all that a comparison tells is on it."""

from __future__ import annotations

from ...viewer import View, compared_view
from .._inventory import Inventory
from ._as_stored import as_compared
from ._diff import diff
from ._diff_sections import notes


def diff_view(old: Inventory, new: Inventory) -> View:
    """Lay out two manifests that are held against each other."""
    difference = diff(old, new)
    return compared_view((old, new), as_compared(old, new), difference, notes(difference))
