"""Differences as plain text, for a terminal or the log of a build, and as Markdown, for a pull request or a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...show._table import align, cut
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


def diff_markdown(diff: ManifestDiff) -> str:
    """Lay out the differences: a heading, what they mean for checkpoints, and a table for each kind."""
    return "\n".join(_markdown_lines(diff)) + "\n"


def _markdown_lines(diff: ManifestDiff) -> Iterator[str]:
    yield f"### {_code(title(diff))}"
    yield ""
    yield f"{summary(diff)}."
    for section in sections(diff):
        yield ""
        yield f"**{section.title}: {section.count:,}**"
        yield ""
        yield f"| {' | '.join(section.columns)} |"
        yield f"|{' --- |' * len(section.columns)}"
        for row in section.rows[:MOST_ROWS]:
            yield f"| {' | '.join(_cell(cell) for cell in row)} |"
        for row in cut(section.rows, MOST_ROWS)[MOST_ROWS:]:
            yield f"| {row[0]} |{' |' * (len(section.columns) - 1)}"


def _code(text: str) -> str:
    """Write text as code, whatever is in it: neither HTML nor Markdown takes effect."""
    longest = run = 0
    for letter in text:
        run = run + 1 if letter == "`" else 0
        longest = max(longest, run)
    if not longest:
        return f"`{text}`"
    fence = "`" * (longest + 1)  # a run of this length ends nowhere before
    return f"{fence} {text} {fence}"


def _cell(text: str) -> str:
    """Write text as code in a table, where a bar would end the cell, in code too."""
    return _code(text.replace("|", "\\|")) if text else ""
