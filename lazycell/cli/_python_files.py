"""A file of Python where a MODEL is asked for: how what is in it is written. Nothing is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from ..show import few, printable

_LARGEST, _NAMED = 1_000_000, 3


def how_classes_are_written(path: Path) -> str:
    """Say how a class of a file is written: `a class in it is written net:Class: net:Linear, net:Net`.

    Args:
        path: of the file, as it was written; one that is not below the working directory is named by its last part.
    """
    place = path.with_suffix("")
    if place.is_absolute() or ".." in place.parts:
        place = Path(place.name)
    module = ".".join(part for part in place.parts if part != "__init__")
    names = [printable(f"{module}:{name}") for name in _classes(path)]
    return f"a class in it is written {printable(module)}:Class{': ' if names else ''}{few(names, _NAMED)}"


def file_of_module(name: str) -> Path | None:
    """Give the file of a module here, as `net.py` of `net`; None if there is none."""
    if not all(map(str.isidentifier, name.split("."))):
        return None
    path = Path(*name.split("."))
    return next((each for each in (path.with_suffix(".py"), path / "__init__.py") if each.is_file()), None)


def _classes(path: Path) -> Iterator[str]:
    """Give the names of the classes of a file that are made of others; nothing where it is no Python."""
    try:
        with path.open("rb") as file:
            tree = ast.parse(file.read(_LARGEST))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    yield from (node.name for node in tree.body if isinstance(node, ast.ClassDef) and node.bases)
