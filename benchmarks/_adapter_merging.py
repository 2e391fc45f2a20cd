"""What an adapter costs at a load, beside the same load without it in one process, and what a switch costs."""

from __future__ import annotations

import functools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from mindspore import nn

import lazycell
from lazycell import LazyCell
from lazycell.saving import content_of_array, destination_of, save
from models.llama import LlamaForCausalLM

from . import _memory
from ._text import nbytes, seconds, table

RANK = 16
MOST_SECONDS = 1.5
MOST_MEMORY = 64_000_000

SIZES: Mapping[str, Any] = {
    "vocab_size": 49152,
    "hidden_size": 576,
    "intermediate_size": 1536,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
}
"""Those of SmolLM2-135M: 210 linear layers, 7 in each block."""

QUICK: Mapping[str, Any] = {
    **SIZES,
    "vocab_size": 256,
    "hidden_size": 72,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
}


@attrs.frozen
class Cost:
    """What one way to load took: seconds, and the most memory above what was there and above the result."""

    seconds: float
    extra: float


def run(rounds: int = 3, *, quick: bool = False, tell: Callable[[str], None] = print) -> bool:
    """Measure, print a table, and say whether the targets are met.

    Args:
        rounds: of each load.
        quick: a tiny model: tells whether everything runs, not how fast.
        tell: prints a line.
    """
    with tempfile.TemporaryDirectory(prefix="lazycell-benchmarks-") as folder:
        sizes = QUICK if quick else SIZES
        base, adapter, count = write(Path(folder), sizes)
        costs = measure(base, adapter, sizes, rounds)
        size = base.stat().st_size
    tell(report(costs, count, f"{nbytes(size)} in bfloat16, in the page cache, loaded in float32", judged=not quick))
    return quick or met(costs)


def write(folder: Path, sizes: Mapping[str, Any]) -> tuple[Path, Path, int]:
    """Write a base of random weights, and an adapter of all linear layers of its blocks.

    Returns:
        The file of the base, the directory of the adapter, and how many modules it changes.
    """
    numbers = np.random.default_rng(0)
    manifest = LlamaForCausalLM.manifest(**sizes, tie_word_embeddings=True, dtype="bfloat16")

    def draw(shape: tuple[int, ...]) -> Any:
        return numbers.standard_normal(shape, np.float32) * np.float32(0.02)

    contents = [
        content_of_array(each.name, "bfloat16", each.shape, functools.partial(draw, each.shape), _keep)
        for each in manifest
    ]
    base = folder / "model.safetensors"
    save(destination_of(base, None, None), contents, metadata={"format": "pt"}, progress=lambda done, total: None)
    arrays = {}
    modules = [each for each in manifest if each.name.endswith("_proj.weight")]
    for each in modules:
        module, (rows, columns) = each.name.removesuffix(".weight"), each.shape
        arrays[f"{module}.lora_A"], arrays[f"{module}.lora_B"] = draw((RANK, columns)), draw((rows, RANK))
    lazycell.save_adapter(folder / "adapter", arrays, alpha=2 * RANK, progress=lambda done, total: None)
    return base, folder / "adapter", len(modules)


def _keep(name: str, lost: int) -> None:
    """Numbers that bfloat16 cannot hold: there are none."""


def measure(base: Path, adapter: Path, sizes: Mapping[str, Any], rounds: int) -> dict[str, Cost]:
    """Load in each way, by turns; the first turn, which imports, is not counted."""
    quiet: dict[str, Any] = {"progress": lambda done, total: None}
    found: dict[str, list[Cost]] = {}

    def built() -> LazyCell:
        return LlamaForCausalLM(**sizes, tie_word_embeddings=True)

    def timed(work: Callable[[], Any], result: float) -> Cost:
        _memory.reset_peak()
        before, started = _memory.resident(), time.perf_counter()
        work()
        took = time.perf_counter() - started
        return Cost(took, _memory.peak() - before - result)

    def turn() -> Iterator[tuple[str, Cost]]:
        net = built()
        result = sum(each.nbytes for each in net.get_parameters())
        yield "without an adapter", timed(lambda: net.load_checkpoint(base, **quiet), result)
        del net
        net = built()
        yield "with one", timed(lambda: net.load_checkpoint(base, adapter=adapter, **quiet), result)
        changed = _nbytes(net, ("_proj.weight",))
        yield "`set_adapter(None)`", timed(lambda: net.set_adapter(None, **quiet), changed)
        yield "`set_adapter` to it", timed(lambda: net.set_adapter("default", **quiet), changed)
        yield "the same, `discard=True`", timed(lambda: net.set_adapter("default", discard=True, **quiet), changed)

    for number in range(rounds + 1):
        for name, cost in turn():
            if number:
                found.setdefault(name, []).append(cost)
    return {
        name: Cost(*(statistics.median(getattr(each, part) for each in costs) for part in ("seconds", "extra")))
        for name, costs in found.items()
    }


def _nbytes(net: nn.Cell, ends: tuple[str, ...]) -> int:
    return sum(each.nbytes for name, each in net.parameters_and_names() if name.endswith(ends))


def met(costs: Mapping[str, Cost]) -> bool:
    """Say whether the targets are met."""
    plain, merged = costs["without an adapter"], costs["with one"]
    return merged.seconds - plain.seconds <= MOST_SECONDS and merged.extra <= MOST_MEMORY


def report(costs: Mapping[str, Cost], count: int, workload: str, *, judged: bool) -> str:
    """Print a row for each way to load, beside the load without an adapter in the same run."""
    plain = costs["without an adapter"]
    rows = [["load", "time", "beside the load without", "memory above the result"]]
    for name, each in costs.items():
        rows.append([name, seconds(each.seconds), f"{each.seconds / plain.seconds:.2f} x", nbytes(each.extra)])
    over = costs["with one"].seconds - plain.seconds
    verdict = {True: "met", False: "NOT met"}[met(costs)] if judged else "not judged"
    return "\n".join(
        [
            f"An adapter of rank {RANK} on {count} modules; {workload}; medians",
            "",
            table(rows),
            "",
            f"- merging takes {seconds(max(over, 0.0))} over the load without an adapter; target: at most "
            f"{MOST_SECONDS:g} s, and a peak of at most the result + {nbytes(MOST_MEMORY)}: {verdict}",
        ]
    )
