"""Qwen 3 with experts in the sizes that people know; the numbers are those of each `config.json`."""

from __future__ import annotations

from lazycell import Preset


def _preset(size: str, width: int, inner: int, layers: int, heads: int, expert: int) -> Preset:
    return Preset(
        f"qwen3-{size.lower()}",
        {
            "hidden_size": width,
            "intermediate_size": inner,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "moe_intermediate_size": expert,
            "max_position_embeddings": 40960,
            "rope_theta": 1e6,
            "sliding_window": None,
            "norm_topk_prob": True,
        },
        dtype="bfloat16",
        source=f"Qwen/Qwen3-{size}",
        licence="Apache-2.0",
        paper="arXiv:2505.09388",
    )


PRESETS = (
    _preset("30B-A3B", 2048, 6144, 48, 32, 768),
    _preset("235B-A22B", 4096, 12288, 94, 64, 1536),
)
