"""Qwen 2 and 2.5 in the sizes that people know; the numbers are those of each `config.json`."""

from __future__ import annotations

from lazycell import Preset

_2, _25 = "arXiv:2407.10671", "arXiv:2412.15115"


def _preset(
    name: str, source: str, paper: str, licence: str, sizes: tuple[int, ...], *, positions: int = 131072
) -> Preset:
    width, inner, layers, heads, key_heads = sizes
    small = width <= 2048
    return Preset(
        name,
        {
            "vocab_size": 151936 if small else 152064,
            "hidden_size": width,
            "intermediate_size": inner,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "num_key_value_heads": key_heads,
            "max_position_embeddings": positions,
            "rms_norm_eps": 1e-5 if width > 4096 else 1e-6,
            "rope_theta": 1e6,
            "sliding_window": positions,
            "max_window_layers": layers,
            "tie_word_embeddings": small,
        },
        dtype="bfloat16",
        source=f"Qwen/{source}",
        licence=licence,
        paper=paper,
    )


_05B, _15B, _3B = (896, 4864, 24, 14, 2), (1536, 8960, 28, 12, 2), (2048, 11008, 36, 16, 2)
_7B, _14B, _32B = (3584, 18944, 28, 28, 4), (5120, 13824, 48, 40, 8), (5120, 27648, 64, 40, 8)
_72B = (8192, 29568, 80, 64, 8)

PRESETS = (
    _preset("qwen2-0.5b", "Qwen2-0.5B", _2, "Apache-2.0", _05B),
    _preset("qwen2-1.5b", "Qwen2-1.5B", _2, "Apache-2.0", _15B),
    _preset("qwen2-7b", "Qwen2-7B", _2, "Apache-2.0", _7B),
    _preset("qwen2-72b", "Qwen2-72B", _2, "tongyi-qianwen", _72B),
    _preset("qwen2.5-0.5b", "Qwen2.5-0.5B", _25, "Apache-2.0", _05B, positions=32768),
    _preset("qwen2.5-1.5b", "Qwen2.5-1.5B", _25, "Apache-2.0", _15B),
    _preset("qwen2.5-3b", "Qwen2.5-3B", _25, "qwen-research", _3B, positions=32768),
    _preset("qwen2.5-7b", "Qwen2.5-7B", _25, "Apache-2.0", _7B),
    _preset("qwen2.5-14b", "Qwen2.5-14B", _25, "Apache-2.0", _14B),
    _preset("qwen2.5-32b", "Qwen2.5-32B", _25, "Apache-2.0", _32B),
    _preset("qwen2.5-72b", "Qwen2.5-72B", _25, "qwen", _72B),
)
