"""How checkpoints that were saved before a rename are read: the renames, kept in a file beside the model."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from .._frozen import frozen


@frozen
class Migration:
    """Names that a class once gave to what is below it, and those that it gives now.

    Attributes:
        cell: qualified name of the class.
        rename: the old names to the new, relative to a cell of the class, exact or with captures as in `rename`.
        reason: why, as whoever made the change wrote it.
        created: when, in UTC: `2026-11-24T10:00:00Z`; migrations of several files are in this order.
        file: where it is kept, `models/bert.migrations.json`; for people to read.
        prefixes: paths of the cells of the class in the model, each with a dot at its end; `""` is the model itself.
            Where a layout gives the cell's parameters another prefix in checkpoints, that one as well.
        position: its place in the file, from 0: those of one moment are in this order.
    """

    cell: str
    rename: Mapping[str, str]
    reason: str
    created: str
    file: str = attrs.field(default="", eq=False)
    prefixes: tuple[str, ...] = ()
    position: int = attrs.field(default=0, eq=False, repr=False)
