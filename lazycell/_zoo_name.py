"""Under which name the zoo is imported: its folder `models` may be hidden by a `models` of the user's."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "models"
"""The zoo: beside this package, be it installed, editable or a checkout on the path."""

OWN_NAME = "models"
OTHER_NAME = "lazycell.zoo"

_taken = False


def take_other_name() -> None:
    """Note that a module of the zoo is imported under the other name, so that none is under both from now on."""
    global _taken
    _taken = True


def hidden_by() -> str | None:
    """Give the file or folder that `import models` would give or has given in the zoo's place; None: it is the zoo.

    A process that has imported some of the zoo under the other name stays with that one.
    """
    there = sys.modules.get(OWN_NAME)
    spec = find_spec(OWN_NAME) if there is None else getattr(there, "__spec__", None)
    places = (spec and spec.submodule_search_locations) or getattr(there, "__path__", None) or ()
    if any(_is_zoo(place) for place in places):
        return OTHER_NAME if _taken else None
    origin = getattr(spec, "origin", None) or getattr(there, "__file__", None)
    return str(next(iter(places), None) or origin or f"a module {OWN_NAME!r}")


def importable(value: str) -> str:
    """Give an announced module, as `models.bert`, under the name that it can be imported by: `lazycell.zoo.bert`."""
    top, dot, rest = value.partition(".")
    path = FOLDER.joinpath(*rest.partition(":")[0].split("."))
    if top != OWN_NAME or not dot or not (path.is_dir() or path.with_suffix(".py").is_file()) or hidden_by() is None:
        return value
    return f"{OTHER_NAME}.{rest}"


def _is_zoo(place: object) -> bool:
    try:
        return os.path.samefile(str(place), FOLDER)
    except OSError:
        return False
