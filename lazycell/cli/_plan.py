"""`lazycell plan`: what the ranks of a mesh read of a checkpoint, and what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs
import click

from .. import formats, loading
from .._errors import CheckpointError
from .._location import did_you_mean
from ..manifest import Manifest, RankGroups, groups_on
from ..mesh import Mesh
from ..show import printable_lines, say, say_json
from . import _answers
from ._completion import complete_files, complete_models
from ._mesh_option import axes_of
from ._model import Options, find, model_options
from ._on_disk import check_revision, on_disk, revision_option
from ._policies import Policies, policy_options
from ._shell import Shell

_NO = 1

_EPILOG = """\b
Examples:
  lazycell plan qwen3-0.6b model/ --mesh tp=8,pp=4            all ranks
  lazycell plan qwen3-0.6b model/ --mesh tp=8,pp=4 --rank 3   one of them
  lazycell plan manifest.json model/ --mesh dp=10,tp=4,pp=64 --json
  lazycell plan my.models:Net net.safetensors --mesh tp=2 --whole vocab_size

\b
Exit status: 0 it fits; 1 it does not; 2 trouble, which stderr explains: the
mesh cannot divide the model, say.
"""


@click.command(epilog=_EPILOG, short_help="Say what the ranks of a mesh read of a checkpoint, and hold.")
@click.argument("model", shell_complete=complete_models)
@click.argument("checkpoint", type=click.Path(), shell_complete=complete_files)
@click.option("--mesh", metavar="AXIS=N,...", required=True, help="How ranks are arranged: tp=8,pp=4.")
@click.option("--rank", type=click.IntRange(min=0), metavar="N", help="Plan for this rank, from 0; default: for all.")
@click.option(
    "--whole", multiple=True, metavar="NAME", help="Leave a hyperparameter whole on every rank; repeat it for several."
)
@model_options
@policy_options
@revision_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; of one rank, with its plan.")
def plan(
    model: str,
    checkpoint: str,
    mesh: str,
    rank: int | None,
    whole: tuple[str, ...],
    options: Options,
    policies: Policies,
    revision: str | None,
    as_json: bool,
) -> int:
    """Say what each rank of a mesh reads of a checkpoint, and what it holds. Nothing is built, on any machine.

    MODEL is a registered name, module:Class, a directory with a config.json, or a manifest file, for which MindSpore is
    not imported; what ranks divide is what its classes say with `divide`. CHECKPOINT is anything that `lazycell check`
    takes; only headers are read. With --rank the plan of one rank is shown; without it ranks that hold as much, of
    parameters that are alike, are one line.
    """
    ranks = _mesh(mesh, rank, whole)
    check_revision(revision, model, checkpoint)
    path = on_disk(checkpoint, revision)
    found = find(model, attrs.evolve(options, revision=revision))
    if found.config is None:  # else the checkpoint has the last word on some arguments
        _groups(found.manifest, ranks)
    header = formats.open_checkpoint(path)
    try:
        header, adapters = policies.adapted(header)
        found = found.beside(header, policies.rules)
        groups = _groups(found.manifest, ranks)
        fitted = policies.fitted(found, header)
    except CheckpointError as error:
        return _answers.say_no(error, policies.adapters, as_json=as_json)
    if not isinstance(fitted, loading.LoadPlan):
        shell = Shell(settable=not Path(model).is_file())
        message = fitted.text(shell)
        if as_json:
            say_json({"fits": False, "message": message, **_answers.mismatch_json(fitted, shell)})
        else:
            say(printable_lines(message))
        return _NO
    fitted = attrs.evolve(fitted, adapters=adapters)
    answer = _answers.AllRanks(found.manifest, header, groups, fitted)
    if as_json:
        say_json(answer.json() if rank is None else answer.json_of(rank))
    elif rank is None:
        answer.say()
    else:
        answer.say_of(rank)
    return 0


def _mesh(text: str, rank: int | None, whole: tuple[str, ...]) -> Mesh:
    axes: Mapping[str, int] = axes_of(text)
    if "rank" in axes:
        raise click.UsageError(f"--mesh {text}: no axis can be called rank; which rank is asked for says --rank")
    try:
        return Mesh(rank=rank or 0, **axes).leaving(whole)
    except ValueError as error:
        raise click.UsageError(f"--{error}".replace("--rank=", "--rank ", 1)) from None


def _groups(model: Manifest, mesh: Mesh) -> RankGroups:
    try:
        groups = groups_on(model, mesh)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    for name in sorted(mesh.whole.difference(groups.divided)):
        hint = did_you_mean(name, groups.divided) or f"; what is: {', '.join(groups.divided) or 'nothing'}"
        raise click.UsageError(f"--whole {name}: no hyperparameter of {model.model} that ranks divide{hint}")
    return groups
