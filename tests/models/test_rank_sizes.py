"""What a rank of a model of the zoo holds on paper is what it holds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from lazycell import Mesh, plan
from lazycell.manifest import stored_tensors
from models.gpt2 import GPT2LMHeadModel
from models.llama import LlamaForCausalLM
from models.mixtral import MixtralForCausalLM
from models.t5 import T5ForConditionalGeneration

LLAMA: dict[str, Any] = {
    "vocab_size": 24,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
CASES = {
    "llama, with shared heads": (LlamaForCausalLM, LLAMA, {"tp": 4}),
    "llama, on stages": (LlamaForCausalLM, {**LLAMA, "tie_word_embeddings": False}, {"dp": 2, "pp": 2, "tp": 2}),
    "mixtral": (MixtralForCausalLM, {**LLAMA, "num_local_experts": 4}, {"ep": 2, "tp": 2}),
    "gpt2": (GPT2LMHeadModel, {"vocab_size": 24, "n_positions": 8, "n_embd": 16, "n_layer": 2, "n_head": 4}, {"tp": 2}),
    "t5": (
        T5ForConditionalGeneration,
        {"vocab_size": 24, "d_model": 16, "d_kv": 4, "d_ff": 32, "num_layers": 2, "num_heads": 4},
        {"tp": 2},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_rank(case: str) -> None:
    """Elements and parameters of its net; and its plan fills all of them, and nothing else."""
    cls, given, axes = CASES[case]
    manifest = cls.manifest(**given)
    assert manifest.owners or any(entry.shares for entry in manifest)
    for rank in range(math.prod(axes.values())):
        mesh = Mesh(rank=rank, **axes)
        with mesh:
            net = cls(**given)
        shapes = {name: tuple(parameter.shape) for name, parameter in net.parameters_and_names()}
        own = manifest.sizes(mesh=mesh).rank.own
        assert (own.parameters, own.elements) == (len(shapes), sum(map(math.prod, shapes.values())))
        steps = plan(manifest, values(manifest), mesh=mesh).steps
        assert {step.parameter: step.tensor.shape for step in steps} == shapes


def values(manifest: Any) -> dict[str, Any]:
    """Give an array for each tensor of a checkpoint."""
    return {each.name: np.zeros(each.shape, np.float32) for each in stored_tensors(manifest)}
