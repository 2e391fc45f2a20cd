"""One parameter as a manifest writes it, and back: what ranks tell each other of what no class declares."""

from __future__ import annotations

from typing import Any

from ...layout import ManifestEntry
from ._canonical_entries import entry_json, entry_of


def entry_to_json(entry: ManifestEntry) -> dict[str, Any]:
    """Give everything of a parameter."""
    return {"name": entry.name, **entry_json(entry, declared=True)}


def entry_from_json(value: Any) -> ManifestEntry:
    """Read what `entry_to_json` gave.

    Raises:
        ManifestError: it is nothing of the kind.
    """
    fields, _ = entry_of(value, "the parameter", declared=True)
    return ManifestEntry(**fields)
