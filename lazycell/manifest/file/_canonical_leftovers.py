"""What files may hold besides a model's tensors, and which part of the model is its base, as JSON and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import declaration, layout
from ._check_json import check_keys, member, members, refuse, shown, text, texts

_BASE = frozenset({"prefix", "heads"})


def leftovers_json(leftovers: Sequence[layout.Leftover]) -> dict[str, str | None]:
    """Give each name with the present one, or null for what nothing needs; in their order, which decides."""
    return {each.name: each.now for each in leftovers}


def leftovers_of(value: Any, where: str) -> tuple[layout.Leftover, ...]:
    """Read them.

    Raises:
        ManifestError: a name cannot be matched, or the present one cannot be made from it.
    """
    found: list[layout.Leftover] = []
    for name, now in members(value, where).items():
        place = member(where, shown(name))
        try:
            known = declaration.parse_pattern(name).captures
            captures = {} if now is None else declaration.captures_in(text(now, place))
        except ValueError as error:
            refuse(place, str(error))
        for capture, written in captures.items():
            if known.get(capture) != written:
                refuse(place, f"{shown(now)} has the capture {written}, and the name does not")
        found.append(layout.Leftover(name, now))
    return tuple(found)


def base_json(base: layout.BaseModel) -> dict[str, Any]:
    """Give the base."""
    return {"prefix": base.prefix, "heads": list(base.heads)}


def base_of(value: Any, where: str) -> layout.BaseModel:
    """Read the base.

    Raises:
        ManifestError: it is no object with a prefix and heads.
    """
    check_keys(value, where, _BASE, _BASE)
    return layout.BaseModel(text(value["prefix"], f"{where}.prefix"), tuple(texts(value["heads"], f"{where}.heads")))
