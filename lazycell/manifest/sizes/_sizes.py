"""How much memory a model takes: by dtype, by tag, by module; as a short table for people, as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from ... import show
from ..._frozen import frozen
from ._cache_sizes import CacheSizes, cache_notes, cache_table, plain_cache
from ._size import RankSizes, Size, summed

_DTYPES, _TAGS, _MODULES, _PATTERNS = 6, 8, 12, 4
"""How many of each are listed before the others are counted."""
_NAME = 60


@frozen
class Sizes:
    """How much memory a model takes; prints as a table. Buffers that are saved count, as not trainable.

    Attributes:
        model: name of the class.
        total: of everything; with the optimizer's step and rates, which belong to no parameter.
        by_dtype: by canonical name, in order of first appearance.
        by_trainable: under `"trainable"` and `"not trainable"`.
        by_tag: under each tag, and None for what has none; a parameter with several tags is in each.
        optimizer_name: what the optimizer goes by; None if none was asked for.
        with_gradients: whether gradients were asked for.
        rank: what one rank holds; None without a mesh.
        cache: of keys and values; None where no length was given.
        declared: whether a model says what is trained. A checkpoint does not: of one, all floats count as trainable.
    """

    model: str
    total: Size
    by_dtype: Mapping[str, Size]
    by_trainable: Mapping[str, Size]
    by_tag: Mapping[str | None, Size]
    optimizer_name: str | None = None
    with_gradients: bool = False
    rank: RankSizes | None = None
    declared: bool = True
    cache: CacheSizes | None = None
    _each: tuple[tuple[str, Size], ...] = attrs.field(default=(), repr=False)

    @property
    def gradients(self) -> int:
        """Bytes of all gradients; 0 if they were not asked for."""
        return self.total.gradients

    @property
    def optimizer(self) -> int:
        """Bytes of the optimizer's state; 0 without one."""
        return self.total.optimizer

    @property
    def training_bytes(self) -> int:
        """Bytes of values, gradients and optimizer together, as far as asked for; activations are not in it."""
        return self.total.training_bytes

    def by_module(self, depth: int = 1) -> dict[str, Size]:
        """Sum up by module: the path of the cell that holds a parameter, cut to `depth` names.

        Args:
            depth: 1 for `encoder`, 2 for `encoder.layers`, and so on.

        Returns:
            Sizes by path, in order of first appearance; under `""` what the model itself holds.

        Raises:
            ValueError: `depth` is not a whole number, 1 or more.
        """
        if isinstance(depth, bool) or not isinstance(depth, int) or depth < 1:
            raise ValueError(f"depth={depth!r}: write how many names of a module's path to keep, 1 or more")
        return summed((".".join(name.split(".")[:-1][:depth]), size) for name, size in self._each)

    def __str__(self) -> str:
        return str(self._report())

    def _repr_html_(self) -> str:
        return show.html.in_notebook(self, Sizes._report)

    def _report(self) -> show.Report:
        titles, rows = sizes_table(self)
        table = show.Table(rows, columns=titles, named=True, right=range(1, len(titles)))
        tables = [table] if self.cache is None else [table, cache_table(self.cache)]
        return show.Report(sizes_title(self), tables, sizes_notes(self))

    def to_json(self) -> str:
        """Give the sizes as JSON, modules by the first name of their paths.

        Returns:
            The text; bytes are numbers.
        """
        return sizes_json(self)


def sizes_title(sizes: Sizes) -> str:
    """Say of what the sizes are."""
    counted = ["gradients"] if sizes.with_gradients else []
    counted += [] if sizes.optimizer_name is None else [f"the state of {sizes.optimizer_name}"]
    return f"sizes of {show.printable(sizes.model)}" + (f", with {' and '.join(counted)}" if counted else "")


def sizes_table(sizes: Sizes) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Give titles and rows; the first column is text, the others are numbers."""
    titles = ["", "parameters", "elements", "bytes"]
    titles += ["gradients"] if sizes.with_gradients else []
    titles += ["optimizer"] if sizes.optimizer_name is not None else []
    titles += ["together"] if len(titles) > 4 else []
    blank = ("",) * (len(titles) - 1)

    def row(title: str, size: Size) -> tuple[str, ...]:
        cells = [title, f"{size.parameters:,}", f"{size.elements:,}", show.format_bytes(size.nbytes)]
        cells += [show.format_bytes(size.gradients)] if sizes.with_gradients else []
        cells += [show.format_bytes(size.optimizer)] if sizes.optimizer_name is not None else []
        cells += [show.format_bytes(size.training_bytes)] if len(titles) > 4 else []
        return tuple(cells)

    rows = [row("total", sizes.total)]
    rows += [] if sizes.rank is None else [row(title, size) for title, size in rank_rows(sizes.rank)]
    rows += [row(title, size) for title, size in sizes.by_trainable.items()]
    tags = {"untagged" if tag is None else tag: size for tag, size in sizes.by_tag.items()}
    for title, groups, most in (
        ("by dtype", sizes.by_dtype, _DTYPES),
        ("by tag", {} if set(sizes.by_tag) <= {None} else tags, _TAGS),
        ("by module", {path or "(itself)": size for path, size in sizes.by_module().items()}, _MODULES),
    ):
        if groups:
            rows.append((title, *blank))
            rows += show.cut([row(f"  {_shown(name)}", size) for name, size in groups.items()], most)
    return tuple(titles), rows


def rank_rows(rank: RankSizes) -> Iterator[tuple[str, Size]]:
    """Give a title and a size for one rank; where not all hold as much, for the largest and the smallest."""
    if rank.size == rank.smallest:
        yield f"one rank of {rank.ranks:,}", rank.size
    else:
        yield f"largest rank of {rank.ranks:,}", rank.size
        yield "smallest rank", rank.smallest
    if rank.own is not None:
        yield f"rank {rank.rank:,}", rank.own


def sizes_notes(sizes: Sizes) -> list[str]:
    """Say what the table cannot."""
    notes = [] if sizes.declared else ["a checkpoint does not say what is trained: all floats count as trainable"]
    notes += [] if sizes.rank is None else _rank_notes(sizes.rank)
    if sizes.cache is None:
        return notes
    notes += cache_notes(sizes.cache, sizes.total.nbytes)
    return notes if sizes.rank is None else [*notes, "the cache is that of all ranks: nothing says how it is divided"]


def _rank_notes(rank: RankSizes) -> Iterable[str]:
    axes = ", ".join(f"{_shown(axis)}={size}" for axis, size in rank.mesh.items())
    yield f"mesh: {axes or 'no axes'}; {rank.ranks:,} rank{'' if rank.ranks == 1 else 's'}"
    if rank.ranks > 1 and rank.replicated:
        patterns = [_shown(pattern) for pattern, _ in show.collapse(rank.replicated)]
        many = "" if len(rank.replicated) == 1 else "s"
        yield (
            f"whole on every rank: {len(rank.replicated):,} parameter{many}, "
            f"{show.format_bytes(rank.replicated_nbytes)}: {show.few(patterns, _PATTERNS)}"
        )
    if rank.unused:
        yield (
            f"nothing is divided over {', '.join(map(_shown, rank.unused))}: ranks along it hold the same parameters "
            f"(data parallel)"
        )


def _shown(name: str) -> str:
    text = show.printable(name)
    return text if len(text) <= _NAME else f"{text[: _NAME - 3]}..."


# ---------------------------------------------------------------------------------------------------------------- JSON


def sizes_json(sizes: Sizes) -> str:
    """Give sizes as a JSON object."""
    return json.dumps(
        {
            "format": "lazycell.sizes",
            "version": 1,
            "model": sizes.model,
            "optimizer": sizes.optimizer_name,
            "gradients": sizes.with_gradients,
            "total": _plain(sizes.total),
            "trainable": _plain_groups(sizes.by_trainable),
            "dtypes": _plain_groups(sizes.by_dtype),
            "tags": _plain_groups({tag: size for tag, size in sizes.by_tag.items() if tag is not None}),
            "untagged": _plain(sizes.by_tag[None]) if None in sizes.by_tag else None,
            "modules": _plain_groups(sizes.by_module()),
            "rank": None if sizes.rank is None else _plain_rank(sizes.rank),
            "cache": None if sizes.cache is None else plain_cache(sizes.cache),
        },
        indent=2,
    )


def _plain(size: Size) -> dict[str, int]:
    return {
        "parameters": size.parameters,
        "elements": size.elements,
        "bytes": size.nbytes,
        "gradient_bytes": size.gradients,
        "optimizer_bytes": size.optimizer,
        "training_bytes": size.training_bytes,
    }


def _plain_groups(groups: Mapping[Any, Size]) -> dict[str, dict[str, int]]:
    return {name: _plain(size) for name, size in groups.items()}


def _plain_rank(rank: RankSizes) -> dict[str, Any]:
    return {
        "mesh": dict(rank.mesh),
        "ranks": rank.ranks,
        **_plain(rank.size),
        "replicated": list(rank.replicated),
        "replicated_bytes": rank.replicated_nbytes,
        "unused_axes": list(rank.unused),
        "smallest": _plain(rank.smallest),
        "rank": rank.rank,
        "own": None if rank.own is None else _plain(rank.own),
    }
