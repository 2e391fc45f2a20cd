"""`lazycell init`: a checkpoint of a model's initial values."""

from __future__ import annotations

import click

import lazycell

from ..show import say_json, say_lines
from ._completion import complete_models
from ._interrupt import interrupts_held
from ._model import Options, find, model_options
from ._overwrite import destination_at

_EPILOG = """\b
Examples:
  lazycell init bert-tiny -o tiny.safetensors --seed 1
  lazycell init bert-tiny -o tiny.ckpt --seed 1 --dtype float16
  lazycell init models.bert:BertModel --set num_hidden_layers=2 -o small.safetensors --seed 0 --force
  lazycell init bert-base-uncased -o base.safetensors --seed 1 --max-shard-size 200MB --json

\b
Exit status: 0 done; 2 trouble: what was there is as it was.
"""


@click.command(epilog=_EPILOG, short_help="Write a checkpoint of a model's initial values.")
@click.argument("model", metavar="MODEL", shell_complete=complete_models)
@click.option("-o", "--output", required=True, metavar="FILE", help="Where: .safetensors, .ckpt, or a directory.")
@click.option("--seed", required=True, type=click.IntRange(min=0), metavar="N", help="The same gives the same bytes.")
@click.option("--max-shard-size", metavar="SIZE", help="Bytes of one file, as 2GB; above that, several with an index.")
@click.option("--force", is_flag=True, help="Replace a checkpoint that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@model_options
def init(
    model: str,
    output: str,
    seed: int,
    max_shard_size: str | None,
    force: bool,
    as_json: bool,
    options: Options,
) -> None:
    """Build a model, draw its initial values from a seed, and save them.

    Every parameter has a stream of its own, keyed by the seed and its name: a seed gives the same file each time.
    """
    destination = destination_at(output, None, max_shard_size, force=force)
    found = find(model, options)
    net = found.build()
    with interrupts_held() as let_through:
        lazycell.init_parameters_data(net, seed)
        let_through()
        report = lazycell.save_checkpoint(
            net,
            destination.given,
            format=destination.format,
            max_shard_size=destination.most,
        )
    manifest = lazycell.manifest(net)
    if as_json:
        say_json(
            {
                "model": manifest.model,
                "seed": seed,
                "stream_version": manifest.stream_version,
                "digest": manifest.digest,
                "path": str(report.path),
                "files": [str(path) for path in report.paths],
                "tensors": report.tensors,
                "bytes": report.nbytes,
                "seconds": report.seconds,
            }
        )
    else:
        say_lines([f"{manifest.model}, seed {seed}, digest {manifest.digest[:12]}: {report}"])
