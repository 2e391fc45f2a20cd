"""`lazycell inspect`: what a checkpoint holds, from its headers alone."""

from __future__ import annotations

import json

import click

from .. import formats, gate
from . import _answers
from ._on_disk import check_revision, on_disk, revision_option

_EPILOG = """\b
Examples:
  lazycell inspect model.safetensors
  lazycell inspect model/ --all
  lazycell inspect checkpoint.ckpt --json
"""


@click.command(epilog=_EPILOG, short_help="Say what a checkpoint holds, and which models it fits.")
@click.argument("checkpoint", type=click.Path())
@click.option("--all", "every", is_flag=True, help="List every tensor, with its place in the file.")
@revision_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with every tensor.")
def inspect(checkpoint: str, every: bool, revision: str | None, as_json: bool) -> None:
    """Say what a checkpoint holds: tensors, sizes, metadata, and which registered models it fits.

    CHECKPOINT is a .safetensors or .ckpt file, one of PyTorch (.bin, .pt, .pth), an index with its shards, a directory,
    or a repository in the hub's cache, ORG/NAME. Only headers are read, and MindSpore is not imported, so that this
    takes no time however large the checkpoint is.
    """
    check_revision(revision, checkpoint)
    header = formats.open_checkpoint(on_disk(checkpoint, revision))
    fitting = gate.candidates(header, gate.committed_manifests())
    if as_json:
        print(json.dumps(_answers.contents_json(header, fitting), indent=2))
    else:
        _answers.print_contents(header, fitting, every=every)
