"""How a checkpoint's authors mean texts to be written: `generation_config.json`, beside `config.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ._bookkeeping import GENERATION_KEYS
from ._config import Config, read_config


def generation_config(config: Config) -> dict[str, Any]:
    """Give what `generation_config.json` says; where there is none, what the config says of writing, as old ones do.

    A GGUF file says itself what ends a text, whatever lies beside it.

    Raises:
        ConfigError: there is one, and it is not a JSON object.
    """
    path: Path = config.path.parent / "generation_config.json"
    if path.is_file() and not config.is_gguf:
        return read_config(path)
    return {key: value for key, value in config.options.items() if key in GENERATION_KEYS and value is not None}
