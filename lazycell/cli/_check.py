"""`lazycell check`: does a checkpoint fit a model, and if not, why?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from .. import formats, loading
from .._errors import CheckpointError
from ..show import printable, printable_lines, say, say_json
from . import _answers
from ._completion import complete_files, complete_models
from ._model import Model, Options, find, model_options
from ._on_disk import check_revision, on_disk, revision_option
from ._page_option import check_page, page_option
from ._policies import Policies, policy_options
from ._shell import Shell

if TYPE_CHECKING:
    from ..mismatch import Mismatch

_NO = 1

_EPILOG = """\b
Examples:
  lazycell check bert-base-uncased model/
  lazycell check models.bert:BertModel model.safetensors --config config.json
  lazycell check manifest.json model.safetensors --missing "pooler.*" --unexpected ignore
  lazycell check mindcv.models:resnet50 resnet50.pth
  lazycell check llama-3.2-1b model/ --adapter adapter/
  lazycell check bert-base-uncased old.ckpt --rename "bert.{*rest}={*rest}"
  lazycell check bert-base-uncased model/ --html check.html

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
@page_option("Write a page to look at: the model beside what a load finds for it, fitting or not.")
def check(
    model: str,
    checkpoint: str,
    options: Options,
    policies: Policies,
    revision: str | None,
    as_json: bool,
    page: Path | None,
) -> int:
    """Say whether a checkpoint fits a model: what a load would do, or everything that is in its way.

    MODEL is a registered name, module:Class, module:function, a directory with a config.json, or a manifest file, for
    which MindSpore is not imported. A preset may lack the head that the published model has, and has to fit what is
    there, as with
    `from_pretrained`. CHECKPOINT is a .safetensors or .ckpt file, one of PyTorch (.bin, .pt, .pth) or of llama.cpp
    (.gguf), an index with its shards, or a directory. Either may be a repository in the hub's cache, ORG/NAME. Only
    headers are read.
    """
    if page is not None:
        check_page(page)
    check_revision(revision, model, checkpoint)
    wrote: str | None = None
    header = formats.open_checkpoint(on_disk(checkpoint, revision))
    try:
        header, adapters = policies.adapted(header)
        found = find(model, attrs.evolve(options, revision=revision)).beside(header, policies.rules)
        plan = policies.fitted(found, header)
    except CheckpointError as error:
        status = _answers.say_no(error, policies.adapters, as_json=as_json)
        if page is not None:
            asked, said = find(model, attrs.evolve(options, revision=revision)), str(error)
            wrote = _answers.write_page(page, lambda: _answers.refused_page(asked, header, checkpoint, said))
            _answers.tell_page(wrote, aside=as_json)
        return status
    shell = Shell(settable=not Path(model).is_file())
    if page is not None:
        wrote = _answers.write_page(page, lambda: _answers.fitted_page(found, header, checkpoint, plan, shell))
    answered = _answer(found, header, plan, shell, adapters, as_json=as_json)
    if wrote is not None:
        _answers.tell_page(wrote, aside=as_json)
    return answered


def _answer(
    found: Model,
    header: formats.CheckpointHeader,
    plan: loading.LoadPlan | Mismatch,
    shell: Shell,
    adapters: tuple[loading.AppliedAdapter, ...],
    *,
    as_json: bool,
) -> int:
    if not isinstance(plan, loading.LoadPlan):
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
        _print(f"{plan}\n{ignored}{found.manifest.model} fits {printable(str(header.path))}")
    return 0


def _print(text: str) -> None:
    say(printable_lines(text))
