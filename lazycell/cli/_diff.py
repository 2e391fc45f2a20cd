"""`lazycell diff`: what differs between two models, manifests or checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from ..show import answer, say
from . import _answers
from ._completion import complete_sides
from ._model import Options, model_options
from ._on_disk import check_revision, revision_option
from ._page_option import check_page, page_option
from ._side import find_sides, is_class

if TYPE_CHECKING:
    from ..manifest.diff import ManifestDiff

_DIFFERS = 1

_EPILOG = """\b
Examples:
  lazycell diff old.json new.json
  lazycell diff bert-base-uncased model.safetensors
  lazycell diff before.safetensors after.safetensors --json
  lazycell diff bert-base-uncased bert-base-cased --html differences.html

\b
Exit status: 0 nothing differs; 1 something does; 2 trouble, which stderr explains.
"""


@click.command(epilog=_EPILOG, short_help="Say what differs between two models, manifests or checkpoints.")
@click.argument("old", metavar="A", shell_complete=complete_sides)
@click.argument("new", metavar="B", shell_complete=complete_sides)
@model_options
@revision_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown, as for a review.")
@page_option("Write a page to look at.")
def diff(
    old: str,
    new: str,
    options: Options,
    revision: str | None,
    as_json: bool,
    as_markdown: bool,
    page: Path | None,
) -> int:
    """Say what B adds, lacks and has otherwise than A; renames are guesses.

    A and B are each a registered name, module:Class, module:function, a directory, a manifest file, a checkpoint, or a
    repository in the hub's cache, ORG/NAME; --set, --config and --dtype go to those that are classes or functions.
    Between files MindSpore is not imported. Where one is a checkpoint, only names, shapes and dtypes are compared: it
    knows no more; beside a net that is built, PyTorch's names are taken for the net's.
    """
    if as_json and as_markdown:
        raise click.UsageError("--json and --markdown: choose one")
    classes = [side for side in (old, new) if is_class(side)]
    if options.given is not None and not classes:
        raise click.UsageError(f"{options.given} goes with a class, and neither {old} nor {new} is one")
    if page is not None:
        check_page(page)
    check_revision(revision, old, new)
    options = attrs.evolve(options, revision=revision)
    one, other = find_sides(old, new, options)
    found: ManifestDiff = one.diff(other)
    wrote = None if page is None else _answers.write_page(page, lambda: one.to_html(other))
    if as_json:
        # JSON is UTF-8, whatever the terminal shows: an escape of Python's would be no JSON.
        answer().buffer.write(found.to_json().encode())
        answer().flush()
    else:
        text = found.to_markdown() if as_markdown else str(found)
        say(text.rstrip("\n"), as_it_is=as_markdown)
    if wrote is not None:
        _answers.tell_page(wrote, aside=as_json or as_markdown)
    return _DIFFERS if found else 0
