"""Check what a stranger's JSON says, one value at a time: every fault is a `ManifestError` that says where."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from typing import Any, NoReturn

from ..._errors import ManifestError
from ..._location import did_you_mean

_SHOWN = 80
"""Of a stranger's text in a message, at most so many characters."""

MAX_NUMBER = 1 << 63
"""Sizes, counts and bytes are below it."""

MAX_RANK = 64
"""Dimensions of an array: numpy's own bound."""

_KINDS = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number with a fraction",
    type(None): "null",
}


def refuse(where: str, problem: str) -> NoReturn:
    """Raise the error of one place: `parameters[3].shape: …`.

    Raises:
        ManifestError: always.
    """
    raise ManifestError(f"{where}: {problem}" if where else problem) from None


def shown(value: object) -> str:
    """Give a value for a message, in ASCII and not too long."""
    text = json.dumps(value[:_SHOWN] if isinstance(value, str) else value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def member(where: str, key: object) -> str:
    """Give the place of a member: `parameters[3]`, `ties."a"`."""
    return f"{where}[{key}]" if isinstance(key, int) else f"{where}.{key}" if where else str(key)


def members(value: Any, where: str) -> dict[str, Any]:
    """Give an object."""
    if type(value) is not dict:
        refuse(where, f"has to be an object, and is {_kind(value)}")
    return value


def check_keys(value: Any, where: str, needed: Set[str], known: Set[str]) -> dict[str, Any]:
    """Give an object that has every key of `needed`, and none but those of `known`."""
    if type(value) is not dict:
        members(value, where)
    if not (needed <= value.keys() and value.keys() <= known):
        for key in value:
            if key not in known:
                refuse(where, f"unknown key {shown(key)}{did_you_mean(key[:_SHOWN], sorted(known))}")
        refuse(where, f"lacks {shown(min(needed - value.keys()))}")
    return value


def items(value: Any, where: str) -> list[Any]:
    """Give a list."""
    if type(value) is not list:
        refuse(where, f"has to be a list, and is {_kind(value)}")
    return value


def text(value: Any, where: str) -> str:
    """Give text."""
    if type(value) is not str:
        refuse(where, f"has to be text, and is {_kind(value)}")
    return value


def texts(value: Any, where: str) -> list[str]:
    """Give a list of texts."""
    return [text(each, member(where, k)) for k, each in enumerate(items(value, where))]


def truth(value: Any, where: str) -> bool:
    """Give true or false."""
    if type(value) is not bool:
        refuse(where, f"has to be true or false, and is {_kind(value)}")
    return value


def whole(value: Any, where: str, least: int = 0) -> int:
    """Give a whole number that is not below `least`, and below 2**63."""
    if type(value) is not int:
        refuse(where, f"has to be a whole number, and is {_kind(value)}")
    if value < least:
        refuse(where, f"has to be at least {least}, and is {_number(value)}")
    if value >= MAX_NUMBER:
        refuse(where, f"is {_number(value)}, which is 2**63 or more")
    return value


def wholes(value: Any, where: str) -> tuple[int, ...]:
    """Give a list of whole numbers that are not negative."""
    for k, each in enumerate(items(value, where)):
        if type(each) is not int or not 0 <= each < MAX_NUMBER:
            whole(each, member(where, k))
    return tuple(value)


def shape_of_json(value: Any, where: str) -> tuple[int, ...]:
    """Give a shape: at most `MAX_RANK` sizes, whose product, element by element, stays below 2**63."""
    shape = wholes(value, where)
    if len(shape) > MAX_RANK:
        refuse(where, f"has {len(shape)} dimensions; no array has more than {MAX_RANK}")
    total = 1
    for size in shape:
        total *= size
    if total >= MAX_NUMBER:
        refuse(where, f"is {shown(list(shape))}, larger than any memory")
    return shape


def mapping(value: Any, where: str) -> Mapping[str, str]:
    """Give an object whose values are all text."""
    for key, each in members(value, where).items():
        text(each, member(where, shown(key)))
    return value


def _kind(value: object) -> str:
    kind = _KINDS.get(type(value), type(value).__name__)
    return f"{kind}, {shown(value)}" if isinstance(value, (str, float)) else kind


def _number(value: int) -> str:
    digits = str(value)
    return digits if len(digits) <= _SHOWN else digits[:_SHOWN] + "…"
