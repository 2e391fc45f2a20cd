"""A draft of one checkpoint is the family's model for its other configurations too, or says what it cannot know."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from lazycell.drafting import draft, imported_draft
from tests.drafting.held import held, tensors_of, variant, variants_of
from tests.golden_cases import GOLDEN

CANNOT_BE_TOLD = {"qwen3_moe-1", "qwen3_moe-2", "t5-1", "t5-2"}
"""Layers without experts, and gated networks: the reference case has none, and its draft refuses their switches."""


def test_nine_of_ten_configurations_hold() -> None:
    """No values are read and no net is built: names and shapes of both manifests."""
    results = [*held()]
    assert len(results) > 50
    wrong = {each.variant: each.wrong for each in results if each.wrong}
    assert set(wrong) == CANNOT_BE_TOLD
    assert len(wrong) <= len(results) / 10
    # Never without a word: the draft has the switch, and the one value that it saw.
    assert all("is implemented" in text for text in wrong.values())


def directory(place: Path, family: str, number: int) -> Path:
    """Write a configuration of a family as a model on disk: its names and shapes, and no values that matter."""
    config, shapes = variant(variants_of(family)[number - 1])
    place.mkdir()
    save_file({name: np.zeros(shape, np.float32) for name, shape in shapes.items()}, place / "model.safetensors")
    (place / "config.json").write_text(json.dumps(config))
    return place


def test_a_second_checkpoint_decides(tmp_path: Path) -> None:
    """What one file leaves open, a file of another configuration shows: heads of another width, gated networks."""
    assert "is num_heads * d_kv or d_model" in draft(GOLDEN / "t5-a").text
    both = draft(GOLDEN / "t5-a", directory(tmp_path / "gated", "t5", 1))
    assert "num_heads * d_kv or d_model" not in both.text
    # The head came with the gated network here, so that it cannot be told with what it goes: the draft says so.
    assert "undecided: has_lm_head is is_gated_act or " in both.text
    config, shapes = variant(variants_of("t5")[1])
    found = tensors_of(imported_draft(both), config, variant(variants_of("t5")[0])[0])
    del found["lm_head.weight"]
    assert found == shapes


def test_a_second_checkpoint_shows_a_pattern_of_layers(tmp_path: Path) -> None:
    """Layers without experts, where the config lists them."""
    both = draft(GOLDEN / "qwen3_moe-a", directory(tmp_path / "mixed", "qwen3_moe", 1))
    assert "in_(INDEX, config.mlp_only_layers)" in both.text
    config, shapes = variant(variants_of("qwen3_moe")[0])
    again = {**config, "mlp_only_layers": [0, 2]}
    found = tensors_of(imported_draft(both), again)
    experts = {name.split(".")[2] for name in found if ".experts." in name}
    assert experts == {"1"}
    assert {name.split(".")[2] for name in shapes if ".experts." in name} == {"0", "2"}


def test_a_second_config_decides(tmp_path: Path) -> None:
    """A config without a checkpoint shows which arithmetic cannot be: a width that the heads do not divide."""
    case = GOLDEN / "qwen2-a"
    config = json.loads((case / "config.json").read_text(encoding="utf-8"))
    assert "hidden_size // config.num_attention_heads" in draft(case).text
    odd = {**config, "hidden_size": 65}
    assert "hidden_size // config.num_attention_heads" not in draft(case, config=[config, odd]).text
