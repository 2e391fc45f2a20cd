"""A zoo of declared models: one file a family, on the layers of `models.layers`, with lazycell's public names alone.

The parameters' names are those of Hugging Face's checkpoints, so nothing is renamed when one is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .generation import generate as generate
    from .generation import stream_generate as stream_generate
    from .lora import LoRA as LoRA

__all__ = ["LoRA", "generate", "stream_generate"]


def __getattr__(name: str) -> Any:
    # Imported when it is asked for: the command reads this package's manifests without MindSpore.
    if name in __all__:
        if name == "LoRA":
            from .lora import LoRA

            return LoRA
        from . import generation

        return getattr(generation, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
