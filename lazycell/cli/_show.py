"""`lazycell show`: what a model is made of, and what it takes."""

from __future__ import annotations

import functools
from pathlib import Path

import click

from ..show import put
from . import _answers
from ._complete_values import complete_optimizers
from ._completion import complete_models, complete_sides
from ._mesh_option import axes_of
from ._model import Options, find, model_options
from ._page_option import check_page, page_option
from ._side import find_other, with_source

_EPILOG = """\b
Examples:
  lazycell show bert-base-uncased                        a tree of its cells
  lazycell show bert-large-uncased --depth 1             its main parts alone
  lazycell show models.bert:BertModel --set num_hidden_layers=2 --table
  lazycell show bert-base-uncased --by dtype             sizes
  lazycell show bert-base-uncased --optimizer adam --gradients
  lazycell show qwen3-0.6b --length 32768 --batch 8      with the cache of keys and values
  lazycell show bert-base-uncased --card bert.md         a page for a repository: a model card
  lazycell show bert-base-uncased --html bert.html       a page to look at
  lazycell show bert-base-uncased --against bert-base-cased --html both.html

\b
Exit status: 0 done; 2 trouble.
"""

_KINDS = ("module", "dtype", "tag", "trainable")


@click.command(epilog=_EPILOG, short_help="Show what a model is made of, and what it takes.")
@click.argument("model", metavar="MODEL", shell_complete=complete_models)
@click.option("--table", "as_table", is_flag=True, help="A row for each parameter, with its declared shape.")
@click.option(
    "--depth", type=click.IntRange(min=1), metavar="N", help="Levels of the tree, or of the paths of --by module."
)
@click.option("--by", "kind", type=click.Choice(_KINDS), help="Sum up by this.")
@click.option(
    "--optimizer",
    metavar="NAME",
    shell_complete=complete_optimizers,
    help="Count the state that an optimizer keeps, as adam.",
)
@click.option("--gradients", is_flag=True, help="Count gradients.")
@click.option("--mesh", metavar="AXIS=N,...", help="Say what one rank of a mesh holds: tp=8,dp=2.")
@click.option(
    "--length",
    type=click.IntRange(min=1),
    metavar="N",
    help="Count the cache of keys and values of texts of N positions.",
)
@click.option("--batch", type=click.IntRange(min=1), metavar="N", help="With --length: so many texts; default 1.")
@click.option(
    "--source-length",
    type=click.IntRange(min=1),
    metavar="N",
    help="With --length: positions of the text that an encoder reads; default: the same.",
)
@click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as JSON; of sizes, those.")
@click.option(
    "--card",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="OUT",
    help="Write a model card, in Markdown; - prints it.",
)
@page_option("Write one page to look at.")
@click.option(
    "--against",
    metavar="OTHER",
    shell_complete=complete_sides,
    help="With --html: another model, manifest or checkpoint, side by side.",
)
@model_options
def show(
    model: str,
    as_table: bool,
    depth: int | None,
    kind: str | None,
    optimizer: str | None,
    gradients: bool,
    mesh: str | None,
    length: int | None,
    batch: int | None,
    source_length: int | None,
    as_markdown: bool,
    as_json: bool,
    card: Path | None,
    page: Path | None,
    against: str | None,
    options: Options,
) -> None:
    """Show what a model is made of; no values are drawn, however large it is.

    MODEL is a name that `lazycell models` lists, module:Class, module:function, a directory with a config.json, or a
    manifest file.
    Without an option it is a tree of cells, in which layers that are alike share a branch; what a branch takes is
    that of all its layers together.
    """
    sums = {"--by": kind, "--optimizer": optimizer, "--gradients": gradients, "--mesh": mesh, "--length": length}
    summed = next((name for name, value in sums.items() if value), None)
    forms = {"--table": as_table, "--markdown": as_markdown, "--card": card is not None, "--html": page is not None}
    forms |= {summed or "--by": bool(summed)}
    chosen = [name for name, value in forms.items() if value]
    if as_json and chosen != [summed]:
        chosen.append("--json")
    if len(chosen) > 1:
        raise click.UsageError(f"{chosen[0]} and {chosen[1]} are two ways to show it: choose one")
    if depth is not None and (kind != "module" if chosen else as_json):
        raise click.UsageError("--depth goes with the tree, and with --by module")
    if against is not None and page is None:
        raise click.UsageError("--against goes with --html OUT; `lazycell diff` compares in the terminal")
    asked = {"batch": batch, "length": length, "source_length": source_length}
    cache = {name: value for name, value in asked.items() if value is not None}
    if cache and length is None:
        raise click.UsageError("--batch and --source-length are those of a cache of keys and values: add --length N")
    axes = None if mesh is None else axes_of(mesh)
    if page is not None:
        check_page(page)
    if card is not None and card.is_dir():
        raise click.UsageError(f"--card {card} is a directory: give the name of a file, {card / 'card.md'}")

    asked_for = find(model, options)
    found = asked_for.manifest
    if page is not None:
        named = with_source(asked_for)
        other = None if against is None else find_other(asked_for, against)
        _answers.tell_page(_answers.write_page(page, lambda: named.to_html(other)))
    elif card is not None:
        _answers.write_card(card, asked_for, model if asked_for.config is not None and options.given is None else None)
    elif summed:
        sums_of = functools.partial(_answers.print_sizes, optimizer=optimizer, gradients=gradients, mesh=axes)
        sums_of(found, kind, depth=depth or 1, as_json=as_json, cache=cache)
    elif as_json:
        put(found.to_json())
    else:
        if as_table:
            _answers.print_text(str(found))
        elif as_markdown:
            _answers.print_text(found.to_markdown(), as_it_is=True)
        else:
            _answers.print_tree(found, depth, asked_for.classes)
