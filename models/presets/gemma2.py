"""Gemma 2 in the sizes that people know; the numbers are those of each `config.json`."""

from __future__ import annotations

from typing import Any

from lazycell import Preset


def _preset(size: str, **hyperparameters: Any) -> Preset:
    source = f"google/gemma-2-{size}"
    return Preset(f"gemma-2-{size}", hyperparameters, source=source, licence="gemma", paper="arXiv:2408.00118")


PRESETS = (
    _preset("2b"),
    _preset(
        "9b",
        hidden_size=3584,
        intermediate_size=14336,
        num_hidden_layers=42,
        num_attention_heads=16,
        num_key_value_heads=8,
    ),
    _preset(
        "27b",
        hidden_size=4608,
        intermediate_size=36864,
        num_hidden_layers=46,
        num_attention_heads=32,
        num_key_value_heads=16,
        head_dim=128,
        query_pre_attn_scalar=144,
    ),
)
