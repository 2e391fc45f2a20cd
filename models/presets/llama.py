"""Llama in the sizes that people know, and models built as it is; the numbers are those of each `config.json`."""

from __future__ import annotations

from typing import Any

from lazycell import Preset

_1 = "arXiv:2302.13971"
_2 = "arXiv:2307.09288"
_3 = "arXiv:2407.21783"


def _sized(width: int, inner: int, layers: int, heads: int, key_heads: int, **others: Any) -> dict[str, Any]:
    return {
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": key_heads,
        **others,
    }


def _of_3(*sizes: int, stretch: float | None = None, **others: Any) -> dict[str, Any]:
    """Give the third generation's options; from 3.1 on, its positions are stretched."""
    rope = {
        "rope_type": "llama3",
        "factor": stretch,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }
    long = {} if stretch is None else {"max_position_embeddings": 131072, "rope_scaling": rope}
    common = {"vocab_size": 128256, "max_position_embeddings": 8192, "rms_norm_eps": 1e-5, "rope_theta": 500000.0}
    return _sized(*sizes, **{**common, **long, **others})


def _smol(
    generation: str, size: str, *sizes: int, paper: str | None = None, dtype: str | None = None, **others: Any
) -> Preset:
    options = _sized(*sizes, vocab_size=49152, rms_norm_eps=1e-5, tie_word_embeddings=True, **others)
    name = f"SmolLM{generation}-{size}"
    return Preset(name.lower(), options, source=f"HuggingFaceTB/{name}", licence="Apache-2.0", paper=paper, dtype=dtype)


def _smol_2(size: str, *sizes: int, rope_theta: float, **others: Any) -> Preset:
    paper = "arXiv:2502.02737"
    return _smol(
        "2", size, *sizes, paper=paper, dtype="bfloat16", max_position_embeddings=8192, rope_theta=rope_theta, **others
    )


_LONG: dict[str, Any] = {"max_position_embeddings": 4096, "rms_norm_eps": 1e-5}
_7B, _13B = (4096, 11008, 32, 32, 32), (5120, 13824, 40, 40, 40)
_8B, _70B = (4096, 14336, 32, 32, 8), (8192, 28672, 80, 64, 8)
_135M, _360M, _1_7B = (576, 1536, 30, 9, 3), (960, 2560, 32, 15, 5), (2048, 8192, 24, 32, 32)

PRESETS = (
    Preset("llama-7b", _sized(*_7B), licence="other", paper=_1),
    Preset("llama-13b", _sized(*_13B), licence="other", paper=_1),
    Preset("llama-30b", _sized(6656, 17920, 60, 52, 52), licence="other", paper=_1),
    Preset("llama-65b", _sized(8192, 22016, 80, 64, 64, rms_norm_eps=1e-5), licence="other", paper=_1),
    Preset(
        "llama-2-7b",
        _sized(*_7B, **_LONG),
        dtype="float16",
        source="meta-llama/Llama-2-7b-hf",
        licence="llama2",
        paper=_2,
    ),
    Preset(
        "llama-2-13b",
        _sized(*_13B, **_LONG),
        dtype="float16",
        source="meta-llama/Llama-2-13b-hf",
        licence="llama2",
        paper=_2,
    ),
    Preset(
        "llama-2-70b",
        _sized(*_70B, **_LONG),
        dtype="float16",
        source="meta-llama/Llama-2-70b-hf",
        licence="llama2",
        paper=_2,
    ),
    Preset(
        "llama-3-8b", _of_3(*_8B), dtype="bfloat16", source="meta-llama/Meta-Llama-3-8B", licence="llama3", paper=_3
    ),
    Preset(
        "llama-3-70b", _of_3(*_70B), dtype="bfloat16", source="meta-llama/Meta-Llama-3-70B", licence="llama3", paper=_3
    ),
    Preset(
        "llama-3.1-8b",
        _of_3(*_8B, stretch=8.0),
        dtype="bfloat16",
        source="meta-llama/Llama-3.1-8B",
        licence="llama3.1",
        paper=_3,
    ),
    Preset(
        "llama-3.1-70b",
        _of_3(*_70B, stretch=8.0),
        dtype="bfloat16",
        source="meta-llama/Llama-3.1-70B",
        licence="llama3.1",
        paper=_3,
    ),
    Preset(
        "llama-3.1-405b",
        _of_3(16384, 53248, 126, 128, 8, stretch=8.0),
        dtype="bfloat16",
        source="meta-llama/Llama-3.1-405B",
        licence="llama3.1",
        paper=_3,
    ),
    Preset(
        "llama-3.2-1b",
        _of_3(2048, 8192, 16, 32, 8, stretch=32.0, tie_word_embeddings=True),
        dtype="bfloat16",
        source="meta-llama/Llama-3.2-1B",
        licence="llama3.2",
        paper=_3,
    ),
    Preset(
        "llama-3.2-3b",
        _of_3(3072, 8192, 28, 24, 8, stretch=32.0, tie_word_embeddings=True),
        dtype="bfloat16",
        source="meta-llama/Llama-3.2-3B",
        licence="llama3.2",
        paper=_3,
    ),
    Preset(
        "llama-3.3-70b",
        _of_3(*_70B, stretch=8.0),
        dtype="bfloat16",
        source="meta-llama/Llama-3.3-70B-Instruct",
        licence="llama3.3",
        paper=_3,
    ),
    Preset(
        "tinyllama-1.1b",
        _sized(2048, 5632, 22, 32, 4, rms_norm_eps=1e-5),
        dtype="bfloat16",
        source="TinyLlama/TinyLlama-1.1B-Chat-v1.0",
        licence="Apache-2.0",
        paper="arXiv:2401.02385",
    ),
    _smol("", "135M", *_135M),
    _smol("", "360M", *_360M),
    _smol("", "1.7B", *_1_7B),
    _smol_2("135M", *_135M, rope_theta=100000.0, initializer_range=1 / 24),
    _smol_2("360M", *_360M, rope_theta=100000.0),
    _smol_2("1.7B", *_1_7B, rope_theta=130000.0),
)
