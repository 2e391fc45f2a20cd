"""Sizes for people, as a short table, and for programs, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...show import _html
from ...show._collapse import collapse
from ...show._printable import printable
from ...show._table import align, cut
from ...show._units import format_bytes

if TYPE_CHECKING:
    from ._sizes import RankSizes, Size, Sizes

_DTYPES, _TAGS, _MODULES, _PATTERNS = 6, 8, 12, 4
"""How many of each are listed before the others are counted."""
_NAME = 60


def sizes_text(sizes: Sizes) -> str:
    """Lay out sizes as aligned plain text, of 40 lines at most."""
    titles, rows = sizes_table(sizes)
    return "\n".join([sizes_title(sizes), *align([titles, *rows], right=range(1, len(titles))), *sizes_notes(sizes)])


def sizes_title(sizes: Sizes) -> str:
    """Say of what the sizes are."""
    counted = ["gradients"] if sizes.with_gradients else []
    counted += [] if sizes.optimizer_name is None else [f"the state of {sizes.optimizer_name}"]
    return f"sizes of {printable(sizes.model)}" + (f", with {' and '.join(counted)}" if counted else "")


def sizes_table(sizes: Sizes) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Give titles and rows; the first column is text, the others are numbers."""
    titles = ["", "parameters", "elements", "bytes"]
    titles += ["gradients"] if sizes.with_gradients else []
    titles += ["optimizer"] if sizes.optimizer_name is not None else []
    titles += ["together"] if len(titles) > 4 else []
    blank = ("",) * (len(titles) - 1)

    def row(title: str, size: Size) -> tuple[str, ...]:
        cells = [title, f"{size.parameters:,}", f"{size.elements:,}", format_bytes(size.nbytes)]
        cells += [format_bytes(size.gradients)] if sizes.with_gradients else []
        cells += [format_bytes(size.optimizer)] if sizes.optimizer_name is not None else []
        cells += [format_bytes(size.training_bytes)] if len(titles) > 4 else []
        return tuple(cells)

    rows = [row("total", sizes.total)]
    rows += [] if sizes.rank is None else [row(f"one rank of {sizes.rank.ranks:,}", sizes.rank.size)]
    rows += [row(title, size) for title, size in sizes.by_trainable.items()]
    tags = {"untagged" if tag is None else tag: size for tag, size in sizes.by_tag.items()}
    for title, groups, most in (
        ("by dtype", sizes.by_dtype, _DTYPES),
        ("by tag", {} if set(sizes.by_tag) <= {None} else tags, _TAGS),
        ("by module", {path or "(itself)": size for path, size in sizes.by_module().items()}, _MODULES),
    ):
        if groups:
            rows.append((title, *blank))
            rows += cut([row(f"  {_shown(name)}", size) for name, size in groups.items()], most)
    return tuple(titles), rows


def sizes_notes(sizes: Sizes) -> list[str]:
    """Say what the table cannot."""
    notes = [] if sizes.declared else ["a checkpoint does not say what is trained: all floats count as trainable"]
    return notes if sizes.rank is None else [*notes, *_rank_notes(sizes.rank)]


def _rank_notes(rank: RankSizes) -> Iterable[str]:
    axes = ", ".join(f"{_shown(axis)}={size}" for axis, size in rank.mesh.items())
    yield f"mesh: {axes or 'no axes'}; {rank.ranks:,} rank{'' if rank.ranks == 1 else 's'}"
    if rank.ranks > 1 and rank.replicated:
        patterns = [_shown(pattern) for pattern, _ in collapse(rank.replicated)]
        more = f", and {len(patterns) - _PATTERNS} more" if len(patterns) > _PATTERNS else ""
        many = "" if len(rank.replicated) == 1 else "s"
        yield (
            f"whole on every rank: {len(rank.replicated):,} parameter{many}, {format_bytes(rank.replicated_nbytes)}: "
            f"{', '.join(patterns[:_PATTERNS])}{more}"
        )
    if rank.unused:
        yield (
            f"nothing is divided over {', '.join(map(_shown, rank.unused))}: ranks along it hold the same parameters "
            f"(data parallel)"
        )


def _shown(name: str) -> str:
    text = printable(name)
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
    }


@_html.harmless
def sizes_html(sizes: Sizes) -> str:
    """Show sizes as a table."""
    titles, rows = sizes_table(sizes)
    table = _html.table(titles, rows, right=range(1, len(titles)))
    return _html.block([_html.title(sizes_title(sizes)), table, *map(_html.note, sizes_notes(sizes))])
