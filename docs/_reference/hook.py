"""Writes the table of all names into the reference's first page, and links from the other pages to it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from names import FOLDER, linked, names_of, table

_MARK = "<!-- names -->"
# What is searched for by its name, before pages that are about it: a message that is pasted, and words of the zoo.
_MEANT = {"reference/errors.md": 2, "reference/pretrained.md": 1.5}


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Change a page, as Markdown, before it is rendered."""
    source = page.file.src_uri
    if source in _MEANT:
        page.meta.setdefault("search", {"boost": _MEANT[source]})
    if source == "reference/index.md":
        return markdown.replace(_MARK, table())
    if source.startswith(("reference/", "changelog")):
        return markdown
    return linked(markdown, names_of(FOLDER))
