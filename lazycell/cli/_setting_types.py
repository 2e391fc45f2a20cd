"""Whether what `--set` says is of the type that is declared for it."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import click

from ._shell import value_text

_SCALARS = {"int": int, "float": float, "bool": bool, "str": str}


def check_types(
    takes: Mapping[str, inspect.Parameter], settings: Mapping[str, Any], converted: frozenset[str] = frozenset()
) -> None:
    """Refuse a value that is not of the type that is declared for it, where that is a number, a bool or a text.

    Args:
        takes: what is set, with its annotations and defaults.
        settings: the values.
        converted: names of what a converter makes of another type.

    Raises:
        click.UsageError: one is not; it says what it should be, with an example.
    """
    for name, value in settings.items():
        if name not in takes or name in converted:
            continue
        kinds = [*_kinds(takes[name].annotation)]
        if None in kinds or (value is None and takes[name].default is None) or _is_one(value, kinds):
            continue
        what = " or ".join(filter(None, kinds))
        default = takes[name].default
        like = f": write --set {name}={value_text(default)}, say" if _is_one(default, kinds) else ""
        text = value_text(value)
        raise click.UsageError(f"--set {name}={text}: {text!r} is no {what}, which {name} is declared to be{like}")


def _kinds(annotation: Any) -> Iterator[str | None]:
    """Give the names of the types that an annotation stands for; None for one that may be anything."""
    if isinstance(annotation, str):
        names = [each.strip() for each in annotation.split("|")]
        yield from (name if name in (*_SCALARS, "None") else None for name in names)
    elif isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        for each in typing.get_args(annotation):
            yield from _kinds(each)
    elif annotation in (None, types.NoneType):
        yield "None"
    else:
        yield next((name for name, kind in _SCALARS.items() if annotation is kind), None)


def _is_one(value: Any, kinds: list[str | None]) -> bool:
    if value is None or isinstance(value, bool):
        return ("None" if value is None else "bool") in kinds
    if isinstance(value, int):
        return "int" in kinds or "float" in kinds or "str" in kinds  # a text may be written in digits
    return any(kind in _SCALARS and isinstance(value, _SCALARS[kind]) for kind in kinds if kind is not None)
