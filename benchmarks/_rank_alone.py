"""What a mesh of one rank costs: nets are built and loaded with it and without, by turns, in one process.

`python -m benchmarks._rank_alone PAIRS LAYERS`: prints one line of JSON, for each case pairs of the processor's seconds
without a mesh and with one.
"""

from __future__ import annotations

import contextlib
import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Any

import mindspore as ms

from lazycell import Mesh
from models.llama import LlamaForCausalLM
from models.qwen3_moe import Qwen3MoeForCausalLM

from ._rank_processes import wait

_SMALL: Mapping[str, Any] = {
    "vocab_size": 320,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
}
_EXPERTS: Mapping[str, Any] = {"head_dim": 8, "num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 32}


def measure(cases: dict[str, Callable[[], Any]], pairs: int) -> dict[str, list[tuple[float, float]]]:
    """Give for each case the processor's seconds without a mesh and with one, pair by pair."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    for turn in range(-1, pairs):  # the first is not counted
        for name, case in cases.items():
            taken = {alone: _seconds(case, alone=alone) for alone in ((True, False) if turn % 2 else (False, True))}
            if turn >= 0:
                found[name].append((taken[False], taken[True]))
    return found


def _seconds(case: Callable[[], Any], *, alone: bool) -> float:
    gc.collect()
    with Mesh(tp=1, rank=0) if alone else contextlib.nullcontext():
        worked = time.process_time()
        made = case()
        worked = time.process_time() - worked
    del made
    return worked


def main(arguments: list[str]) -> None:
    """Build and load, and print what that took."""
    pairs, layers = map(int, arguments)
    ms.set_device("CPU")
    wait()

    def llama() -> Any:
        return LlamaForCausalLM(**_SMALL, num_hidden_layers=layers)

    def experts() -> Any:
        return Qwen3MoeForCausalLM(**_SMALL, **_EXPERTS, num_hidden_layers=max(1, layers // 4))

    with tempfile.TemporaryDirectory(prefix="lazycell-benchmarks-") as folder:
        net = llama()
        net.init_parameters_data()
        net.save_pretrained(folder)
        cases: dict[str, Callable[[], Any]] = {
            f"build of a llama of {layers} layers": llama,
            f"build of a qwen3_moe of {max(1, layers // 4)} layers of 8 experts": experts,
            f"from_pretrained of a llama of {layers} layers": lambda: LlamaForCausalLM.from_pretrained(folder),
        }
        print(json.dumps(measure(cases, pairs)))


if __name__ == "__main__":
    main(sys.argv[1:])
