"""`lazycell inspect`: what a checkpoint holds, from its headers alone."""

from __future__ import annotations

from pathlib import Path

import click

from .. import formats, gate, show
from ..manifest import manifest_of_header
from ..show import printable
from ..sources import adapters
from . import _answers
from ._completion import complete_models
from ._on_disk import check_revision, on_disk, revision_option
from ._page_option import check_page, page_option

_EPILOG = """\b
Examples:
  lazycell inspect model.safetensors
  lazycell inspect model/
  lazycell inspect model/ --no-class --all
  lazycell inspect model-Q4_K_M.gguf
  lazycell inspect checkpoint.ckpt --json
  lazycell inspect adapter/
  lazycell inspect resnet50.pth --model mindcv.models:resnet50
  lazycell inspect model/ --html model.html

\b
Exit status: 0 done, whatever it fits; 2 trouble, which stderr explains.
"""


@click.command(epilog=_EPILOG, short_help="Say what a checkpoint holds, and which models it fits.")
@click.argument("checkpoint", type=click.Path())
@click.option("--all", "every", is_flag=True, help="List every tensor, with its place in the file.")
@click.option(
    "--no-class", is_flag=True, help="Do not ask the class that a config.json names: MindSpore is not imported then."
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="MODEL",
    shell_complete=complete_models,
    help="Say whether it fits this one, too: module:function, say; repeat it for several.",
)
@revision_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with every tensor.")
@page_option("Write a page to look at: the tensors, of all files together.")
def inspect(
    checkpoint: str,
    every: bool,
    no_class: bool,
    models: tuple[str, ...],
    revision: str | None,
    as_json: bool,
    page: Path | None,
) -> None:
    """Say what a checkpoint holds: tensors, sizes, metadata, and which registered models it fits.

    CHECKPOINT is a .safetensors or .ckpt file, one of PyTorch (.bin, .pt, .pth) or of llama.cpp (.gguf), an index with
    its shards, a directory, or a repository in the hub's cache, ORG/NAME; or an adapter of PEFT, as a directory. Only
    headers are read, so that this takes no time however large the checkpoint is. Of a directory with a config.json, and
    of a .gguf, it is also told whether the checkpoint fits the class that is asked for there, as `lazycell check` and a
    load find it: for that, and for a --model, MindSpore is imported.
    """
    if page is not None:
        check_page(page)
    check_revision(revision, checkpoint)
    path = on_disk(checkpoint, revision)
    adapter = adapters.adapter_file(path) if path.is_dir() else None
    if adapter is not None:
        if models:
            raise click.UsageError(
                f"--model: {printable(str(path))} is an adapter, which fits a model's checkpoint: "
                f"`lazycell check {printable(models[0])} BASE --adapter DIR` tells whether both fit"
            )
        header = formats.open_checkpoint(adapter)
        wrote = _write(page, header, checkpoint)
        _answers.tell_adapter(path, header, every=every, as_json=as_json)
        _tell(wrote, aside=as_json)
        return
    header = formats.open_checkpoint(path)
    fitting = gate.candidates(header, gate.committed_manifests())
    named = {each: _answers.fits_model(each, header) for each in models}
    asked = _answers.asked_for(path, header) if not no_class and (path.is_dir() or header.format == "gguf") else None
    wrote = _write(page, header, checkpoint)
    if as_json:
        show.say_json(_answers.contents_json(header, fitting, asked, named))
    else:
        _answers.print_contents(header, fitting, asked, named, every=every)
    _tell(wrote, aside=as_json)


def _write(page: Path | None, header: formats.CheckpointHeader, checkpoint: str) -> str | None:
    if page is None:
        return None
    return _answers.write_page(page, lambda: manifest_of_header(header, checkpoint).to_html())


def _tell(wrote: str | None, *, aside: bool) -> None:
    if wrote is not None:
        _answers.tell_page(wrote, aside=aside)
