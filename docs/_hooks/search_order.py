"""The search lists a name's own entry in the reference before the pages that speak of it."""

from __future__ import annotations

from typing import Any

_BOOST = 2


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> None:
    """Mark the pages of the reference; mkdocs calls this, and keeps a page for which None is given as it is."""
    if page.file.src_uri.startswith("reference/"):
        page.meta.setdefault("search", {"boost": _BOOST})
