"""`lazycell check`: does a checkpoint fit a model, and if not, why?"""

from __future__ import annotations

from pathlib import Path

import attrs
import click

from .. import formats, loading
from .._errors import CheckpointError
from ..show import printable, printable_lines, say, say_json
from . import _answers
from ._completion import complete_files, complete_models
from ._model import Options, find, model_options
from ._on_disk import check_revision, on_disk, revision_option
from ._policies import Policies, policy_options
from ._shell import Shell

_NO = 1

_EPILOG = """\b
Examples:
  lazycell check bert-base-uncased model/
  lazycell check models.bert:BertModel model.safetensors --config config.json
  lazycell check manifest.json model.safetensors --missing "pooler.*" --unexpected ignore
  lazycell check mindcv.models:resnet50 resnet50.pth
  lazycell check llama-3.2-1b model/ --adapter adapter/
  lazycell check bert-base-uncased old.ckpt --rename "bert.{*rest}={*rest}"

\b
Exit status: 0 it fits; 1 it does not; 2 trouble, which stderr explains.
"""


@click.command(epilog=_EPILOG, short_help="Say whether a checkpoint fits a model, and if not, why.")
@click.argument("model", shell_complete=complete_models)
@click.argument("checkpoint", type=click.Path(), shell_complete=complete_files)
@model_options
@policy_options
@revision_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: the verdict, and everything behind it.")
def check(
    model: str,
    checkpoint: str,
    options: Options,
    policies: Policies,
    revision: str | None,
    as_json: bool,
) -> int:
    """Say whether a checkpoint fits a model: what a load would do, or everything that is in its way.

    MODEL is a registered name, module:Class, module:function, a directory with a config.json, or a manifest file, for
    which MindSpore is not imported. A preset may lack the head that the published model has, and has to fit what is
    there, as with
    `from_pretrained`. CHECKPOINT is a .safetensors or .ckpt file, one of PyTorch (.bin, .pt, .pth) or of llama.cpp
    (.gguf), an index with its shards, or a directory. Either may be a repository in the hub's cache, ORG/NAME. Only
    headers are read.
    """
    check_revision(revision, model, checkpoint)
    header = formats.open_checkpoint(on_disk(checkpoint, revision))
    try:
        header, adapters = policies.adapted(header)
        found = find(model, attrs.evolve(options, revision=revision)).beside(header, policies.rules)
        manifest = found.manifest
        plan = policies.fitted(found, header)
    except CheckpointError as error:
        return _answers.say_no(error, policies.adapters, as_json=as_json)
    if not isinstance(plan, loading.LoadPlan):
        shell = Shell(settable=not Path(model).is_file())
        message = plan.text(shell)
        if as_json:
            document = {"fits": False, "message": message, **_answers.mismatch_json(plan, shell), "plan": None}
            say_json({**document, "ignored_config": list(found.ignored_config)})
        else:
            _print(message)
        return _NO
    plan = attrs.evolve(plan, adapters=adapters)
    if as_json:
        document = {"fits": True, "message": str(plan), "problems": [], "causes": [], "plan": _answers.plan_json(plan)}
        say_json({**document, "ignored_config": list(found.ignored_config)})
    else:
        ignored = f"ignored config: {', '.join(found.ignored_config)}\n" if found.ignored_config else ""
        _print(f"{plan}\n{ignored}{manifest.model} fits {printable(str(header.path))}")
    return 0


def _print(text: str) -> None:
    say(printable_lines(text))
