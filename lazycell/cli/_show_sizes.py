"""What a model takes, on stdout: in all, or summed up by one thing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from .. import show
from ..manifest import sizes

if TYPE_CHECKING:
    from ..manifest import Manifest
    from ..manifest.sizes import Size, Sizes

_ITSELF, _UNTAGGED = "(itself)", "untagged"


def print_sizes(
    manifest: Manifest,
    kind: str | None,
    *,
    depth: int,
    as_json: bool,
    optimizer: str | None,
    gradients: bool,
    mesh: Mapping[str, int] | None,
    cache: Mapping[str, int],
) -> None:
    """Print how much memory a model takes.

    Args:
        manifest: of the model.
        kind: `module`, `dtype`, `tag` or `trainable`: sum up by this alone; None: by all of them.
        depth: how many names of a module's path to keep.
        as_json: whether to print JSON.
        optimizer: as for `Manifest.sizes`, and so are `gradients` and `mesh`.
        gradients: likewise.
        mesh: likewise.
        cache: `batch`, `length` and `source_length` of the cache of keys and values, as far as they were given.

    Raises:
        click.UsageError: there is no such optimizer, a dimension cannot be divided by its axes, or there is no cache.
    """
    try:
        summed = manifest.sizes(optimizer=optimizer, gradients=gradients, mesh=mesh, **cache)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    groups = None if kind is None else _groups(summed, kind, depth)
    if as_json:
        found = json.loads(sizes.sizes_json(summed))
        show.say_json(found if groups is None else found | _plain_groups(kind, groups))
        return
    titles, rows = sizes.sizes_table(summed)
    if groups is not None:
        rows = _rows(groups, summed, titles)
    show.say_lines([sizes.sizes_title(summed) + ("" if kind is None else f", by {kind}")])
    show.print_table(titles, rows, right=range(1, len(titles)))
    if summed.cache is not None:
        table = sizes.cache_table(summed.cache)
        show.say_lines([f"{table.title}:"])
        show.print_table(table.columns, table.rows, right=table.right)
    for note in sizes.sizes_notes(summed):
        show.say(show.printable_lines(note))


def _groups(summed: Sizes, kind: str, depth: int) -> dict[str | None, Size]:
    groups: Mapping[Any, Size]
    if kind == "module":
        groups = summed.by_module(depth)
    elif kind == "dtype":
        groups = summed.by_dtype
    else:
        groups = summed.by_tag if kind == "tag" else summed.by_trainable
    return {key: size for key, size in groups.items()}  # noqa: C416


def _rows(groups: Mapping[str | None, Size], summed: Sizes, titles: tuple[str, ...]) -> list[tuple[str, ...]]:
    rows = []
    total = {"in all" if summed.rank is None else "in all, over all ranks": summed.total}
    rank = {} if summed.rank is None else dict(sizes.rank_rows(summed.rank))
    names = {_ITSELF if name == "" else _UNTAGGED if name is None else name: size for name, size in groups.items()}
    for name, size in [*names.items(), *total.items(), *rank.items()]:
        cells = [name, f"{size.parameters:,}", f"{size.elements:,}", show.format_bytes(size.nbytes)]
        cells += [show.format_bytes(size.gradients)] if summed.with_gradients else []
        cells += [show.format_bytes(size.optimizer)] if summed.optimizer_name is not None else []
        cells += [show.format_bytes(size.training_bytes)] if len(titles) > 4 else []
        rows.append(tuple(cells))
    return rows


def _plain_groups(kind: str | None, groups: Mapping[str | None, Size]) -> dict[str, Any]:
    plain = [
        {
            "name": name,
            "parameters": size.parameters,
            "elements": size.elements,
            "bytes": size.nbytes,
            "gradient_bytes": size.gradients,
            "optimizer_bytes": size.optimizer,
            "training_bytes": size.training_bytes,
        }
        for name, size in groups.items()
    ]
    return {"by": kind, "groups": plain}
