"""`lazycell manifest`: a model's manifest, and the gate that holds a zoo against those that were committed."""

from __future__ import annotations

from pathlib import Path

import click

from .. import system
from ..show import harmless, put, say
from . import _answers
from ._model import Options, find, model_options

_EPILOG = """\b
Examples:
  lazycell manifest bert-base-uncased                    a table
  lazycell manifest bert-tiny -o tiny.json               for tools, and for diff, check and show
  lazycell manifest models.bert:BertModel --set num_hidden_layers=2 --markdown
  lazycell manifest --check                              do all presets have the manifests that are committed?
  lazycell manifest --check "bert-*" --json              some of them, for a script
  lazycell manifest --accept "queries and keys share a projection" bert-tiny

\b
Exit status: 0 done, or as committed; 1 something differs, or a rename lacks its migration; 2 trouble.
"""


@click.command(epilog=_EPILOG, short_help="Print a model's manifest, or hold a zoo against what is committed.")
@click.argument("names", nargs=-1, metavar="MODEL | PATTERN...")
@click.option("--json", "as_json", is_flag=True, help="Print canonical JSON; of the gate, one document.")
@click.option("--collapsed", is_flag=True, help="In JSON: layers that are alike in one line.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to a file instead: JSON if it ends in .json, Markdown if in .md, unless an option says another form.",
)
@click.option("--check", "checked", is_flag=True, help="Hold presets against their committed manifests.")
@click.option("--accept", "reason", metavar="REASON", help="Commit the manifests that differ, and why they do.")
@click.option("--without-migration", is_flag=True, help="With --accept: older checkpoints need not load.")
@click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where committed manifests are; else `manifests` in the package of each model.",
)
@model_options
def manifest(
    names: tuple[str, ...],
    as_json: bool,
    collapsed: bool,
    as_markdown: bool,
    output: Path | None,
    checked: bool,
    reason: str | None,
    without_migration: bool,
    directory: Path | None,
    options: Options,
) -> int:
    """Print every parameter of a model: name, shape, dtype, initializer; nothing is built.

    With --check, hold presets against the manifests that are committed beside their models, one file each, and say
    what differs; PATTERNs choose presets, by name, class or family. With --accept, write what differs, and the reason
    into CHANGES.md beside the files. What seems to be renamed is accepted once `lazycell migrate` has kept the old
    names, so that no checkpoint is lost.
    """
    printing = {
        "--collapsed": collapsed,
        "--markdown": as_markdown,
        "-o": output is not None,
        options.given or "--set": options.given is not None,
    }
    if checked or reason is not None:
        mode = "--accept" if reason is not None else "--check"
        _refuse(printing, f"does not go with {mode}, which holds presets as they are")
        if reason is None:
            _refuse({"--without-migration": without_migration}, "goes with --accept")
            return _answers.check(names, directory, as_json)
        _refuse({"--check": checked}, "does not go with --accept: after it, nothing differs")
        return _answers.accept(reason, names, directory, without_migration=without_migration, as_json=as_json)
    _refuse({"--without-migration": without_migration, "--dir": directory is not None}, "goes with --check or --accept")
    if len(names) != 1:
        what = "Several MODELs are" if names else "No MODEL is"
        raise click.UsageError(f"{what} given: give one, or write --check to hold presets against what is committed")
    _refuse({"--markdown": as_json and as_markdown}, "does not go with --json: choose one")
    if output is not None and not (as_json or as_markdown):
        as_json, as_markdown = output.suffix.lower() == ".json", output.suffix.lower() == ".md"
    _refuse(
        {"--collapsed": collapsed and not as_json},
        "goes with JSON: write --json, or -o FILE.json; other forms are collapsed anyway",
    )
    _print(names[0], options, as_json=as_json, collapsed=collapsed, as_markdown=as_markdown, output=output)
    return 0


def _refuse(given: dict[str, bool], why: str) -> None:
    for option, is_given in given.items():
        if is_given:
            raise click.UsageError(f"{option} {why}")


def _print(
    title: str, options: Options, *, as_json: bool, collapsed: bool, as_markdown: bool, output: Path | None
) -> None:
    found = find(title, options).manifest
    if as_json:
        text = found.to_json(collapsed=collapsed)
    else:
        lines = (found.to_markdown() if as_markdown else str(found)).split("\n")
        text = "\n".join(map(harmless, lines)).rstrip("\n") + "\n"
    if output is None:
        put(text) if as_json else say(text.rstrip("\n"), as_it_is=as_markdown)
    else:
        system.write_whole(output, text)
