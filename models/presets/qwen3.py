"""Qwen 3 in the sizes that people know; the numbers are those of each `config.json`."""

from __future__ import annotations

from lazycell import Preset


def _preset(size: str, width: int, inner: int, layers: int, heads: int, *, tied: bool = False) -> Preset:
    return Preset(
        f"qwen3-{size.lower()}",
        {
            "hidden_size": width,
            "intermediate_size": inner,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "num_key_value_heads": 8,
            "max_position_embeddings": 40960,
            "rope_theta": 1e6,
            "sliding_window": None,
            "max_window_layers": layers,
            "tie_word_embeddings": tied,
        },
        dtype="bfloat16",
        source=f"Qwen/Qwen3-{size}",
        licence="Apache-2.0",
        paper="arXiv:2505.09388",
    )


PRESETS = (
    _preset("0.6B", 1024, 3072, 28, 16, tied=True),
    _preset("1.7B", 2048, 6144, 28, 16, tied=True),
    _preset("4B", 2560, 9728, 36, 32, tied=True),
    _preset("8B", 4096, 12288, 36, 32),
    _preset("14B", 5120, 17408, 40, 40),
    _preset("32B", 5120, 25600, 64, 64),
)
