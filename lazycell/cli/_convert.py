"""`lazycell convert`: a checkpoint as another, without a model unless for the names of its cells."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import click

from .. import saving
from ..show import complain, printable, say_json, say_lines
from . import _answers
from ._adapter_option import adapter_option, adapters_of
from ._completion import complete_files, complete_models
from ._model import Options, settings_of
from ._on_disk import check_revision, on_disk, revision_option
from ._overwrite import destination_at
from ._renames import checked, rules_in, rules_of

_EPILOG = """\b
Examples:
  lazycell convert model.ckpt model.safetensors
  lazycell convert model.safetensors half.safetensors --dtype bfloat16
  lazycell convert model/ sharded.safetensors --max-shard-size 2GB
  lazycell convert model/ merged.safetensors --adapter adapter/
  lazycell convert model/ merged.safetensors --adapter a/=0.7 --adapter b/=0.3
  lazycell convert old.safetensors new.safetensors --rename "encoder.{*rest}=bert.encoder.{*rest}"
  lazycell convert model-Q4_K_M.gguf half.safetensors --dtype float16
  lazycell convert resnet50.pth resnet50.ckpt --to-names mindspore --model mindcv.models:resnet50

\b
Exit status: 0 done; 2 trouble: what was there is as it was.
"""


@click.command(epilog=_EPILOG, short_help="Convert a checkpoint: format, dtype, names, number of files.")
@click.argument("src", metavar="SRC", type=click.Path(), shell_complete=complete_files)
@click.argument("dst", metavar="DST", shell_complete=complete_files)
@click.option("--dtype", metavar="DTYPE", help="Of floating-point tensors, as bfloat16; default: their own.")
@click.option("--rename", "renames", multiple=True, metavar="OLD=NEW", help="Rename; {i} and {*rest} are captures.")
@click.option(
    "--rename-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help='Rename as a JSON object says: {"OLD": "NEW"}.',
)
@click.option(
    "--to-names",
    type=click.Choice(("mindspore", "torch")),
    help="Write MindSpore's names (gamma) or PyTorch's (weight), as the cells of --model tell them.",
)
@click.option(
    "--model",
    metavar="MODEL",
    shell_complete=complete_models,
    help="With --to-names: what builds the net, as module:function.",
)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="An argument of --model; JSON, or text.")
@click.option("--max-shard-size", metavar="SIZE", help="Bytes of one file, as 2GB; above that, several with an index.")
@click.option("--format", type=click.Choice(("safetensors", "ckpt")), help="Default: as the name of DST says.")
@adapter_option
@click.option("--force", is_flag=True, help="Replace a checkpoint that is there.")
@revision_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def convert(
    src: str,
    dst: str,
    dtype: str | None,
    renames: tuple[str, ...],
    rename_file: Path | None,
    to_names: str | None,
    model: str | None,
    settings: tuple[str, ...],
    max_shard_size: str | None,
    format: str | None,
    adapter: tuple[str, ...],
    force: bool,
    revision: str | None,
    as_json: bool,
) -> None:
    """Read the checkpoint SRC and write it as DST, with a checksum for every tensor.

    SRC is a .safetensors or .ckpt file, one of PyTorch (.bin, .pt, .pth) or of llama.cpp (.gguf), an index with its
    shards, a directory, or a repository in the hub's cache, ORG/NAME; DST a name that ends in .safetensors or .ckpt, or
    a directory. Needs no MindSpore, and little memory: the data streams. With --to-names it passes through the net that
    --model builds, and has to fit it.
    """
    if (to_names is None) != (model is None):
        raise click.UsageError(
            "--model goes with --to-names torch or --to-names mindspore"
            if to_names is None
            else f"--to-names {to_names} needs --model module:function: the cells of the net tell the names"
        )
    if adapter and to_names is not None:
        raise click.UsageError(
            "--adapter does not go with --to-names: merge first, and convert the names of what that writes"
        )
    adapters = adapters_of(adapter)
    if settings and model is None:
        raise click.UsageError("--set goes with --model")
    check_revision(revision, src)
    source = on_disk(src, revision)
    if not source.exists():
        raise click.UsageError(f"there is nothing at {source}")
    rules = checked({**rules_in(rename_file), **rules_of(renames)})
    try:
        saving.floating_dtype(dtype)
    except ValueError as error:
        raise click.UsageError(_answers.in_options(error)) from None
    except TypeError as error:
        raise click.UsageError(f"--dtype: {error}") from None
    destination = destination_at(dst, format, max_shard_size, force=force)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RuntimeWarning)
        if model is not None and to_names is not None:
            options = Options(settings_of(settings))
            report = _answers.convert_names(
                source, destination, model=model, options=options, names=to_names, dtype=dtype, rename=rules
            )
        else:
            report = saving.convert(
                source,
                destination.given,
                dtype=dtype,
                rename=rules,
                max_shard_size=destination.most,
                format=destination.format,
                adapter=adapters,
            )

    losses = [printable(str(each.message)) for each in caught]
    for loss in losses:
        complain(f"lazycell: {loss}")
    if as_json:
        found: dict[str, Any] = {
            "source": str(source),
            "path": str(report.path),
            "files": [str(path) for path in report.paths],
            "tensors": report.tensors,
            "bytes": report.nbytes,
            "seconds": report.seconds,
            "warnings": losses,
        }
        say_json(found)
    else:
        say_lines([str(report)])
