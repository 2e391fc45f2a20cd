"""The process of one rank that loads a net, by lazycell or by what MindSpore has for it.

`python -m benchmarks._rank_nets DIRECTORY HOW RANK RANKS`: HOW is `mmap`, `pread`, or `mindspore`. Prints one line of
JSON. What is imported and compiled at first use is so before.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mindspore as ms

# What `load_distributed_checkpoint` does for each rank; without `msrun` it takes any process for rank 0.
from mindspore.parallel.transform_safetensors import _load_parallel_checkpoint

from lazycell import Mesh
from models.llama import LlamaForCausalLM

from ._rank_loads import DTYPE
from ._rank_processes import wait


def _by_mindspore(folder: Path, strategy: str, rank: int) -> dict[str, Any]:
    path = str(folder / f"strategy-{strategy}.json")
    found: dict[str, Any] = _load_parallel_checkpoint(
        (str(folder), path, ms.nn.Cell(), None, rank, "safetensors", None, True)
    )
    return found


def _by_lazycell(folder: Path, mesh: Mesh, *, mmap: bool) -> dict[str, Any]:
    net = LlamaForCausalLM.from_pretrained(folder, mesh=mesh, mmap=mmap, dtype=DTYPE)
    return dict(net.parameters_and_names())


def main(arguments: list[str]) -> None:
    """Load, and print what that took."""
    path, how, rank, ranks = Path(arguments[0]), arguments[1], int(arguments[2]), int(arguments[3])
    ms.set_device("CPU")
    mesh = Mesh(rank=rank, tp=ranks)
    load: Callable[[], dict[str, Any]]
    if how == "mindspore":
        _by_mindspore(path, "first", rank)

        def load() -> dict[str, Any]:
            return _by_mindspore(path, str(ranks), rank)
    else:
        _by_lazycell(path, mesh, mmap=True)

        def load() -> dict[str, Any]:
            return _by_lazycell(path, mesh, mmap=how == "mmap")

    wait()
    started, worked = time.perf_counter(), time.process_time()
    found = load()
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    nbytes = sum(each.nbytes for each in found.values())
    print(json.dumps({"seconds": seconds, "cpu": cpu, "nbytes": nbytes, "count": len(found)}))


if __name__ == "__main__":
    main(sys.argv[1:])
