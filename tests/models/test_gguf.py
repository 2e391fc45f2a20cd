"""Every family that llama.cpp converts, read back: the class, its hyperparameters, its values, and what it computes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import lazycell

from ..golden_cases import FAMILIES, GOLDEN, Case
from .converted import converted
from .families import forward, net_of

SOURCES = GOLDEN / "sources" / "gguf_models"
NAMES = ["llama", "mistral", "mixtral", "qwen2", "qwen3", "qwen3_moe", "gemma2", "gemma3"]
EACH = pytest.mark.parametrize("case", [FAMILIES[name] for name in NAMES], ids=NAMES)
STORED_DTYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}

# All but every sixth layer of a gemma3 has a window, and the case has fewer.
CHANGED = {"gemma3": {"attention.sliding_window_pattern": [True, True, False]}}


def file_of(case: Case, path: Path, type: str = "F32", **also: object) -> Path:
    """Convert a case's model."""
    file = path / f"{type}.gguf"
    file.write_bytes(converted(case.path, type, **CHANGED.get(case.path.name.removesuffix("-a"), {}), **also))
    return file


@EACH
def test_the_model_is_as_before(case: Case, tmp_path: Path):
    """Parameters bit by bit, but for norms that had 1 added, and every output of the reference."""
    net, usual = lazycell.from_pretrained(file_of(case, tmp_path)), net_of(case)
    is_mistral = type(usual).__name__ == "MistralForCausalLM"  # which nothing tells from a Llama
    assert type(net).__name__ == ("LlamaForCausalLM" if is_mistral else type(usual).__name__)
    assert net.load_report.ignored == ()
    assert lazycell.uninitialized(net) == []
    gemma = "gemma" in case.path.name
    for one, other in zip(net.get_parameters(), usual.get_parameters(), strict=True):
        assert one.name == other.name
        difference = np.abs(one.asnumpy() - other.asnumpy()).max()
        assert difference <= (6e-8 if gemma and one.name.endswith("norm.weight") else 0)
    assert case.differences(forward(net, case)) == {}
    config = json.loads((case.path / "config.json").read_text())
    assert net.generation_config == {key: config[key] for key in ("bos_token_id", "eos_token_id")}
