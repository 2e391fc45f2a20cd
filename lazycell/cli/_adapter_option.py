"""`--adapter DIR` and `--adapter DIR=WEIGHT`: adapters on the command line."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from ._completion import complete_files

_F = TypeVar("_F", bound=Callable[..., Any])


def adapter_option(command: _F) -> _F:
    """Add `--adapter` to a command, which gets one argument, `adapter`; see `adapters_of`."""
    return click.option(
        "--adapter",
        multiple=True,
        metavar="DIR[=WEIGHT]",
        shell_complete=complete_files,
        help="Merge an adapter of PEFT, its changes times WEIGHT; repeat it for several. A name that itself ends in "
        "=NUMBER is written with a slash at its end.",
    )(command)


def adapters_of(words: Sequence[str]) -> list[tuple[str, float]] | None:
    """Give the argument `adapter` that the words of `--adapter` stand for; None: there are none.

    What follows the last `=` is a weight if it is a number; `dir=0.7/` is a directory of that name.

    Raises:
        click.UsageError: a word names no directory.
    """
    return [_adapter(word) for word in words] or None


def _adapter(word: str) -> tuple[str, float]:
    path, equals, text = word.rpartition("=")
    weight = _number(text) if equals else None
    if weight is None:
        path, weight = word, 1.0
    if not path:
        raise click.UsageError(f"--adapter {word}: write the directory of an adapter, DIR or DIR=0.7")
    if not os.path.exists(path):
        if path != word and os.path.isdir(word):
            raise click.UsageError(f"--adapter {word}: write {word}/ if the directory of that name is meant")
        raise click.UsageError(f"--adapter {word}: there is nothing at {path}")
    if not math.isfinite(weight):
        raise click.UsageError(f"--adapter {word}: the weight has to be a finite number")
    return path, weight


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
