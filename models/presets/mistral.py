"""Mistral in the sizes that people know; the numbers are those of each `config.json`."""

from __future__ import annotations

from typing import Any

from lazycell import Preset


def _preset(name: str, source: str, paper: str | None = None, **hyperparameters: Any) -> Preset:
    common = {"rms_norm_eps": 1e-5, "head_dim": 128}
    return Preset(
        name,
        {**common, **hyperparameters},
        dtype="bfloat16",
        source=f"mistralai/{source}",
        licence="Apache-2.0",
        paper=paper,
    )


PRESETS = (
    _preset("mistral-7b-v0.1", "Mistral-7B-v0.1", "arXiv:2310.06825", max_position_embeddings=32768),
    _preset(
        "mistral-7b-v0.3",
        "Mistral-7B-v0.3",
        "arXiv:2310.06825",
        vocab_size=32768,
        max_position_embeddings=32768,
        rope_theta=1e6,
        sliding_window=None,
    ),
    _preset(
        "mistral-nemo-12b",
        "Mistral-Nemo-Base-2407",
        vocab_size=131072,
        hidden_size=5120,
        num_hidden_layers=40,
        max_position_embeddings=128000,
        rope_theta=1e6,
        sliding_window=None,
    ),
    _preset(
        "mistral-small-24b",
        "Mistral-Small-24B-Base-2501",
        vocab_size=131072,
        hidden_size=5120,
        intermediate_size=32768,
        num_hidden_layers=40,
        max_position_embeddings=32768,
        rope_theta=1e8,
        sliding_window=None,
    ),
)
