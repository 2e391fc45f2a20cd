"""One file that all ranks save together, beside the file that one process saves, and beside a file of each rank."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from ._rank_figures import Figure, ratio
from ._rank_processes import at_once
from ._text import nbytes, seconds

TIMES = 2.0
"""At most so many times as long as a file each may one file take."""


def saves(index: Path, meshes: Sequence[int], rounds: int, workload: str, *, judged: bool) -> Iterator[Figure]:
    """Save with each mesh in both layouts, by turns, and compare what is there."""
    alone, _ = _saved(index, 1, "whole", divided=False)
    for ranks in meshes:
        pairs, same = [], True
        for turn in range(rounds):
            took = {}
            for layout in ("whole", "ranks")[:: -1 if turn % 2 else 1]:
                digest, took[layout] = _saved(index, ranks, layout)
                same = same and (layout == "ranks" or digest == alone)
            pairs.append((took["whole"], took["ranks"]))
        done = f"{workload}, tp={ranks}"
        yield Figure(
            "file saved by all ranks",
            "identical",
            "identical" if same else "ANOTHER",
            same,
            f"the file saved by one process: {nbytes(alone[1])}",
            done,
        )
        yield ratio(
            "wall time of that save",
            pairs,
            TIMES,
            seconds,
            judged=judged,
            against="a file each",
            workload=f"{done}; medians of {rounds}",
        )


def _saved(index: Path, ranks: int, layout: str, *, divided: bool = True) -> tuple[tuple[str, int], float]:
    """Save; give digest and bytes of the file, if it is one, and the seconds that the slowest took."""
    folder = index.parent / "saved"
    folder.mkdir()
    axes, token = [f"tp={ranks}"] if divided else [], secrets.token_hex(4)
    path = folder / "model.safetensors"
    try:
        found = at_once(
            "_rank_saving", [[str(index), str(path), layout, token, str(rank), *axes] for rank in range(ranks)]
        )
        told = ("", 0)
        if layout == "whole":
            with path.open("rb") as file:
                digest = hashlib.sha256()
                while block := file.read(1 << 20):
                    digest.update(block)
            told = digest.hexdigest(), path.stat().st_size
        return told, max(each["seconds"] for each in found)
    finally:
        shutil.rmtree(folder)
