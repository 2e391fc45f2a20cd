"""The families of models that packages announce, known by name alone: nothing is imported."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from . import system
from ._zoo_name import importable

GROUP = "lazycell.models"
"""The entry-point group: the name is a `model_type`, the value a module that registers its classes when imported."""


def family_of_class(name: str) -> str | None:
    """Give the module of the family that a class is of by its name, as `BertForMaskedLM` of `bert`; None: of none."""
    return _announced_as(name, lambda plain, family: plain.startswith(family))


def family_of_word(word: str) -> str | None:
    """Give the module of the family that is called so, as in a prefix of names: `bert`; None: there is none."""
    return _announced_as(word, lambda plain, family: plain == family)


def _announced_as(name: str, fits: Callable[[str, str], bool]) -> str | None:
    plain = _plain(name)
    found = [family for family in _announced() if fits(plain, family)]
    return _announced()[max(found, key=len)] if found else None


@cache
def _announced() -> dict[str, str]:
    return {_plain(name): module for name, module in announced()}


def announced() -> list[tuple[str, str]]:
    """Give the families and the modules to import, in the order in which packages are found."""
    return [(entry.name, importable(entry.module)) for entry in system.entry_points(group=GROUP)]


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()
