"""A directory that is an adapter and no model: what it says of itself, and which model it is for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ... import formats, system
from ..._errors import CheckpointFormatError, ConfigError
from ._adapter import FILES
from ._adapter_config import CONFIG


def adapter_file(directory: Path) -> Path | None:
    """Give the file with the tensors of an adapter; None: the directory is none, or it has a model's weights too."""
    if not (directory / CONFIG).is_file():
        return None
    found = next((directory / name for name in FILES if (directory / name).is_file()), None)
    if found is None:
        return None
    try:
        model = formats.choose(directory, [each.name for each in directory.iterdir() if not each.is_dir()])
    except CheckpointFormatError:
        return None
    return None if model else found


def told_in(directory: Path) -> dict[str, Any]:
    """Give what an `adapter_config.json` says.

    Raises:
        ConfigError: it is none.
    """
    try:
        return dict(system.read_object(system.read_bounded(directory / CONFIG)))
    except system.JSONProblem as problem:
        raise ConfigError(f"{directory / CONFIG} {problem}") from None
    except OSError as error:
        raise ConfigError(f"{directory / CONFIG}: cannot be read: {error.strerror or error}") from None


def base_named(directory: Path) -> tuple[str | None, Path | None]:
    """Give what an adapter calls its base, and the directory of that name: as it is, else below the adapter's own.

    Raises:
        ConfigError: the config is none.
    """
    name = told_in(directory).get("base_model_name_or_path")
    if not isinstance(name, str) or not name or "\0" in name:
        return None, None
    place = directory / name  # an absolute path stays one
    return name, place.resolve() if place.is_dir() else None
