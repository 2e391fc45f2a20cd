"""The repositories that presets name as their source, by the numbers in each."""

from __future__ import annotations

from collections.abc import Mapping

from .published import Decoder, Repository, bert, distilbert, gpt2, roberta, sentences, t5

_LLAMA3 = {
    "rope_type": "llama3",
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
_GEMMA2 = {"query_pre_attn_scalar": 256, "sliding_window": 4096, "max_position_embeddings": 8192}
_GEMMA3 = {"query_pre_attn_scalar": 256, "sliding_window": 512, "max_position_embeddings": 32768}
_EIGHT, _SHORT = {"factor": 8.0, **_LLAMA3}, {"factor": 32.0, **_LLAMA3}

_SMOL = {
    "smollm-135m": Decoder("llama", 49152, 30, 576, 1536, 9, 3, tied=True),
    "smollm-360m": Decoder("llama", 49152, 32, 960, 2560, 15, 5, tied=True),
    "smollm-1.7b": Decoder("llama", 49152, 24, 2048, 8192, 32, 32, tied=True),
}

_LLAMAS = {
    "llama-2-7b": Decoder("llama", 32000, 32, 4096, 11008, 32, 32, dtype="F16", shards=2),
    "llama-2-13b": Decoder("llama", 32000, 40, 5120, 13824, 40, 40, dtype="F16", shards=3),
    "llama-2-70b": Decoder("llama", 32000, 80, 8192, 28672, 64, 8, dtype="F16", shards=15),
    "llama-3-8b": Decoder("llama", 128256, 32, 4096, 14336, 32, 8, shards=4, more={"rope_theta": 5e5}),
    "llama-3-70b": Decoder("llama", 128256, 80, 8192, 28672, 64, 8, shards=30, more={"rope_theta": 5e5}),
    "llama-3.1-8b": Decoder("llama", 128256, 32, 4096, 14336, 32, 8, shards=4, more={"rope_scaling": _EIGHT}),
    "llama-3.1-70b": Decoder("llama", 128256, 80, 8192, 28672, 64, 8, shards=30, more={"rope_scaling": _EIGHT}),
    "llama-3.1-405b": Decoder("llama", 128256, 126, 16384, 53248, 128, 8, shards=191, more={"rope_scaling": _EIGHT}),
    "llama-3.3-70b": Decoder("llama", 128256, 80, 8192, 28672, 64, 8, shards=30, more={"rope_scaling": _EIGHT}),
    "llama-3.2-1b": Decoder("llama", 128256, 16, 2048, 8192, 32, 8, 64, tied=True, more={"rope_scaling": _SHORT}),
    "llama-3.2-3b": Decoder(
        "llama", 128256, 28, 3072, 8192, 24, 8, 128, tied=True, shards=2, more={"rope_scaling": _SHORT}
    ),
    "tinyllama-1.1b": Decoder("llama", 32000, 22, 2048, 5632, 32, 4),
    **_SMOL,
    **{name.replace("smollm", "smollm2"): each for name, each in _SMOL.items()},
}

_MISTRALS = {
    "mistral-7b-v0.1": Decoder("mistral", 32000, 32, 4096, 14336, 32, 8, shards=2),
    "mistral-7b-v0.3": Decoder("mistral", 32768, 32, 4096, 14336, 32, 8, shards=3),
    "mistral-nemo-12b": Decoder("mistral", 131072, 40, 5120, 14336, 32, 8, 128, shards=5),
    "mistral-small-24b": Decoder("mistral", 131072, 40, 5120, 32768, 32, 8, 128, shards=10),
    "mixtral-8x7b": Decoder("mixtral", 32000, 32, 4096, 14336, 32, 8, shards=19, experts=8),
    "mixtral-8x22b": Decoder("mixtral", 32000, 56, 6144, 16384, 48, 8, shards=59, experts=8),
}

_QWENS = {
    "qwen2-0.5b": Decoder("qwen2", 151936, 24, 896, 4864, 14, 2, tied=True),
    "qwen2-1.5b": Decoder("qwen2", 151936, 28, 1536, 8960, 12, 2, tied=True),
    "qwen2-7b": Decoder("qwen2", 152064, 28, 3584, 18944, 28, 4, shards=4),
    "qwen2-72b": Decoder("qwen2", 152064, 80, 8192, 29568, 64, 8, shards=37),
    "qwen2.5-0.5b": Decoder("qwen2", 151936, 24, 896, 4864, 14, 2, tied=True),
    "qwen2.5-1.5b": Decoder("qwen2", 151936, 28, 1536, 8960, 12, 2, tied=True),
    "qwen2.5-3b": Decoder("qwen2", 151936, 36, 2048, 11008, 16, 2, tied=True, shards=2),
    "qwen2.5-7b": Decoder("qwen2", 152064, 28, 3584, 18944, 28, 4, shards=4),
    "qwen2.5-14b": Decoder("qwen2", 152064, 48, 5120, 13824, 40, 8, shards=8),
    "qwen2.5-32b": Decoder("qwen2", 152064, 64, 5120, 27648, 40, 8, shards=17),
    "qwen2.5-72b": Decoder("qwen2", 152064, 80, 8192, 29568, 64, 8, shards=37),
    "qwen3-0.6b": Decoder("qwen3", 151936, 28, 1024, 3072, 16, 8, 128, tied=True, copy=True),
    "qwen3-1.7b": Decoder("qwen3", 151936, 28, 2048, 6144, 16, 8, 128, tied=True, copy=True, shards=2),
    "qwen3-4b": Decoder("qwen3", 151936, 36, 2560, 9728, 32, 8, 128, tied=True, shards=3),
    "qwen3-8b": Decoder("qwen3", 151936, 36, 4096, 12288, 32, 8, 128, shards=5),
    "qwen3-14b": Decoder("qwen3", 151936, 40, 5120, 17408, 40, 8, 128, shards=8),
    "qwen3-32b": Decoder("qwen3", 151936, 64, 5120, 25600, 64, 8, 128, shards=17),
    "qwen3-30b-a3b": Decoder(
        "qwen3_moe", 151936, 48, 2048, 6144, 32, 4, 128, shards=16, experts=128, more={"moe_intermediate_size": 768}
    ),
    "qwen3-235b-a22b": Decoder(
        "qwen3_moe", 151936, 94, 4096, 12288, 64, 4, 128, shards=118, experts=128, more={"moe_intermediate_size": 1536}
    ),
}

_GEMMAS = {
    "gemma-2-2b": Decoder("gemma2", 256000, 26, 2304, 9216, 8, 4, 256, True, "F32", 3, more=_GEMMA2),
    "gemma-2-9b": Decoder("gemma2", 256000, 42, 3584, 14336, 16, 8, 256, True, "F32", 8, more=_GEMMA2),
    "gemma-2-27b": Decoder(
        "gemma2", 256000, 46, 4608, 36864, 32, 16, 128, True, "F32", 24, more={**_GEMMA2, "query_pre_attn_scalar": 144}
    ),
    "gemma-3-270m": Decoder("gemma3_text", 262144, 18, 640, 2048, 4, 1, 256, tied=True, more=_GEMMA3),
    "gemma-3-1b": Decoder("gemma3_text", 262144, 26, 1152, 6912, 4, 1, 256, tied=True, more=_GEMMA3),
}

REPOSITORIES: Mapping[str, Repository] = {
    "bert-tiny": bert(30522, 2, 128, 2),
    "bert-mini": bert(30522, 4, 256, 4),
    "bert-small": bert(30522, 4, 512, 8),
    "bert-medium": bert(30522, 8, 512, 8),
    "bert-base-uncased": bert(30522, 12, 768, 12),
    "bert-base-cased": bert(28996, 12, 768, 12),
    "bert-base-multilingual-cased": bert(119547, 12, 768, 12),
    "bert-base-chinese": bert(21128, 12, 768, 12),
    "bert-large-uncased": bert(30522, 24, 1024, 16),
    "bert-large-cased": bert(28996, 24, 1024, 16),
    "all-MiniLM-L6-v2": sentences(),
    "distilbert-base-uncased": distilbert(30522),
    "distilbert-base-cased": distilbert(28996),
    "distilbert-base-multilingual-cased": distilbert(119547),
    "distilroberta-base": roberta(6, 768, 12),
    "roberta-base": roberta(12, 768, 12),
    "roberta-large": roberta(24, 1024, 16),
    "distilgpt2": gpt2(6, 768, 12, "transformer.", True),
    "gpt2-small": gpt2(12, 768, 12),
    "gpt2-medium": gpt2(24, 1024, 16),
    "gpt2-large": gpt2(36, 1280, 20),
    "gpt2-xl": gpt2(48, 1600, 25),
    **{name: each.repository for name, each in (_LLAMAS | _MISTRALS | _QWENS | _GEMMAS).items()},
    "t5-small": t5(512, 2048, 6, 8, "first"),
    "t5-base": t5(768, 3072, 12, 12, "first"),
    "t5-large": t5(1024, 4096, 24, 16, "first"),
    "t5-3b": t5(1024, 16384, 24, 32, "first", head=128),
    "t5-11b": t5(1024, 65536, 24, 128, "first", head=128),
    "t5-v1_1-small": t5(512, 1024, 8, 6, "v1.1"),
    "t5-v1_1-base": t5(768, 2048, 12, 12, "v1.1"),
    "t5-v1_1-large": t5(1024, 2816, 24, 16, "v1.1"),
    "t5-v1_1-xl": t5(2048, 5120, 24, 32, "v1.1"),
    "t5-v1_1-xxl": t5(4096, 10240, 24, 64, "v1.1"),
    "flan-t5-small": t5(512, 1024, 8, 6, "flan"),
    "flan-t5-base": t5(768, 2048, 12, 12, "flan"),
    "flan-t5-large": t5(1024, 2816, 24, 16, "flan"),
    "flan-t5-xl": t5(2048, 5120, 24, 32, "flan", 2),
    "flan-t5-xxl": t5(4096, 10240, 24, 64, "flan", 5),
}
