"""The process of one rank: what it asks for, how long its threads work, and how much memory it needs on top.

`python -m benchmarks._rank_reading INDEX MMAP WHAT RANK AXIS=SIZE …`: the index of a checkpoint as `checkpoint` writes
it. WHAT is `warm`: it loads twice, once for the time and the bytes, once for the memory, which is looked at meanwhile;
or `disk`: it loads once, and reads every value, for the bytes that came from the disk. Prints one line of JSON. Needs
no MindSpore.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from lazycell.formats import open_checkpoint
from lazycell.layout import ManifestEntry
from lazycell.loading import LoadPlan, cut_plan, make_plan, stage
from lazycell.manifest import Manifest
from lazycell.mesh import Division, Mesh, Share
from lazycell.reading import Reader

from . import _memory, _read
from ._decoder import Decoder
from ._rank_loads import DTYPE
from ._rank_processes import wait


def divisions(decoder: Decoder) -> dict[str, Division]:
    """Say how the parameters are divided along `tp`: by heads, by inner units, by words."""
    return {
        name: Division(
            shape,
            tuple(
                (Share(size, ("tp",) if units else (), units, shared=True),)
                for size, units in zip(shape, decoder.units(name), strict=True)
            ),
        )
        for name, shape in decoder.shapes()
    }


def planned(index: Path, decoder: Decoder, mesh: Mesh) -> LoadPlan:
    """Plan what the mesh's rank reads, from the headers of all files."""
    entries = tuple(ManifestEntry(name, shape, DTYPE, "zeros") for name, shape in decoder.shapes())
    plan = make_plan(Manifest("Decoder", entries), open_checkpoint(index))
    places = {name: division.place(mesh) for name, division in divisions(decoder).items()}
    return cut_plan(plan, places) if mesh.ranks > 1 else plan


def load(index: Path, decoder: Decoder, mesh: Mesh, *, mmap: bool) -> dict[str, Any]:
    """Load as a rank does, up to the arrays."""
    with Reader(mmap=mmap) as reader:
        return stage(planned(index, decoder, mesh), reader)


def mesh_of(rank: str, axes: list[str]) -> Mesh:
    """Give the mesh that the arguments of a process say."""
    return Mesh(rank=int(rank), **{axis: int(size) for axis, _, size in (each.partition("=") for each in axes)})


def _so_far(what: str) -> int:
    """Give the bytes that this process has asked of files so far (`rchar`), or got from a disk (`read_bytes`)."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return int(dict(line.split(": ") for line in lines)[what])


@contextmanager
def _watched() -> Iterator[list[int]]:
    """Look at the memory that belongs to no file, again and again; the most is in the list at the end."""
    before, most, over = _memory.anonymous(), [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.002):
            most[0] = max(most[0], _memory.anonymous() - before)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()
        most[0] = max(most[0], _memory.anonymous() - before)


def main(arguments: list[str]) -> None:
    """Load, and print what that took."""
    path, mapped, what, rank, *axes = arguments
    index, mmap = Path(path), json.loads(mapped)
    decoder = Decoder(**json.loads((index.parent / "decoder.json").read_text(encoding="utf-8")))
    mesh = mesh_of(rank, axes)
    load(index, decoder, mesh, mmap=True)  # what is imported and compiled at first use
    wait()
    if what == "disk":
        before = _so_far("read_bytes")
        arrays = load(index, decoder, mesh, mmap=mmap)
        _read.checksum(np.ascontiguousarray(array).reshape(-1).view(np.uint8) for array in arrays.values())
        print(json.dumps({"disk": _so_far("read_bytes") - before}))
        return
    asked, started, worked = _so_far("rchar"), time.perf_counter(), time.process_time()
    arrays = load(index, decoder, mesh, mmap=mmap)
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    asked = _so_far("rchar") - asked
    slices = sum(array.nbytes for array in arrays.values())
    arrays.clear()
    with _watched() as most:
        arrays = load(index, decoder, mesh, mmap=mmap)
    print(json.dumps({"seconds": seconds, "cpu": cpu, "asked": asked, "slices": slices, "anonymous": most[0]}))


if __name__ == "__main__":
    main(sys.argv[1:])
