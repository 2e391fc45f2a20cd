"""Advice in the words of the command: its options, where Python has arguments."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .. import mismatch
from .._frozen import frozen
from .._harmless import words_of
from ..show import printable
from ._typed import shell_words, typed

if TYPE_CHECKING:
    from ..mismatch import Argument

_OPTIONS = {"dtype": "--cast"}  # what Python calls dtype


@frozen
class Shell:
    """A dialect of advice: what a command can be told.

    Attributes:
        options: the arguments of a load that the command has options for; the others `lazycell check` has.
        settable: whether it has `--set`; a manifest in a file has its values.
    """

    options: Collection[str] = ("rename", "missing", "unexpected", "dtype", "partial")
    settable: bool = True

    def takes(self, name: str) -> bool:
        """Whether the command has an option for an argument."""
        return name in self.options

    def argument(self, argument: Argument) -> str:
        """Write an argument in a sentence: `--missing init`."""
        name, value = argument.name, argument.value
        if value is None:
            return f"`{_option(name)}`"
        if isinstance(value, bool):
            return _option(name)
        if value == ():
            return f"{_option(name)} with a name pattern, once or more often"
        words, untypable = _words(name, value)
        return " ".join([*words, *untypable])

    def proposals(self, settings: Mapping[str, Any], arguments: Mapping[str, Any]) -> Iterator[str]:
        """Write what to do: all options in one line, then what no option of this command can say."""
        values = _set(settings)
        here = values if self.settable else []
        elsewhere: list[str] = []
        in_python: list[str] = []
        for name, value in arguments.items():
            words, untypable = _words(name, value)
            (here if self.takes(name) else elsewhere).extend(words)
            in_python += untypable
        if settings and not self.settable:
            yield f"make the manifest with {' '.join(values)}" if values else "make the manifest with other values"
        if here:
            yield f"add {' '.join(here)}"
        yield from (f"in Python: {text}" for text in in_python)
        if elsewhere:
            yield f"where that may be so: `lazycell check` takes {' '.join(elsewhere)}"


class _OfSaves(Shell):
    """A dialect of what is refused of a save: the options of commands that write are called as the arguments are."""

    def argument(self, argument: Argument) -> str:
        """Write an option in a sentence: `--max-shard-size 5GB`."""
        return shell_words(f"--{argument.name.replace('_', '-')}", str(argument.value))


def in_options(error: Exception) -> str:
    """Say why something failed: of a save, in the words of the command, where Python has others."""
    words = getattr(error, "words", None)
    return words_of(error) if words is None else mismatch.said(words, _OfSaves())


def _option(name: str) -> str:
    return _OPTIONS.get(name, f"--{name}")


def _words(name: str, value: Any) -> tuple[list[str], list[str]]:
    """Give what to type for an argument, and in Python what cannot be typed."""
    if isinstance(value, Mapping):
        # No option can say that one tensor is made of several, nor hold every name.
        texts = {old: f"{old}={new}" if isinstance(new, str) else "\0" for old, new in value.items()}
        untypable = {old: value[old] for old, text in texts.items() if typed(text) is None}
        written = [mismatch.PYTHON.argument(mismatch.Argument(name, {old: new})) for old, new in untypable.items()]
        return list(_options(name, texts.values())), list(map(printable, written))
    values = [value] if isinstance(value, str) else value
    patterns = tuple(each for each in values if typed(each) is None)
    return list(_options(name, values)), [
        mismatch.PYTHON.argument(mismatch.Argument(name, patterns))
    ] if patterns else []


def _options(name: str, values: Iterable[str]) -> Iterator[str]:
    for word in map(typed, values):
        if word is not None:
            yield _option(name)
            yield word


def _set(settings: Mapping[str, Any]) -> list[str]:
    return list(_options("set", (f"{name}={value_text(value)}" for name, value in settings.items())))


def value_text(value: Any) -> str:
    """Write a value as `--set` reads it."""
    return value if isinstance(value, str) else json.dumps(plain(value))


def plain(value: Any) -> Any:
    """Give a value as JSON holds it."""
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value if isinstance(value, (int, float, str, type(None))) else repr(value)
