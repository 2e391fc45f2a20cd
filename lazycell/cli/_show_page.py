"""A model as one page to look at, in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .. import system
from ..show import format_bytes, say_lines, working
from ._side import find_side

if TYPE_CHECKING:
    from ..manifest import Manifest


def write_page(path: Path, manifest: Manifest, against: str | None) -> None:
    """Write the page of a manifest, whole or not at all.

    Args:
        path: the file.
        manifest: what to show.
        against: a model, a manifest file or a checkpoint to hold against it.

    Raises:
        click.UsageError: there is no such model.
        OSError: the file cannot be written.
    """
    other = None if against is None else find_side(against)
    with working("making the page"):
        content = manifest.to_html(other)
    system.write_whole(path, content)
    size = format_bytes(len(content.encode()))
    say_lines([f"wrote {path}, {size}: a page that any browser opens, without a network"])
