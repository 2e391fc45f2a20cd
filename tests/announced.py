"""A package of a third party that announces models, and must not be imported."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def announce(directory: Path, package: str, module: str, manifests: Mapping[str, str]) -> Path:
    """Install a package into a directory, which has to be put on the path.

    Args:
        directory: as `site-packages`.
        package: its name; whoever imports it fails.
        module: the module that it announces.
        manifests: by preset, the text of each committed manifest.

    Returns:
        The directory of the manifests.
    """
    place = directory / package
    place.mkdir(parents=True)
    (place / "__init__.py").write_text(f"raise SystemExit('{package} was imported')\n")
    information = directory / f"{package}-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[lazycell.models]\n{package} = {module}\n")
    (place / "manifests").mkdir()
    for preset, text in manifests.items():
        (place / "manifests" / f"{preset}.json").write_text(text)
    return place / "manifests"
