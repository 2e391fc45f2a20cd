"""Where the base of an adapter is, where a model is asked for by the adapter's directory alone."""

from __future__ import annotations

from pathlib import Path

import attrs

from .. import hub
from .._errors import ConfigError
from ..loading import LoadOptions
from ..sources import adapters


def with_base(place: Path, options: LoadOptions) -> tuple[Path, LoadOptions]:
    """Give the model to load, and how: what was asked for; or, of an adapter, its base with that adapter merged.

    The base is what the adapter's config names: a directory, as it is or below the adapter's own; or a repository that
    the hub's cache has. Nothing is downloaded.

    Args:
        place: what was asked for.
        options: of the load.

    Raises:
        ConfigError: the base is not to be found; or adapters are given besides.
    """
    if not place.is_dir() or adapters.adapter_file(place) is None:
        return place, options
    name, directory = adapters.base_named(place)
    how = f"give both, from_pretrained(BASE, adapter={str(place)!r})"
    start = f"{place} is an adapter, and no model"
    if options.adapter is not None:
        raise ConfigError(f"{start}: with several adapters, name the model: from_pretrained(BASE, adapter=[…])")
    if name is None:
        raise ConfigError(f"{start}, and does not say of which model (base_model_name_or_path): {how}")
    if directory is None and hub.is_repository(name):
        found = hub.look_up(name, None)
        directory = found.snapshot if found.problem is None else None
    if directory is None:
        raise ConfigError(
            f"{start}: it changes {name!r} (base_model_name_or_path), which is no directory, neither so nor below "
            f"{place}, nor a repository in the hub's cache: {how}"
        )
    if adapters.adapter_file(directory) is not None:
        raise ConfigError(f"{start}, and its base {directory} is an adapter, too: {how}")
    return directory, attrs.evolve(options, adapter=str(place))
