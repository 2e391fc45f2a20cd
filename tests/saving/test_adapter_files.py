"""Adapters as PEFT reads them: names, keys, and both files or none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lazycell import CheckpointError, open_checkpoint, read_tensor
from lazycell.saving import AdapterFacts, write_adapter

A, B = np.arange(6, dtype=np.float32).reshape(2, 3), np.ones((4, 2), np.float16)


def config_of(directory: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((directory / "adapter_config.json").read_text())
    return found


def test_names_and_config(tmp_path: Path) -> None:
    """Those of `get_peft_model_state_dict`: `.weight` on pairs of layers, none on those of tables."""
    arrays = {
        "x.q.lora_A": A,
        "x.q.lora_B": B,
        "base_model.model.x.k.lora_A.weight": A,
        "x.k.lora_B": B,
        "e.lora_embedding_A": A,
        "e.lora_embedding_B": B,
        "score.weight": np.zeros((1, 2), np.float32),
    }
    facts = AdapterFacts({"x.q": 16, "x.k": 16, "e": 16}, base="org/base", task_type="SEQ_CLS")
    report = write_adapter(tmp_path, arrays, facts)
    assert (report.tensors, report.path.name) == (7, "adapter_model.safetensors")
    header = open_checkpoint(tmp_path / "adapter_model.safetensors")
    assert {*header.tensors} == {
        *(f"base_model.model.x.{module}.lora_{side}.weight" for module in "qk" for side in "AB"),
        *("base_model.model.e.lora_embedding_A", "base_model.model.e.lora_embedding_B"),
        "base_model.model.score.weight",
    }
    assert np.array_equal(read_tensor(header.tensors["base_model.model.x.q.lora_B.weight"]), B)
    config = config_of(tmp_path)
    assert (config["peft_type"], config["r"], config["lora_alpha"], config["bias"]) == ("LORA", 2, 16, "none")
    assert (config["task_type"], config["base_model_name_or_path"], config["inference_mode"]) == (
        *("SEQ_CLS", "org/base"),
        True,
    )
    assert config["target_modules"] == ["e", "x.k", "x.q"]
    assert config["modules_to_save"] == ["score"]
    assert config["rank_pattern"] == config["alpha_pattern"] == {}


def test_modules_that_differ(tmp_path: Path) -> None:
    """What most have is said once; the others by patterns, which are regular expressions."""
    wide = {f"x.{i}.q.lora_A": np.ones((8, 3), np.float32) for i in range(3)}
    wide |= {f"x.{i}.q.lora_B": np.ones((4, 8), np.float32) for i in range(3)}
    write_adapter(tmp_path, {**wide, "x.9.q.lora_A": A, "x.9.q.lora_B": B}, AdapterFacts({}))
    config = config_of(tmp_path)
    assert (config["r"], config["lora_alpha"]) == (8, 8)
    assert config["rank_pattern"][r"x\.9\.q"] == config["alpha_pattern"][r"x\.9\.q"] == 2
    assert config["modules_to_save"] is None


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "no pair of matrices"),
        ({"q.weight": A}, "no pair of matrices"),
        ({"q.lora_A": A}, "'q.lora_A' is half of a pair: 'q' needs both"),
        ({"q.lora_A": A, "q.lora_B": np.ones((4, 3), np.float32)}, "of one rank"),
        ({"q.lora_A": A.astype(np.int32), "q.lora_B": B}, "has to be a matrix of floats"),
        ({"q.lora_A.default.weight": A, "q.lora_B": B}, "no name of an adapter's tensor"),
    ],
)
def test_what_is_refused(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    """Before anything is written: what was there stays."""
    write_adapter(tmp_path, {"old.lora_A": A, "old.lora_B": B}, AdapterFacts({}))
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    with pytest.raises(CheckpointError, match=message):
        write_adapter(tmp_path, arrays, AdapterFacts({}))
    with pytest.raises(CheckpointError, match="'k', which is none of the modules"):
        write_adapter(tmp_path, {"q.lora_A": A, "q.lora_B": B}, AdapterFacts({"k": 2}))
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == before
