"""What ranks read of one checkpoint, one process a rank: `python -m benchmarks.ranks`, without `msrun`.

The checkpoint is a decoder's of 1 GB in bfloat16, in five files, which are deleted afterwards. All ranks of a mesh read
at once, from the page cache; the whole load beside them is that of one process without a mesh.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import click
import ml_dtypes
import numpy as np
from safetensors.numpy import save_file

from . import _machine
from ._decoder import Decoder
from ._text import nbytes, seconds, table

_HERE = Path(__file__).absolute().parents[1]
_SHARDS = 5
_PACKAGES = ("lazycell", "numpy", "safetensors")

LARGE = Decoder(layers=9, hidden=2048, inner=5632, heads=32, key_heads=4, words=32000)
SMALL = Decoder(layers=1, hidden=1024, inner=2048, heads=8, key_heads=2, words=1000)
MESHES = (2, 4)
"""Ranks along `tp`."""

ASKED = 1.05
"""At most so many times the sum of all parts may all ranks ask for, where runs have 512 bytes or more."""

ON_TOP = 64_000_000
"""At most so many bytes that belong to no file may a rank need beyond its parts; 16,000,000 are within reach."""


@attrs.frozen
class Row:
    """What all ranks of a mesh did: of several loads the medians.

    Attributes:
        ranks: how many; 1: the whole load, without a mesh.
        mmap: whether they mapped the files.
        slices: bytes of all their parts.
        asked: bytes that they asked of files.
        on_top: the most that one of them needed beyond its parts, of memory that belongs to no file; of ranks that map,
            all such memory: what they had to copy.
        cpu: seconds that all threads of all ranks worked.
        seconds: until the slowest had its arrays.
    """

    ranks: int
    mmap: bool
    slices: float
    asked: float
    on_top: float
    cpu: float
    seconds: float


class RankError(RuntimeError):
    """The process of a rank failed."""


def checkpoint(folder: Path, decoder: Decoder) -> Path:
    """Write a checkpoint of random values in several files; give its index."""
    shapes, files = [*decoder.shapes()], dict[str, str]()
    total = sum(2 * math.prod(shape) for _, shape in shapes)
    rng, done, batch = np.random.default_rng(0), 0, dict[str, Any]()
    for number, (name, shape) in enumerate(shapes):
        bits = rng.integers(0, 1 << 16, shape, np.uint16)
        batch[name], done = bits.view(ml_dtypes.bfloat16), done + bits.nbytes
        shard = len({*files.values()}) + 1
        if done >= total * shard / _SHARDS or number == len(shapes) - 1:
            file = f"model-{shard:05}-of-{_SHARDS:05}.safetensors"
            save_file(batch, folder / file, metadata={"format": "pt"})
            files |= dict.fromkeys(batch, file)
            batch = {}
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": total}, "weight_map": files}), encoding="utf-8")
    (folder / "decoder.json").write_text(json.dumps(decoder._asdict()), encoding="utf-8")
    return index


def measure(
    decoder: Decoder,
    meshes: Sequence[int] = MESHES,
    *,
    rounds: int,
    directory: Path | None = None,
    tell: Any = lambda line: None,
) -> Iterator[Row]:
    """Load with one process, and with all ranks of each mesh at once, mapped and not; each in turns.

    Raises:
        RankError: the process of a rank failed.
    """
    with tempfile.TemporaryDirectory(prefix="lazycell-benchmarks-", dir=directory) as folder:
        index = checkpoint(Path(folder), decoder)
        found: dict[tuple[bool, int], list[Row]] = {}
        for turn in range(rounds):
            for mmap in (True, False):
                for ranks in (1, *meshes):
                    tell(f"round {turn + 1} of {rounds}: {ranks} rank{'s' if ranks > 1 else ''}, mmap={mmap}")
                    row = _row(ranks, mmap, [*_ranks(index, ranks, mmap=mmap)])
                    found.setdefault((mmap, ranks), []).append(row)
    for (mmap, ranks), rows in found.items():
        fields = ("slices", "asked", "on_top", "cpu", "seconds")
        medians = {field: statistics.median(getattr(row, field) for row in rows) for field in fields}
        yield Row(ranks, mmap, **medians)


def _ranks(index: Path, ranks: int, *, mmap: bool) -> Iterator[dict[str, Any]]:
    environment = {**os.environ, "PYTHONPATH": str(_HERE)}
    arguments = [sys.executable, "-m", "benchmarks._rank_reading", str(index), json.dumps(mmap)]
    processes = [
        subprocess.Popen(
            [*arguments, str(rank), f"tp={ranks}"],
            cwd=_HERE,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(ranks)
    ]
    for rank, process in enumerate(processes):
        out, error = process.communicate()
        if process.returncode:
            raise RankError(f"the process of rank {rank} failed:\n{error.strip()}")
        yield json.loads(out.splitlines()[-1])


def _row(ranks: int, mmap: bool, found: list[dict[str, Any]]) -> Row:
    def total(key: str) -> Any:
        return sum(each[key] for each in found)

    # Of a map the views are no memory of the process's; what was copied is.
    on_top = max(each["anonymous"] - (0 if mmap else each["slices"]) for each in found)
    slowest = max(each["seconds"] for each in found)
    return Row(ranks, mmap, total("slices"), total("asked"), on_top, total("cpu"), slowest)


def report(rows: list[Row]) -> str:
    """Print a row for each, against the whole load of the same kind."""
    cells = [["ranks", "mmap", "parts", "asked / parts", "most on top", "CPU", "CPU / whole", "slowest"]]
    for row in rows:
        whole = next(each for each in rows if (each.ranks, each.mmap) == (1, row.mmap))
        asked = f"{row.asked / row.slices:.4f}"
        cpu = f"{row.cpu / whole.cpu:.2f}" if whole.cpu else "-"
        sizes = [nbytes(row.slices), asked, nbytes(row.on_top)]
        cells.append([str(row.ranks), str(row.mmap), *sizes, seconds(row.cpu), cpu, seconds(row.seconds)])
    return table(cells)


def missed(rows: list[Row]) -> list[str]:
    """Say which targets are not met."""
    found = []
    for row in rows:
        if row.ranks > 1 and not row.mmap:
            if row.asked > ASKED * row.slices:
                found.append(f"{row.ranks} ranks asked for {row.asked / row.slices:.4f} of their parts, not {ASKED}")
            if row.on_top > ON_TOP:
                found.append(
                    f"a rank of {row.ranks} needed {nbytes(row.on_top)} on top of its parts, not {nbytes(ON_TOP)}"
                )
    return found


@click.command(help="Measure what ranks read of one checkpoint, and print a Markdown table.")
@click.option("--quick", is_flag=True, help="A small checkpoint, one mesh and round: tells whether everything runs.")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="Loads of each mesh.")
@click.option(
    "--directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where the checkpoint is written; default: the system's for temporary files.",
)
def main(quick: bool, rounds: int, directory: Path | None) -> None:
    decoder, meshes, rounds = (SMALL, MESHES[:1], 1) if quick else (LARGE, MESHES, rounds)
    try:
        rows = [
            *measure(decoder, meshes, rounds=rounds, directory=directory, tell=lambda line: click.echo(line, err=True))
        ]
    except RankError as error:
        raise click.ClickException(str(error)) from None
    click.echo(report(rows))
    problems = missed(rows)
    click.echo("\n" + ("\n".join(problems) if problems else "All targets are met."))
    machine = _machine.describe()
    click.echo(f"\n{machine['processor']}, {machine['cores']} cores, load {machine['load']}")
    versions = _machine.versions(sys.executable, _PACKAGES)
    click.echo(", ".join(f"{package} {version}" for package, version in versions.items()))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.ranks")
