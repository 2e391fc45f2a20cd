"""The manifests that lie beside registered models, one for each preset, found without importing a model."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

from .._families import GROUP as GROUP
from .._families import announced
from .._zoo_name import FOLDER, OTHER_NAME

DIRECTORY = "manifests"
"""How the directory with them is called, beside the module."""

_SUFFIX = ".json"


def committed_manifests() -> Iterator[tuple[str, Path]]:
    """Give the name of each preset that has a committed manifest, and the file; no module is imported.

    In the order in which packages are found, and by name. A module that is announced and cannot be found has none.
    """
    directories = (manifest_directory(module) for _, module in announced())
    for directory in dict.fromkeys(each for each in directories if each is not None):
        yield from manifests_in(directory)


def manifests_in(directory: Path) -> Iterator[tuple[str, Path]]:
    """Give the presets that a directory has manifests of, by name, and the files."""
    if directory.is_dir():
        for path in sorted(directory.iterdir()):
            if path.name.endswith(_SUFFIX) and not path.name.startswith(".") and path.is_file():
                yield path.name.removesuffix(_SUFFIX), path


def manifest_file(directory: Path, preset: str) -> Path:
    """Give the file of a preset's manifest in a directory.

    Raises:
        ValueError: the name is no name of a file.
    """
    name = preset + _SUFFIX
    if Path(name).name != name or name.startswith("."):
        raise ValueError(f"preset {preset!r} cannot name a file: leave out slashes and a dot at its start")
    return directory / name


def manifest_directory(module: str) -> Path | None:
    """Give the directory for the manifests of a module's models: in its top package, `models/manifests`.

    So all models of a package have one, whichever module announces them. The package is looked for, not imported; of
    a module that is in none, the directory is beside it. None: it cannot be found.
    """
    if module.startswith(f"{OTHER_NAME}."):
        return FOLDER / DIRECTORY
    try:
        spec = importlib.util.find_spec(module.partition(".")[0])
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None:
        return None
    for location in spec.submodule_search_locations or ():
        return Path(location) / DIRECTORY
    return Path(spec.origin).parent / DIRECTORY if spec.origin is not None and spec.has_location else None
