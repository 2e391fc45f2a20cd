"""`lazycell check`: does a checkpoint fit a model, and if not, why?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import click

from .. import formats, loading
from ..show import printable, printable_lines, say, say_json
from . import _answers
from ._asked import fitted
from ._completion import complete_files, complete_models
from ._model import Options, find, model_options
from ._on_disk import check_revision, on_disk, revision_option
from ._renames import checked, rules_of
from ._shell import Shell

_NO = 1

_EPILOG = """\b
Examples:
  lazycell check bert-base-uncased model/
  lazycell check models.bert:BertModel model.safetensors --config config.json
  lazycell check manifest.json model.safetensors --missing "pooler.*" --unexpected ignore
  lazycell check mindcv.models:resnet50 resnet50.pth
  lazycell check bert-base-uncased old.ckpt --rename "bert.{*rest}={*rest}"

\b
Exit status: 0 it fits; 1 it does not; 2 trouble, which stderr explains.
"""


@click.command(epilog=_EPILOG, short_help="Say whether a checkpoint fits a model, and if not, why.")
@click.argument("model", shell_complete=complete_models)
@click.argument("checkpoint", type=click.Path(), shell_complete=complete_files)
@model_options
@click.option(
    "--missing",
    multiple=True,
    metavar="error|init|PATTERN",
    help="What the checkpoint may lack: nothing, anything, or names that match; repeat it for several patterns.",
)
@click.option(
    "--unexpected",
    multiple=True,
    metavar="error|ignore|PATTERN",
    help="What the model may lack: nothing, anything, or names that match.",
)
@click.option(
    "--cast",
    type=click.Choice(["cast", "strict", "checkpoint"]),
    default="cast",
    show_default=True,
    help="Convert to the model's dtypes, take no others, or take the checkpoint's.",
)
@click.option(
    "--rename",
    multiple=True,
    metavar="OLD=NEW",
    help="From a name in the checkpoint to the model's; {i} stands for one segment, {*rest} for several.",
)
@click.option(
    "--partial",
    is_flag=True,
    help="Take a head's checkpoint for its base, and a base's or another head's for a model with a head; a head that "
    "does not fit is left to its initializers.",
)
@revision_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: the verdict, and everything behind it.")
def check(
    model: str,
    checkpoint: str,
    options: Options,
    missing: tuple[str, ...],
    unexpected: tuple[str, ...],
    cast: str,
    rename: tuple[str, ...],
    partial: bool,
    revision: str | None,
    as_json: bool,
) -> int:
    """Say whether a checkpoint fits a model: what a load would do, or everything that is in its way.

    MODEL is a registered name, module:Class, module:function, a directory with a config.json, or a manifest file, for
    which MindSpore is not imported. A preset may lack the head that the published model has, and has to fit what is
    there, as with
    `from_pretrained`. CHECKPOINT is a .safetensors or .ckpt file, one of PyTorch (.bin, .pt, .pth), an index with
    its shards, or a directory. Either may be a repository in the hub's cache, ORG/NAME. Only headers are read.
    """
    check_revision(revision, model, checkpoint)
    header = formats.open_checkpoint(on_disk(checkpoint, revision))
    rules = checked(rules_of(rename)) or {}
    found = find(model, attrs.evolve(options, revision=revision)).beside(header, rules)
    manifest = found.manifest
    policies = {"missing": _permitted(missing, "init"), "unexpected": _permitted(unexpected, "ignore")}
    published = False if found.preset is None else "new"  # by its name: as it is published, whatever its head is
    try:
        given = loading.LoadOptions(**policies, dtype=cast, partial=partial or published, rename=rules or None)
        plan = fitted(found, header, given)
    except ValueError as error:  # a pattern or a rule that means nothing
        raise click.UsageError(str(error)) from None
    if not isinstance(plan, loading.LoadPlan):
        shell = Shell(settable=not Path(model).is_file())
        message = plan.text(shell)
        if as_json:
            document = {"fits": False, "message": message, **_answers.mismatch_json(plan, shell), "plan": None}
            say_json({**document, "ignored_config": list(found.ignored_config)})
        else:
            _print(message)
        return _NO
    if as_json:
        document = {"fits": True, "message": str(plan), "problems": [], "causes": [], "plan": _answers.plan_json(plan)}
        say_json({**document, "ignored_config": list(found.ignored_config)})
    else:
        ignored = f"ignored config: {', '.join(found.ignored_config)}\n" if found.ignored_config else ""
        _print(f"{plan}\n{ignored}{manifest.model} fits {printable(str(header.path))}")
    return 0


def _permitted(patterns: tuple[str, ...], everything: str) -> Any:
    """Give the argument of `plan` that an option stands for."""
    if patterns in ((), ("error",), (everything,)):
        return patterns[0] if patterns else "error"
    return list(patterns)


def _print(text: str) -> None:
    say(printable_lines(text))
