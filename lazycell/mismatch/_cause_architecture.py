"""The cause that layers hold other things: one more norm in each, a gate, a bias. That is another architecture."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .._families import family_of_class, family_of_word
from ..show import collapse, few, printable
from ..system import JSONProblem, read_bounded, read_object
from ._near import NearNames
from ._problems import Cause
from ._sides import Sides

_SHOWN = 3


def architecture(sides: Sides, path: Path | None) -> Cause | None:
    """Tell so if every layer that both have lacks something on one side."""
    both = {sides.splits[name][1][:1] for name in (*sides.fitting, *(name for name, _, _ in sides.shapes))} - {()}
    missing, unexpected = (_in_each(names, both, sides) for names in (sides.missing, sides.unexpected))
    shapes = {name: sides.unexpected[name].shape for name in unexpected}
    near = NearNames(shapes, sides.splits)
    if any(own is not None and near.find(name, own.shape) for name, own in sides.missing.items() if shapes):
        return None  # a word is spelt otherwise
    # What ends alike is probably the same under another name.
    common = {_end(name, sides) for name in missing} & {_end(name, sides) for name in unexpected}
    missing, unexpected = (
        [name for name in names if _end(name, sides) not in common] for names in (missing, unexpected)
    )
    if not missing and not unexpected:
        return None
    texts = [f"only the model has {_listed(missing, sides)}"] if missing else []
    texts += [f"only the checkpoint has {_listed(map(sides.in_file, unexpected), sides)}"] if unexpected else []
    text = f"layers of another architecture: {', '.join(texts)}"
    named = None if path is None else _named_beside(path)
    where = f"it is {named}'s, by the config.json beside it: " if named else ""
    todo = f"{where}load it into the class that it was saved from, with the hyperparameters of its config.json"
    return Cause("architecture", text, frozenset((*missing, *unexpected)), todo=todo)


def _end(name: str, sides: Sides) -> tuple[int, str]:
    """Give the last cell and what of it, and how many lists it lies in."""
    return len(sides.splits[name][1]), ".".join(name.split(".")[-2:])


def _in_each(names: Iterable[str], layers: set[tuple[str, ...]], sides: Sides) -> list[str]:
    """Give the names that there are in every one of the layers."""
    families: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        words, indices = sides.splits[name]
        if indices:
            families.setdefault(words, []).append(name)
    found = [
        members for members in families.values() if layers and {sides.splits[name][1][:1] for name in members} >= layers
    ]
    return [name for members in found for name in members]


def _listed(names: Iterable[str], sides: Sides) -> str:
    return few([f"`{pattern}`" for pattern, _ in collapse(names, sides.splits)], _SHOWN)


def family(sides: Sides, path: Path | None) -> Cause | None:
    """Tell so if the config.json beside a checkpoint says that it is of another family than the model."""
    said = None if path is None else _config_beside(path).get("model_type")
    there = family_of_word(said) if isinstance(said, str) else None
    here = family_of_class(sides.manifest.model)
    if there is None or here is None or there == here:
        return None
    text = (
        f"another model's checkpoint: it is of the family {said}, by the config.json beside it, which "
        f"{sides.manifest.model} is not of; names and shapes may be the same, what is computed with them is not"
    )
    todo = f"load it into a model of the family {said}, which `lazycell models` lists"
    return Cause("another model", text, frozenset((*sides.missing, *sides.unexpected)), todo=todo)


def _named_beside(path: Path) -> str | None:
    """Give the architecture that the config.json beside a checkpoint names."""
    names = _config_beside(path).get("architectures")
    return printable(names[0]) if isinstance(names, list) and names and isinstance(names[0], str) else None


def _config_beside(path: Path) -> dict[str, Any]:
    directory = path if path.is_dir() else path.parent
    try:
        return read_object(read_bounded(directory / "config.json"))
    except (OSError, JSONProblem):
        return {}
