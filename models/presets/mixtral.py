"""Mixtral in the sizes that people know; the numbers are those of each `config.json`."""

from __future__ import annotations

from lazycell import Preset

PRESETS = (
    Preset(
        "mixtral-8x7b",
        {"max_position_embeddings": 32768},
        dtype="bfloat16",
        source="mistralai/Mixtral-8x7B-v0.1",
        licence="Apache-2.0",
        paper="arXiv:2401.04088",
    ),
    Preset(
        "mixtral-8x22b",
        {
            "hidden_size": 6144,
            "intermediate_size": 16384,
            "num_hidden_layers": 56,
            "num_attention_heads": 48,
            "max_position_embeddings": 65536,
        },
        dtype="bfloat16",
        source="mistralai/Mixtral-8x22B-v0.1",
        licence="Apache-2.0",
        paper="arXiv:2401.04088",
    ),
)
