"""`manifests/CHANGES.md`: which changes of manifests were accepted, when and why. Appended to, never rewritten."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from .._errors import ManifestError
from ..manifest.diff import counts
from ..show import printable
from ._hold import Held, grouped

LOG = "CHANGES.md"

_TITLE = """\
# Changes of the manifests

What was accepted with `lazycell manifest --accept`, and why; the latest is the last. When branches are merged, the
entries of both stay: `CHANGES.md merge=union` in `.gitattributes` does that.
"""


def entry_of(accepted: Sequence[Held], reason: str, day: str, orphaned: Collection[str] = ()) -> str:
    """Give what is to be added to the log.

    Args:
        accepted: what differs, as it was before the new files were written.
        reason: why, in any number of lines; it becomes one.
        day: `2026-11-24`.
        orphaned: presets whose renames no migration keeps.
    """
    lines = [f"## {day}: {printable(' '.join(reason.split()))}", ""]
    for group in grouped(accepted):
        lines += [f"- `{printable(held.preset)}`: {_change(held, held.preset in orphaned)}" for held in group]
    return "\n".join(lines) + "\n"


def read_log(directory: Path) -> str:
    """Give what the log of a directory says so far; `""` if there is none.

    Raises:
        ManifestError: it is not UTF-8.
        OSError: it cannot be read.
    """
    path = directory / LOG
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path} is not UTF-8, so that nothing can be added to it: {error}") from None


def with_entry(log: str, entry: str) -> str:
    """Give the log with one more entry at its end; of one that is empty or not there (`""`), its first."""
    before = log or _TITLE
    return before + ("\n" if before.endswith("\n") else "\n\n") + entry


def _change(held: Held, orphaned: bool) -> str:
    """Say in a line what became of a preset: digests, and how much of what changed."""
    old, new = held.digests
    if held.state == "new":
        return f"new, {new}"
    if held.state == "removed":
        return f"removed, was {old}"
    if held.state == "unreadable":
        return f"could not be read, now {new}"
    if not held.diff:
        return f"{old} -> {new}; written anew, nothing differs"
    return f"{old} -> {new}; {counts(held.diff)}{', without a migration' if orphaned else ''}"
