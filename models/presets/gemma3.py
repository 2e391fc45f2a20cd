"""Gemma 3 without vision in the sizes that people know; the numbers are those of each `config.json`."""

from __future__ import annotations

from lazycell import Preset


def _preset(size: str, width: int, inner: int, layers: int) -> Preset:
    return Preset(
        f"gemma-3-{size}",
        {
            "vocab_size": 262144,
            "hidden_size": width,
            "intermediate_size": inner,
            "num_hidden_layers": layers,
            "num_attention_heads": 4,
            "num_key_value_heads": 1,
            "max_position_embeddings": 32768,
            "sliding_window": 512,
        },
        dtype="bfloat16",
        source=f"google/gemma-3-{size}" + ("-pt" if size == "1b" else ""),
        licence="gemma",
        paper="arXiv:2503.19786",
    )


PRESETS = (_preset("270m", 640, 2048, 18), _preset("1b", 1152, 6912, 26))
