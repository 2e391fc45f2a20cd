"""Whether anything can be downloaded: the client is installed, and nobody has forbidden it."""

from __future__ import annotations

import importlib.util
import os

_TRUE = ("1", "ON", "YES", "TRUE")  # as `huggingface_hub.constants` reads its variables


def is_installed() -> bool:
    """Whether the client is there."""
    return importlib.util.find_spec("huggingface_hub") is not None


def offline() -> str | None:
    """Give the environment variable that forbids the network; None: none does."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):  # the second counts where the first is not set
        value = os.environ.get(name)
        if value:
            return name if value.upper() in _TRUE else None
    return None
