"""RoBERTa in the sizes that people know; the numbers are those of each `config.json`."""

from __future__ import annotations

from lazycell import Preset

_ALL = {"max_position_embeddings": 514, "type_vocab_size": 1, "layer_norm_eps": 1e-5}
_LARGE = {**_ALL, "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}

PRESETS = (
    Preset(
        "distilroberta-base",
        {**_ALL, "num_hidden_layers": 6},
        source="distilbert/distilroberta-base",
        licence="Apache-2.0",
        paper="arXiv:1910.01108",
    ),
    Preset("roberta-base", _ALL, source="FacebookAI/roberta-base", licence="MIT", paper="arXiv:1907.11692"),
    Preset("roberta-large", _LARGE, source="FacebookAI/roberta-large", licence="MIT", paper="arXiv:1907.11692"),
)
