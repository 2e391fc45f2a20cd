"""`lazycell models`: the registry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .. import pretrained, show
from .._location import did_you_mean
from ..manifest import file
from ..show import working
from . import _answers
from ._completion import complete_presets
from ._interrupt import interrupts_held
from ._main import advice

if TYPE_CHECKING:
    from .._errors import RegistryError
    from ..manifest import Manifest
    from ..pretrained import Preset, RegisteredModel

_NONE, _TROUBLE = 1, 2

_EPILOG = """\b
Examples:
  lazycell models
  lazycell models "bert-*"          quoted, so that the shell does not look for files
  lazycell models BertModel
  lazycell models bert-tiny --json
  lazycell models --cards docs/models

\b
Exit status: 0 done; 1 nothing matches; 2 trouble, as models that cannot be imported: the others are listed.
"""


@click.command(epilog=_EPILOG, short_help="List the models that can be found by name, and their sizes.")
@click.argument("pattern", required=False, shell_complete=complete_presets)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.option(
    "--cards",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write model cards: a page of Markdown for each family, and index.md.",
)
def models(pattern: str | None, as_json: bool, cards: Path | None) -> int:
    """List the models that can be found by name: families, classes, and presets, their well-known sizes.

    These are the classes that `lazycell.from_pretrained` chooses from, by the model_type in config.json: those of
    lazycell's own zoo, and those that other installed packages announce. A PATTERN keeps those whose family, class or
    preset it matches; * stands for anything, ? for one character, [ab] for one of several.
    """
    if as_json and cards is not None:
        raise click.UsageError("--json and --cards are two ways to list them: choose one")
    with interrupts_held(), working("importing the models"):
        known, failures = pretrained.available_models()
        found = known if pattern is None else pretrained.names_matching(pattern, known)
        listed = () if cards is not None else found
        sizes = {preset.name: _size(model, preset) for model in listed for preset in model.presets}
    if cards is not None and found:
        _answers.write_cards(cards, found)
    elif as_json:
        show.say_json([_plain(model, sizes) for model in found])
    elif found:
        _print(found, sizes)
    return _complain(pattern, known, found, failures)


def _complain(
    pattern: str | None,
    known: Sequence[RegisteredModel],
    found: Sequence[RegisteredModel],
    failures: Iterable[RegistryError],
) -> int:
    """Say on stderr what is not listed, and why; give the exit status."""
    status = 0
    if not found:
        status = _NONE
        what = f"no model matches {pattern!r}{_near(pattern, known)}" if pattern else "no models are registered"
        show.complain(f"lazycell: {what}")
    for failure in failures:
        status = _TROUBLE
        show.complain(f"lazycell: {failure}{advice(failure.__cause__)}")
    return status


def _near(pattern: str, known: Iterable[RegisteredModel]) -> str:
    if ":" in pattern:
        return f": this lists what is registered; a class is shown by `lazycell show {pattern}`"
    names = dict.fromkeys(name for model in known for name in (model.model_type, model.architecture))
    names |= dict.fromkeys(preset.name for model in known for preset in model.presets)
    word = "".join(each for each in pattern if each not in "*?[]!")
    return did_you_mean(word, names) or ": `lazycell models` lists them all"


def _size(model: RegisteredModel, preset: Preset) -> Manifest | None:
    """Give the manifest of a preset; None where the class refuses, or has none: that is not for a list to say."""
    try:
        manifest: Manifest = model.cls.manifest(**preset.arguments)  # type: ignore[attr-defined]
    except Exception:
        return None
    return manifest


def _print(found: Sequence[RegisteredModel], sizes: dict[str, Manifest | None]) -> None:
    show.print_table(
        ("model_type", "class", "module", "presets"),
        [(each.model_type, each.architecture, each.cls.__module__, str(len(each.presets) or "")) for each in found],
        right={3},
    )
    rows = []
    for model in found:
        for preset in model.presets:
            size = sizes[preset.name]
            sums = ("", "") if size is None else (f"{size.size:,}", show.format_bytes(size.nbytes))
            about = (preset.licence or "", preset.paper or "", preset.source or "")
            rows.append((preset.name, model.architecture, *sums, *about))
    if rows:
        show.say()
        show.print_table(("preset", "class", "elements", "bytes", "licence", "paper", "source"), rows, right={2, 3})


def _plain(model: RegisteredModel, sizes: dict[str, Manifest | None]) -> dict[str, Any]:
    return {
        "model_type": model.model_type,
        "class": model.architecture,
        "module": model.cls.__module__,
        "presets": [
            {
                "name": preset.name,
                "hyperparameters": {name: file.plain(value) for name, value in preset.hyperparameters.items()},
                "source": preset.source,
                "licence": preset.licence,
                "paper": preset.paper,
                "dtype": preset.dtype,
                "parameters": None if size is None else len(size),
                "elements": None if size is None else size.size,
                "bytes": None if size is None else size.nbytes,
            }
            for preset in model.presets
            for size in [sizes[preset.name]]
        ],
    }
