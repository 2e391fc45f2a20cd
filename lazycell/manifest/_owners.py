"""What of a model is not on all ranks: lists that ranks divide, and cells that are on some alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..declaration import (
    CellsSpec,
    ChildrenSpec,
    Conditional,
    Declaration,
    Divided,
    decided_where,
    evaluated,
    position_name,
)
from ..mesh import Listed, On

_INDEX = re.compile(r"(?<=\.)\d+(?=\.|$)")


def owners_of(declaration: Declaration, values: Mapping[str, Any]) -> dict[str, Listed | On]:
    """Give what one cell declares that is not on all ranks, by its path below the cell.

    Args:
        declaration: of the cell's class.
        values: of its hyperparameters and derived values.
    """
    found: dict[str, Listed | On] = {}
    for member in declaration.placing:
        found.update(_owners(member.name, member, values))
    return found


def _owners(path: str, item: Any, values: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[str, Listed | On]]:
    if isinstance(item, Conditional):
        item, where = decided_where(item, values)
        if where is not None:
            yield path, where
    if isinstance(item, ChildrenSpec):
        count = evaluated(item, item.count, values)
        if type(count) is Divided and count > 0:
            yield path, Listed(count.axis, int(count), count.source.name)
        # What is inside the first is inside of all: a length that depends on the position is not divided.
        yield from _owners(f"{path}.*", item.each, {**values, position_name(depth): 0}, depth + 1)
    elif isinstance(item, CellsSpec):
        for position, (name, part) in enumerate(item.parts):
            yield from _owners(f"{path}.{name or position}", part, values, depth)


def owners_by_pattern(owners: Mapping[str, Listed | On]) -> dict[str, Listed | On]:
    """Give owners with `*` for the indices in their paths, where that says the same."""
    patterns: dict[str, set[Listed | On]] = {}
    for path, owner in owners.items():
        patterns.setdefault(_INDEX.sub("*", path), set()).add(owner)
    found = {}
    for path, owner in owners.items():
        pattern = _INDEX.sub("*", path)
        found[pattern if len(patterns[pattern]) == 1 else path] = owner
    return found
