"""A manifest as plain text: a table for a terminal, repeated layers in one row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .._collapse import collapse
from .._printable import printable
from .._table import align
from ._layout_text import layout_lines

if TYPE_CHECKING:
    from ._manifest import Manifest, ManifestEntry


def manifest_text(manifest: Manifest) -> str:
    """Lay out a manifest as aligned plain text."""
    return "\n".join(map(printable, _lines(manifest)))


def signature(manifest: Manifest) -> str:
    """Give the model as it was called: `Linear(in_features=768, out_features=10)`; a checkpoint by its name alone."""
    values = ", ".join(f"{key}={value!r}" for key, value in manifest.hyperparameters.items())
    return f"{manifest.model}({values})" if manifest.declared else manifest.model


def alike(manifest: Manifest) -> list[tuple[str, list[ManifestEntry]]]:
    """Group parameters that differ in nothing but their layer indices, under a name that stands for all of them."""
    groups: list[tuple[str, list[ManifestEntry]]] = []
    for pattern, members in collapse(entry.name for entry in manifest.entries):
        kinds: dict[tuple[Any, ...], list[str]] = {}
        for name in members:
            entry = manifest[name]
            kinds.setdefault((entry.shape, entry.dtype, entry.initializer, entry.expression), []).append(name)
        for names in kinds.values():
            titled = [(pattern, tuple(names))] if len(kinds) == 1 else collapse(names)
            groups += [(title, [manifest[name] for name in each]) for title, each in titled]
    return groups


def _lines(manifest: Manifest) -> Iterable[str]:
    columns = 5 if manifest.declared else 3  # a checkpoint knows neither initializers nor expressions
    rows = [("parameter", "shape", "dtype", "initializer", "declared as")[:columns]]
    for title, (entry, *_) in alike(manifest):
        row = (title, str(entry.shape), entry.dtype, entry.initializer, entry.expression or "")
        rows.append(tuple(map(printable, row[:columns])))
    yield signature(manifest)
    yield from align(rows, indent="")
    for target, source in manifest.ties.items():
        yield f"{target} is tied to {source}"
    yield from layout_lines(manifest.stored)
    trainable = sum(entry.size for entry in manifest.entries if entry.trainable)
    many = "" if len(manifest) == 1 else "s"
    known = f" ({trainable:,} trainable)" if manifest.declared else ""
    yield (
        f"{len(manifest):,} parameter{many}, {manifest.size:,} elements{known}, "
        f"{manifest.nbytes:,} bytes, digest {manifest.digest[:12]}"
    )
