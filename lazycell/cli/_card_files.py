"""Model cards in files: of one model, or of all families of a zoo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .. import cards, pretrained, system
from ..show import format_bytes, say, say_lines, working

if TYPE_CHECKING:
    from ..pretrained import RegisteredModel
    from ._model import Model

STDOUT = Path("-")


def write_card(path: Path, model: Model, place: str | None) -> None:
    """Write the card of a model, whole or not at all; `-` is stdout.

    Args:
        path: the file.
        model: what to tell of.
        place: the directory or repository that it was found in, if it was.

    Raises:
        OSError: the file cannot be written.
    """
    preset = None if model.preset is None else pretrained.find_preset(model.preset)[1]
    with working("making the card"):
        subject = cards.Subject(
            model.title, model.manifest, model.cls, model.arguments, preset, model.classes, place=place
        )
        text = cards.card_of(subject)
    if path == STDOUT:
        say(text.rstrip("\n"), as_it_is=True)
        return
    system.write_whole(path, text)
    say_lines([f"wrote {path}, {format_bytes(len(text.encode()))} of Markdown"])


def write_cards(directory: Path, models: Sequence[RegisteredModel]) -> None:
    """Write a page for each family into a directory, and `index.md`, which links to them.

    Raises:
        OSError: a file cannot be written.
    """
    with working("making the cards"):
        pages = cards.family_pages(models)
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        system.write_whole(directory / f"{name}.md", text)
    families = len(pages) - 1
    say_lines([f"wrote {directory / 'index.md'} and {families:,} page{'' if families == 1 else 's'} beside it"])
