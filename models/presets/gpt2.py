"""GPT-2 in the sizes that people know; the numbers are those of each `config.json`."""

from __future__ import annotations

from lazycell import Preset


def _preset(name: str, width: int, layers: int, heads: int) -> Preset:
    sizes = {"n_embd": width, "n_layer": layers, "n_head": heads}
    return Preset(name, sizes, source=f"openai-community/{name}", licence="MIT")


PRESETS = (
    Preset("distilgpt2", {"n_layer": 6}, source="distilbert/distilgpt2", licence="Apache-2.0"),
    # Called as people call it, `gpt2` would be the family.
    Preset("gpt2-small", {}, source="openai-community/gpt2", licence="MIT"),
    _preset("gpt2-medium", 1024, 24, 16),
    _preset("gpt2-large", 1280, 36, 20),
    _preset("gpt2-xl", 1600, 48, 25),
)
