"""Manifests and their sizes in a notebook."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import _html
from .._units import format_bytes
from ._layout_text import layout_lines
from ._sizes_text import sizes_notes, sizes_table, sizes_title
from ._text import alike

if TYPE_CHECKING:
    from ._manifest import Manifest, ManifestEntry
    from ._sizes import Sizes

_MOST_HYPERPARAMETERS, _MOST_LETTERS = 12, 40


@_html.harmless
def manifest_html(manifest: Manifest) -> str:
    """Show a manifest: what model it is, its totals, and, to be opened, its parameters."""
    return _html.block([_html.title(called(manifest)), *parameters_html(manifest)])


@_html.harmless
def sizes_html(sizes: Sizes) -> str:
    """Show sizes as a table."""
    titles, rows = sizes_table(sizes)
    table = _html.table(titles, rows, right=range(1, len(titles)))
    return _html.block([_html.title(sizes_title(sizes)), table, *map(_html.note, sizes_notes(sizes))])


def called(manifest: Manifest) -> str:
    """Give the model as it was called, short: `Linear(in_features=768, out_features=10)`."""
    named = list(manifest.hyperparameters.items())
    values = [f"{name}={_short(value)}" for name, value in named[:_MOST_HYPERPARAMETERS]]
    return f"{manifest.model}({', '.join(values + ['…'] * (len(named) > len(values)))})"


def _short(value: Any) -> str:
    # A value may be anything, also something whose text would fetch what is in memory: only plain values are printed.
    if value is None or type(value) in (bool, float, str) or (type(value) is int and value.bit_length() < 128):
        text = repr(value)
    else:
        text = value.__name__ if isinstance(value, type) else f"<{type(value).__name__}>"
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"


def parameters_html(
    manifest: Manifest, title: str = "", state: Callable[[list[ManifestEntry]], str] | None = None
) -> list[str]:
    """Show the totals of a manifest and its parameters, those that are alike in one row.

    Args:
        manifest: of what.
        title: of one more column, if there is one.
        state: gives the text of that column for parameters that are alike.
    """
    titles = ("parameter", *((title,) if state else ()), "shape", "dtype", "initializer", "declared as", "bytes")
    rows = [
        (
            *((name, state(members)) if state else (name,)),
            str(members[0].shape),
            members[0].dtype,
            members[0].initializer,
            members[0].expression or "",
            format_bytes(sum(each.nbytes for each in members)),
        )
        for name, members in alike(manifest)
    ]
    notes = [f"{target} is tied to {source}" for target, source in manifest.ties.items()]
    notes += [line.strip() for line in layout_lines(manifest.stored)]
    body = [_html.table(titles, rows, right=(len(titles) - 1,))]
    body += [_html.lines("\n".join(notes))] if notes else []
    many = "" if len(manifest) == 1 else "s"
    trainable = sum(entry.size for entry in manifest.entries if entry.trainable)
    summary = f"{len(manifest):,} parameter{many}, {manifest.size:,} elements"
    summary += f" ({trainable:,} trainable)" if manifest.declared else ""
    return [_html.folded(f"{summary}, {format_bytes(manifest.nbytes)}", _html.block(body))]
