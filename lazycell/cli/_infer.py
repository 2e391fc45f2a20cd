"""`lazycell infer`: the hyperparameters that a checkpoint tells."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click
from attrs import NOTHING

from .. import declaration
from .._errors import CheckpointMismatchError
from ..manifest import file
from ..show import complain, printable_lines, say_json
from . import _answers
from ._completion import complete_files, complete_models
from ._interrupt import interrupts_held
from ._model import Options, find, model_options
from ._on_disk import check_revision, on_disk, revision_option
from ._renames import checked, rules_of

if TYPE_CHECKING:
    from ..inference import Inference

_NO_SOLUTION = 1

_EPILOG = """\b
Examples:
  lazycell infer bert model.safetensors
  lazycell infer bert model.safetensors --set num_attention_heads=12
  lazycell infer models.bert:BertModel model/ --json
  lazycell infer bert masked.safetensors --rename "bert.{*rest}={*rest}"

\b
Exit status: 0 the file is this model; 1 it is not, or more has to be given to tell; 2 trouble.
"""


@click.command(epilog=_EPILOG, short_help="Solve a model's shapes for the hyperparameters of a checkpoint.")
@click.argument("model", metavar="MODEL", shell_complete=complete_models)
@click.argument("checkpoint", type=click.Path(), shell_complete=complete_files)
@click.option(
    "--rename", "renames", multiple=True, metavar="OLD=NEW", help="Rename the checkpoint's; {*rest} captures."
)
@revision_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@model_options
def infer(
    model: str, checkpoint: str, renames: tuple[str, ...], revision: str | None, as_json: bool, options: Options
) -> int:
    """Say with which hyperparameters a model holds a checkpoint, and which ones its shapes cannot tell.

    Only the class of MODEL counts, not the sizes of a preset; what is known is given by --set, and names that differ
    by --rename. CHECKPOINT is a file, a directory, or a repository in the hub's cache, ORG/NAME. No data is read.
    """
    if options.config is not None or options.dtype is not None:
        name = "--config" if options.config is not None else "--dtype"
        raise click.UsageError(f"{name} does not go with infer: write --set for what is known")
    check_revision(revision, model, checkpoint)
    found = find(model, attrs.evolve(options, revision=revision))
    path = on_disk(checkpoint, revision)
    if not path.exists():
        raise click.UsageError(f"there is nothing at {path}")
    cls = found.class_
    known, rules = _known(cls, options.settings), checked(rules_of(renames))
    try:
        with interrupts_held():
            inference = cls.infer(path, rename=rules, **known)
    except CheckpointMismatchError as error:
        return _refused(cls, path, error, as_json)
    solved = inference.fits or (inference.manifest is not None and not inference.conflicts)
    if as_json:
        say_json(_plain(inference, solved))
    else:
        _answers.print_text(_answers.inference_text(inference))
    return 0 if solved else _NO_SOLUTION


def _known(cls: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Give what is known; the solver takes hyperparameters alone."""
    declared = declaration.declaration_of(cls)
    assert declared is not None
    names = [item.name for item in declared.hyperparameters]
    for name in settings:
        if name not in names:
            raise click.UsageError(f"--set {name}: {cls.__name__} declares no such hyperparameter, so it has no shape")
    return {**settings}


def _refused(cls: type, checkpoint: Path, error: CheckpointMismatchError, as_json: bool) -> int:
    words = _answers.refusal_words(error)
    if as_json:
        plain = {"model": cls.__name__, "path": str(checkpoint), "solved": False, "fits": False, "message": words}
        say_json(plain)
    else:
        complain(f"lazycell: {printable_lines(words)}")
    return _NO_SOLUTION


def _plain(inference: Inference, solved: bool) -> dict[str, Any]:
    def told(value: Any) -> dict[str, Any]:
        return {} if value is NOTHING else {"value": file.plain(value)}

    return {
        "model": inference.model,
        "path": str(inference.path),
        "solved": solved,
        "fits": inference.fits,
        "dtype": inference.dtype,
        "determined": {name: file.plain(value) for name, value in inference.determined.items()},
        "undetermined": {
            name: {
                "reason": each.reason,
                "default": told(each.default).get("value"),
                "default_fits": each.default_fits,
                "example": told(each.example).get("value"),
            }
            for name, each in inference.undetermined.items()
        },
        "assumed": {name: file.plain(value) for name, value in inference.assumed.items()},
        "message": _answers.inference_words(inference),
    }
