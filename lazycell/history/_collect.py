"""The migrations of a model: those of the classes of its cells, each with the paths of the cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import attrs

from ..layout import Block, Stored
from ._migration import Migration


def migrations_in(cells: Mapping[str, tuple[Migration, ...]], stored: Iterable[Stored]) -> tuple[Migration, ...]:
    """Give every migration of a model once, oldest first.

    Args:
        cells: for the path of each cell whose class has migrations, these.
        stored: the tensors that are not simply a parameter under its own name. Where a cell around gives them another
            prefix, the migrations of the cells in it hold there too.
    """
    more = _other_prefixes(cells, stored)
    found: dict[tuple[str, str, int], tuple[Migration, dict[str, None]]] = {}
    for path, migrations in cells.items():
        prefix = f"{path}." if path else ""
        for each in migrations:
            prefixes = found.setdefault((each.file, each.cell, each.position), (each, {}))[1]
            prefixes.update(dict.fromkeys((prefix, *more.get(prefix, ()))))
    # Of several files that were written at one moment, that of the outer cells comes first: the paths of the inner
    # cells are those that the outer ones give.
    depths: dict[tuple[str, str], int] = {}
    for migration, prefixes in found.values():
        place = migration.created, migration.file
        depths[place] = min(depths.get(place, 1 << 30), *(prefix.count(".") for prefix in prefixes))
    ordered = sorted(
        found.values(), key=lambda item: (item[0].created, depths[item[0].created, item[0].file], *_place(item[0]))
    )
    return tuple(attrs.evolve(migration, prefixes=tuple(prefixes)) for migration, prefixes in ordered)


def _place(migration: Migration) -> tuple[str, int]:
    return migration.file, migration.position


def _other_prefixes(cells: Mapping[str, object], stored: Iterable[Stored]) -> dict[str, dict[str, None]]:
    """Give, for the prefixes of cells, those that a layout puts in their place."""
    others: dict[str, dict[str, None]] = {}
    for each in stored:
        if isinstance(each.form, Block) and each.form.place is None:
            for prefix, rest in _around(each.form.parameter, cells):
                if each.name.endswith(f".{rest}") or each.name == rest:
                    others.setdefault(prefix, {})[each.name[: len(each.name) - len(rest)]] = None
    return others


def _around(name: str, cells: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Give the prefixes of the cells around a parameter, and the rest of its name."""
    if "" in cells:
        yield "", name
    end = name.find(".")
    while end >= 0:
        if name[:end] in cells:
            yield name[: end + 1], name[end + 1 :]
        end = name.find(".", end + 1)
