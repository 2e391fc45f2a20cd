"""What ranks cost, beside what they are meant to: `python -m benchmarks.ranks`, one process a rank, without `msrun`.

The checkpoint is of a decoder, 1 GB in bfloat16 (with NumPy 2 in float16), in five files, which are deleted afterwards.
All ranks of a mesh begin at once. What a figure is held against was measured in the same run, by turns with it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from . import _machine, _rank_costs, _rank_loads
from ._decoder import Decoder
from ._rank_figures import Figure, report
from ._rank_processes import RankError
from ._rank_saves import saves
from ._text import nbytes

_PACKAGES = ("lazycell", "mindspore", "numpy", "safetensors")

LARGE = Decoder(layers=9, hidden=2048, inner=5632, heads=32, key_heads=4, words=32000)
SMALL = Decoder(layers=1, hidden=1024, inner=2048, heads=8, key_heads=2, words=1000)
MESHES = (2, 4)
"""Ranks along `tp`."""
COPIES: Mapping[str, int] = {"dp": 2, "tp": 2}

_PARTS = ("bytes", "disk", "peer", "saves", "plans", "alone", "kills")


def measure(
    parts: tuple[str, ...], *, quick: bool, rounds: int, pairs: int, kills: int, directory: Path | None
) -> Iterator[Figure]:
    """Give the figures of the parts that are asked for, one after the other.

    Raises:
        RankError: the process of a rank failed.
    """
    decoder, meshes, layers = (SMALL, MESHES[:1], 2) if quick else (LARGE, MESHES, 32)
    judged = not quick
    with tempfile.TemporaryDirectory(prefix="lazycell-benchmarks-", dir=directory) as folder:
        index = _rank_loads.checkpoint(Path(folder), decoder)
        total = _rank_loads.nbytes_of(decoder)
        work = f"{nbytes(total)} {_rank_loads.DTYPE} in {_rank_loads.SHARDS} files"
        if "bytes" in parts:
            yield from _rank_loads.bytes_and_memory(index, meshes, rounds, work)
        if "disk" in parts:
            divided = [{"tp": ranks} for ranks in meshes]
            yield from _rank_loads.from_disk(index, [*divided, COPIES], total, work)
        if "peer" in parts:
            yield from _rank_loads.beside_mindspore(index, decoder, meshes, rounds, work, judged=judged)
        if "saves" in parts:
            yield from saves(index, meshes, rounds, f"{nbytes(total)} bfloat16, one file", judged=judged)
    if "plans" in parts:
        yield from _rank_costs.plans(rounds, quick=quick)
    if "alone" in parts:
        yield from _rank_costs.alone(pairs, layers, judged=judged)
    if "kills" in parts:
        for during in _rank_costs.KILLS:
            yield _rank_costs.kills(during, kills)


@click.command(help="Measure what ranks cost, and print a Markdown table of targets.")
@click.option("--quick", is_flag=True, help="A small checkpoint, one mesh and round: tells whether everything runs.")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="Of each load and save.")
@click.option("--pairs", type=click.IntRange(min=1), default=11, show_default=True, help="Builds with a mesh of one.")
@click.option("--kills", type=click.IntRange(min=0), default=0, show_default=True, help="Of ranks in saves, and loads.")
@click.option("--only", multiple=True, type=click.Choice(_PARTS), help="A part of the table; may be given again.")
@click.option(
    "--directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where the checkpoint is written, on a disk; default: the system's for temporary files.",
)
def main(quick: bool, rounds: int, pairs: int, kills: int, only: tuple[str, ...], directory: Path | None) -> None:
    """Measure, print, and fail where a target is missed."""
    rounds, pairs = (1, 1) if quick else (rounds, pairs)
    figures: list[Figure] = []
    try:
        for each in measure(only or _PARTS, quick=quick, rounds=rounds, pairs=pairs, kills=kills, directory=directory):
            click.echo(f"{each.what}, {each.workload}: {each.measured}", err=True)
            figures.append(each)
    except RankError as error:
        raise click.ClickException(str(error)) from None
    click.echo(report(figures))
    machine = _machine.describe()
    about = f"{machine['processor']}, {machine['cores']} cores, {nbytes(float(machine['memory']))}, {machine['date']}"
    click.echo(f"\n{about}")
    versions = _machine.versions(sys.executable, _PACKAGES)
    click.echo(", ".join(f"{package} {version}" for package, version in versions.items()))
    sys.exit(1 if any(each.met is False for each in figures) else 0)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.ranks")
