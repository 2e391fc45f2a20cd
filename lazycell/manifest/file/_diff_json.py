"""Differences as JSON: for programs, each difference on a line of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import attrs

from ._canonical_entries import entry_json
from ._canonical_values import encoded, escaped

if TYPE_CHECKING:
    from ...layout import ManifestEntry
    from ..diff._differences import Change, Detail, Differences, DiffSide

FORMAT = "lazycell.manifest-diff"
VERSION = 1

_CHANGES = ("renamed", "reshaped", "retyped", "reinitialized", "changed", "redeclared")
_DETAILS = ("ties", "stored", "computed", "leftovers", "caches", "hyperparameters", "streams")


def diff_json(diff: Differences) -> str:
    """Write the differences; every kind is there, empty where there is none."""
    members: dict[str, str] = {
        "format": encoded(FORMAT),
        "version": encoded(VERSION),
        "differs": encoded(bool(diff)),
        "breaks_checkpoints": encoded(diff.breaks_checkpoints),
        "old": encoded(_side(diff.old)),
        "new": encoded(_side(diff.new)),
        "growth": encoded(_bytes_named(attrs.asdict(diff.growth))),
        "unchanged": encoded(diff.unchanged),
        "added": _list(_entry(entry, diff.new) for entry in diff.added),
        "removed": _list(_entry(entry, diff.old) for entry in diff.removed),
    }
    members |= {kind: _list(map(_change, getattr(diff, kind))) for kind in _CHANGES}
    members |= {kind: _list(map(_detail, getattr(diff, kind))) for kind in _DETAILS}
    return escaped("{\n" + ",\n".join(f"  {encoded(key)}: {value}" for key, value in members.items()) + "\n}\n")


def _side(side: DiffSide) -> dict[str, Any]:
    """Give a side; what it was asked for by only where that is known."""
    return {key: value for key, value in _bytes_named(attrs.asdict(side)).items() if key != "source" or value}


def _bytes_named(values: dict[str, Any]) -> dict[str, Any]:
    return {"bytes" if key == "nbytes" else key: value for key, value in values.items()}


def _list(items: Iterable[dict[str, Any]]) -> str:
    lines = [f"    {encoded(item)}" for item in items]
    return "[\n" + ",\n".join(lines) + "\n  ]" if lines else "[]"


def _entry(entry: ManifestEntry, side: DiffSide) -> dict[str, Any]:
    return {"name": entry.name, **entry_json(entry, side.declared)}


def _change(change: Change) -> dict[str, Any]:
    """Give both sides of what differs, by the newer name."""
    value: dict[str, Any] = {"name": change.new.name}
    for side, entry in (("old", change.old), ("new", change.new)):
        value[side] = dict(_differing(change, entry))
    if change.is_guess:
        value["guess"] = True
    return value


def _differing(change: Change, entry: ManifestEntry) -> Iterator[tuple[str, Any]]:
    if change.is_guess:
        yield "name", entry.name
    written = entry_json(entry, declared=True)
    defaults = {"trainable": entry.trainable, "tags": [], "sections": []}
    for attribute in change.differs:
        yield attribute, written.get(attribute, defaults.get(attribute))


def _detail(detail: Detail) -> dict[str, Any]:
    sides = {"old": detail.old, "new": detail.new}
    return {"name": detail.name, **{side: text for side, text in sides.items() if text is not None}}
