"""DistilBERT in the sizes that people know; the numbers are those of each `config.json`."""

from __future__ import annotations

from lazycell import Preset


def _preset(name: str, vocabulary: int) -> Preset:
    source = f"distilbert/{name}"
    return Preset(name, {"vocab_size": vocabulary}, source=source, licence="Apache-2.0", paper="arXiv:1910.01108")


PRESETS = (
    _preset("distilbert-base-uncased", 30522),
    _preset("distilbert-base-cased", 28996),
    _preset("distilbert-base-multilingual-cased", 119547),
)
