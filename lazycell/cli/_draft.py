"""`lazycell draft`: the classes that declare a checkpoint, as a file to go on from."""

from __future__ import annotations

import keyword
import os
import shlex
from pathlib import Path

import click

from .. import drafting, system
from ..show import put, say_json, say_lines
from ._completion import complete_files
from ._model import Options, find
from ._on_disk import check_revision, on_disk, revision_option

_EPILOG = """\b
Examples:
  lazycell draft model/ -o model.py
  lazycell draft model.safetensors --config config.json -o model.py
  lazycell draft small/ large/ -o model.py                  two of a family decide what one leaves open
  lazycell draft resnet50.pth --name ResNet50
  lazycell draft --cell mindcv.models:resnet18 -o model.py

\b
Then: lazycell check model:ResNet50 resnet50.pth
Exit status: 0 done; 2 trouble: what was there is as it was.
"""


@click.command(epilog=_EPILOG, short_help="Write the classes that declare a checkpoint; what they compute is yours.")
@click.argument("checkpoints", metavar="CHECKPOINT...", nargs=-1, shell_complete=complete_files)
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Where; default: stdout.")
@click.option(
    "--config",
    "configs",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The config.json of a checkpoint; repeat it, for each in order, and for others of the family.",
)
@click.option(
    "--cell", metavar="MODEL", help="Instead of CHECKPOINT: module:function, which gives a net of plain cells."
)
@click.option("--name", metavar="NAME", help="Of the class of the whole; default: as the config or the file is called.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@revision_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: the text, and what is undecided.")
def draft(
    checkpoints: tuple[str, ...],
    output: Path | None,
    configs: tuple[Path, ...],
    cell: str | None,
    name: str | None,
    force: bool,
    revision: str | None,
    as_json: bool,
) -> None:
    """Write LazyCell classes whose manifest is what a checkpoint holds: every name, shape and dtype.

    Layers that repeat are children, sizes are named from the config, and comments say what the file could not decide.
    Each `construct` raises until it is written. Only headers are read; MindSpore is imported for the trial of what was
    written.
    """
    if (cell is None) == (not checkpoints):
        raise click.UsageError("write a CHECKPOINT, or --cell module:function, and not both")
    if cell is not None and configs:
        raise click.UsageError("--config does not go with --cell: a net has its sizes")
    check_revision(revision, *checkpoints)
    if name is not None and (not name.isidentifier() or keyword.iskeyword(name)):
        raise click.UsageError(f"--name {shlex.quote(name)}: a class cannot be called so: write --name ResNet50")
    if output is not None:
        _check_output(output, force=force)
    paths = [on_disk(each, revision) for each in checkpoints]
    for path in (*paths, *configs):
        if not path.exists():
            raise click.UsageError(f"there is nothing at {path}")
    sources = paths if cell is None else [find(cell, Options()).manifest]
    made = drafting.draft(*sources, config=configs or None, name=name)
    if output is not None:
        system.write_whole(output, made.text)
    if as_json:
        say_json(
            {
                "model": made.model,
                "path": None if output is None else str(output),
                "classes": list(made.classes),
                "undecided": list(made.undecided),
                "text": made.text,
            }
        )
    elif output is None:
        put(made.text)
    else:
        open_ends = f", {len(made.undecided)} comments on what could not be told" if made.undecided else ""
        classes = "1 class" if len(made.classes) == 1 else f"{len(made.classes)} classes"
        by = f" --config {shlex.quote(str(configs[0]))}" if configs else ""
        say_lines(
            [
                f"wrote {output}: {made.model}, {classes}{open_ends}",
                f"next: {_next(f'{_module(output)}:{made.model}', checkpoints, cell)}{by}",
            ]
        )


def _module(output: Path) -> str:
    """Give the name by which Python, started here, imports a file; its own where it lies elsewhere."""
    here = not output.is_absolute() and ".." not in output.parts
    return ".".join(output.with_suffix("").parts) if here else output.stem


def _next(model: str, checkpoints: tuple[str, ...], cell: str | None) -> str:
    """Say how what was written is held against what it was written from."""
    if cell is not None:
        return f"lazycell diff {model} {shlex.quote(cell)}"
    return f"lazycell check {model} {shlex.quote(checkpoints[0])}"


def _check_output(output: Path, *, force: bool) -> None:
    if output.is_dir():
        raise click.UsageError(f"-o {output}: that is a directory: write -o {output / 'model.py'}")
    if os.path.lexists(output) and not force:
        raise click.UsageError(f"{output} exists: write --force to replace it, or give another name")
