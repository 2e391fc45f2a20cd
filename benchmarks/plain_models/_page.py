"""The page of the documentation, which says who writes it."""

from __future__ import annotations

from ._row import Row


def write(rows: list[Row]) -> None:
    """Write the page."""
    raise NotImplementedError
