"""The families' cases, and their nets, each loaded once."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from mindspore import Tensor

import lazycell

from ..golden_cases import FAMILIES, Case

ALL = pytest.mark.parametrize("case", FAMILIES.values(), ids=FAMILIES)
GENERATING = {name: case for name, case in FAMILIES.items() if case.generation}
EACH_GENERATING = pytest.mark.parametrize("case", GENERATING.values(), ids=GENERATING)
DECODERS = {name: case for name, case in GENERATING.items() if name != "t5"}
EACH_DECODER = pytest.mark.parametrize("case", DECODERS.values(), ids=DECODERS)
T5 = FAMILIES["t5"]
DIFFERENT = pytest.mark.parametrize("family", ["gpt2", "llama", "qwen3_moe", "t5"])
"""Those that have no code in common but the layers: for what takes long to compile."""


@cache
def net_of(case: Case) -> Any:
    """Load the case's net, once."""
    return lazycell.from_pretrained(case.path)


def another(case: Case) -> Any:
    """Make another net with the case's hyperparameters, which has nothing loaded."""
    net = net_of(case)
    return type(net)(**net.manifest().hyperparameters)


def tensors(arrays: dict[str, np.ndarray]) -> dict[str, Tensor]:
    """Give the inputs as tensors."""
    return {name: Tensor(array) for name, array in arrays.items()}


def outputs_of(output: Any) -> dict[str, np.ndarray]:
    """Give what a model returned under the names of the reference: those of a tuple with numbers."""
    arrays: dict[str, np.ndarray] = {}
    for name, value in output._asdict().items():
        if isinstance(value, Tensor):
            arrays[name] = value.asnumpy()
        elif value is not None:
            arrays |= {f"{name}.{number}": each.asnumpy() for number, each in enumerate(value)}
    return arrays


def forward(net: Any, case: Case) -> dict[str, np.ndarray]:
    """Run a net on the case's inputs, and give everything that the reference has too."""
    return outputs_of(net(**tensors(case.arguments), output_hidden_states=True))


def recorded(case: Case) -> set[str]:
    """Name what the reference recorded of a single forward pass."""
    return {name for name in case.expected if not name.startswith("generated")}
