"""The report as a page of the documentation, which says who writes it."""

from __future__ import annotations

from pathlib import Path

PLACE = Path(__file__).parents[1] / "docs" / "benchmarks.md"

_COMMENT = "<!-- Written by `python -m benchmarks --docs`: changes are lost. -->"

_ABOUT = """\
`python -m benchmarks --docs`, in [a clone](install.md#a-clone), writes this page, from one run on one machine; no
number in it is written by hand.
[Targets](#targets), at the end, holds lazycell against what it is meant to reach, met or not."""


def write(path: Path, report: str) -> None:
    """Write the page.

    Args:
        path: where; a page there is replaced.
        report: Markdown, its first line the title.
    """
    title, _, rest = report.partition("\n\n")
    path.write_text("\n\n".join([_COMMENT, title, _ABOUT, rest]), encoding="utf-8")
