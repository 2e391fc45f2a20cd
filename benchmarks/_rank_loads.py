"""What ranks read of one checkpoint: bytes, from the cache and from the disk, memory and time, beside MindSpore's."""

from __future__ import annotations

import contextlib
import json
import math
import os
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from lazycell._dtypes import numpy_dtype

from ._decoder import Decoder
from ._rank_figures import Figure, ratio
from ._rank_processes import at_once
from ._text import nbytes, seconds

SHARDS = 5

DTYPE = "bfloat16" if np.lib.NumpyVersion(np.__version__) < "2.0.0" else "float16"
"""Of the checkpoint: MindSpore's own loader has no bfloat16 with NumPy 2."""

ASKED = 1.05
"""At most so many times the sum of all parts may all ranks ask for, where runs have 512 bytes or more; and at most so
many times the checkpoint may come from a disk that they share."""

ON_TOP = 64_000_000
"""At most so many bytes that belong to no file may a rank need beyond its parts; 16,000,000 are within reach."""

CPU = {"mmap": 0.5, "pread": 0.8}
"""At most so many times as long as with MindSpore's function may the processor work."""

WALL = 1.0

_PEER = "load_distributed_checkpoint"


def checkpoint(folder: Path, decoder: Decoder) -> Path:
    """Write a checkpoint of random values in several files, as Hugging Face and MindSpore want it; give its index."""
    shapes, files = [*decoder.shapes()], dict[str, str]()
    total = sum(2 * math.prod(shape) for _, shape in shapes)
    rng, done, batch = np.random.default_rng(0), 0, dict[str, Any]()
    for number, (name, shape) in enumerate(shapes):
        bits = rng.integers(0, 1 << 16, shape, np.uint16)
        batch[name], done = bits.view(numpy_dtype(DTYPE)), done + bits.nbytes
        shard = len({*files.values()}) + 1
        if done >= total * shard / SHARDS or number == len(shapes) - 1:
            file = f"model-{shard:05}-of-{SHARDS:05}.safetensors"
            save_file(batch, folder / file, metadata={"format": "pt"})
            files |= dict.fromkeys(batch, file)
            batch = {}
    index = folder / "model.safetensors.index.json"
    for path, content in (
        (index, {"metadata": {"total_size": total}, "weight_map": files}),
        (folder / "param_name_map.json", files),
        (folder / "config.json", decoder.config()),
        (folder / "decoder.json", decoder._asdict()),
    ):
        path.write_text(json.dumps(content), encoding="utf-8")
    return index


def nbytes_of(decoder: Decoder) -> int:
    """Give the bytes of all parameters, of two bytes each."""
    return sum(2 * math.prod(shape) for _, shape in decoder.shapes())


def _processes(index: Path, mesh: Mapping[str, int], what: str, *, mmap: bool, before: Any = lambda: None) -> Any:
    axes = [f"{axis}={size}" for axis, size in mesh.items()]
    ranks = range(math.prod(mesh.values()))
    return at_once("_rank_reading", [[str(index), json.dumps(mmap), what, str(rank), *axes] for rank in ranks], before)


def bytes_and_memory(index: Path, meshes: Sequence[int], rounds: int, workload: str) -> Iterator[Figure]:
    """Give what ranks ask for, and the memory that they need, from the page cache."""
    for ranks in meshes:
        found = [_processes(index, {"tp": ranks}, "warm", mmap=False) for _ in range(rounds)]
        asked = [(sum(each["asked"] for each in row), sum(each["slices"] for each in row)) for row in found]
        done = f"{workload}, tp={ranks}, mmap=False"
        yield ratio(
            "bytes that all ranks ask for",
            asked,
            ASKED,
            nbytes,
            against="sum of their parts",
            workload=done,
            cache="warm",
        )
        on_top = statistics.median(max(each["anonymous"] - each["slices"] for each in row) for row in found)
        parts = max(each["slices"] for each in found[0])
        yield Figure(
            "most memory of a rank that is of no file",
            f"≤ its parts + {nbytes(ON_TOP)}",
            f"+ {nbytes(on_top)}",
            on_top <= ON_TOP,
            f"its parts: {nbytes(parts)}",
            done,
            "warm",
        )


def from_disk(index: Path, meshes: Sequence[Mapping[str, int]], total: int, workload: str) -> Iterator[Figure]:
    """Give the bytes that came from the disk when all ranks of one machine load, and read every value once."""
    for mesh in meshes:
        for mmap in (False, True):
            rows = _processes(index, mesh, "disk", mmap=mmap, before=lambda: forget(index.parent))
            found = sum(each["disk"] for each in rows)
            axes = ", ".join(f"{axis}={size}" for axis, size in mesh.items())
            # Less than the checkpoint: it is no disk, or somebody else keeps the files in memory.
            judged = found >= 0.9 * total
            figure = ratio(
                "bytes that come from the disk",
                [(found, total)],
                ASKED,
                nbytes,
                judged=judged,
                against="checkpoint",
                workload=f"{workload}, {axes}, mmap={mmap}, every value read",
                cache="cold" if judged else "not cold",
            )
            yield figure


def forget(folder: Path) -> None:
    """Have the system forget what it has of files in memory."""
    for path in folder.glob("*.safetensors"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            with contextlib.suppress(AttributeError, OSError):  # not on every system
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def strategies(folder: Path, decoder: Decoder, ranks: int) -> None:
    """Write how MindSpore is to divide the parameters, and where they are."""
    for name, each in (("first", ["model.norm.weight"]), (str(ranks), [name for name, _ in decoder.shapes()])):
        layout = {key: _layout(decoder.units(key), ranks) for key in each}
        (folder / f"strategy-{name}.json").write_text(json.dumps({"parallel_layout_item": layout}), encoding="utf-8")


def _layout(units: tuple[int, ...], ranks: int) -> dict[str, Any]:
    whole = {"opt_weight_shard_step": 0, "opt_weight_shard_size": 0, "field": 0}
    return {"dev_matrix": [ranks], "tensor_map": [0 if each else -1 for each in units], **whole}


def beside_mindspore(
    index: Path, decoder: Decoder, meshes: Sequence[int], rounds: int, workload: str, *, judged: bool
) -> Iterator[Figure]:
    """Give the time of loading nets on all ranks at once, beside MindSpore's function; the sides take turns."""
    sides = (*CPU, "mindspore")
    for ranks in meshes:
        strategies(index.parent, decoder, ranks)
        found: dict[str, list[dict[str, float]]] = {side: [] for side in sides}
        for turn in range(rounds):
            for side in sides[:: -1 if turn % 2 else 1]:
                rows = at_once(
                    "_rank_nets", [[str(index.parent), side, str(rank), str(ranks)] for rank in range(ranks)]
                )
                cpu, slowest = sum(each["cpu"] for each in rows), max(each["seconds"] for each in rows)
                size = sum(each["nbytes"] for each in rows)
                found[side].append({"cpu": cpu, "seconds": slowest, "nbytes": size})
        sizes = {each["nbytes"] for rows in found.values() for each in rows}
        assert len(sizes) == 1, f"the sides did not load the same: {sizes} bytes"
        for side, most in CPU.items():
            does = "the net, views of the map are not read" if side == "mmap" else "the net"
            for what, key, limit in (("processor's time", "cpu", most), ("wall time", "seconds", WALL)):
                yield ratio(
                    f"{what} of a load, {side}",
                    [(one[key], other[key]) for one, other in zip(found[side], found["mindspore"], strict=True)],
                    limit,
                    seconds,
                    judged=judged,
                    against=_PEER,
                    workload=f"{workload}, tp={ranks}, {does}; medians of {rounds}",
                    cache="warm",
                )
