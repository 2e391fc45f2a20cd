"""Differences as plain text: what a person reads in a terminal, or in the log of a build."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .._table import align, cut
from ._diff_sections import MOST_ROWS, sections, summary, title

if TYPE_CHECKING:
    from ._diff import ManifestDiff


def diff_text(diff: ManifestDiff) -> str:
    """Lay out the differences: both sides, a section for each kind, and a summary in the last line."""
    return "\n".join(_lines(diff))


def _lines(diff: ManifestDiff) -> Iterator[str]:
    yield title(diff)
    for section in sections(diff):
        yield f"{section.title}: {section.count:,}"
        # Columns are as wide as what is shown asks for; the last line is no cell of them.
        yield from align(section.rows[:MOST_ROWS])
        yield from (f"  {row[0]}" for row in cut(section.rows, MOST_ROWS)[MOST_ROWS:])
    yield summary(diff)
