"""T5 and T5 v1.1 in the sizes that people know; the numbers are those of each `config.json`."""

from __future__ import annotations

from typing import Any

from lazycell import Preset


def _sizes(width: int, inner: int, layers: int, heads: int, head: int = 64) -> dict[str, Any]:
    return {"d_model": width, "d_ff": inner, "num_layers": layers, "num_heads": heads, "d_kv": head}


def _original(size: str, *sizes: int) -> Preset:
    name = f"t5-{size}"
    return Preset(name, _sizes(*sizes), source=f"google-t5/{name}", licence="Apache-2.0", paper="arXiv:1910.10683")


def _gated(size: str, *sizes: int) -> tuple[Preset, ...]:
    """Give v1.1, and what was made of it by instructions: built alike."""
    options = {**_sizes(*sizes), "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}
    first, flan = f"t5-v1_1-{size}", f"flan-t5-{size}"
    return (
        Preset(first, options, source=f"google/{first}", licence="Apache-2.0", paper="arXiv:2002.05202"),
        Preset(flan, options, source=f"google/{flan}", licence="Apache-2.0", paper="arXiv:2210.11416"),
    )


PRESETS = (
    _original("small", 512, 2048, 6, 8),
    _original("base", 768, 3072, 12, 12),
    _original("large", 1024, 4096, 24, 16),
    _original("3b", 1024, 16384, 24, 32, 128),
    _original("11b", 1024, 65536, 24, 128, 128),
    *_gated("small", 512, 1024, 8, 6),
    *_gated("base", 768, 2048, 12, 12),
    *_gated("large", 1024, 2816, 24, 16),
    *_gated("xl", 2048, 5120, 24, 32),
    *_gated("xxl", 4096, 10240, 24, 64),
)
