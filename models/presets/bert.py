"""BERT in the sizes that people know; the numbers are those of each `config.json`."""

from __future__ import annotations

from lazycell import Preset

_BERT = "arXiv:1810.04805"
_WELL_READ = "arXiv:1908.08962"  # Turc et al. 2019: the smaller ones, named for layers and width


def _small(name: str, layers: int, width: int) -> Preset:
    return Preset(
        name,
        {
            "num_hidden_layers": layers,
            "hidden_size": width,
            "num_attention_heads": width // 64,
            "intermediate_size": 4 * width,
        },
        source=f"google/bert_uncased_L-{layers}_H-{width}_A-{width // 64}",
        licence="Apache-2.0",
        paper=_WELL_READ,
    )


def _large(name: str, vocabulary: int) -> Preset:
    return Preset(
        name,
        {
            "vocab_size": vocabulary,
            "num_hidden_layers": 24,
            "hidden_size": 1024,
            "num_attention_heads": 16,
            "intermediate_size": 4096,
        },
        source=f"google-bert/{name}",
        licence="Apache-2.0",
        paper=_BERT,
    )


def _base(name: str, vocabulary: int) -> Preset:
    return Preset(name, {"vocab_size": vocabulary}, source=f"google-bert/{name}", licence="Apache-2.0", paper=_BERT)


PRESETS = (
    _small("bert-tiny", 2, 128),
    _small("bert-mini", 4, 256),
    _small("bert-small", 4, 512),
    _small("bert-medium", 8, 512),
    _base("bert-base-uncased", 30522),
    _base("bert-base-cased", 28996),
    _base("bert-base-multilingual-cased", 119547),
    _base("bert-base-chinese", 21128),
    _large("bert-large-uncased", 30522),
    _large("bert-large-cased", 28996),
    Preset(
        "all-MiniLM-L6-v2",
        {"num_hidden_layers": 6, "hidden_size": 384, "num_attention_heads": 12, "intermediate_size": 1536},
        source="sentence-transformers/all-MiniLM-L6-v2",
        licence="Apache-2.0",
        paper="arXiv:2002.10957",
    ),
)
