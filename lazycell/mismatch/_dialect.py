"""How advice is written: for Python as arguments of a call, in the command as its options.

Advice is data until the last moment: words, with an `Argument` wherever one of a load's arguments is meant. Whoever
prints says in which dialect; the command brings its own (`cli/_shell.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, TypeAlias

from .._frozen import frozen
from ..declaration import form_text


@frozen
class Argument:
    """An argument of a load, in the middle of a sentence.

    Attributes:
        name: `missing`, `unexpected`, `dtype`, `partial` or `rename`.
        value: what to pass: a word, a switch, rules, or patterns; `()` is "some patterns". None: the argument is only
            named.
    """

    name: str
    value: Any = None


Words: TypeAlias = "str | tuple[str | Argument, ...]"
"""A sentence, or the parts of one."""


class Dialect(Protocol):
    """What differs between one who writes Python and one who types a command."""

    def argument(self, argument: Argument) -> str:
        """Write an argument in a sentence."""

    def takes(self, name: str) -> bool:
        """Whether an argument can be given at all."""

    def proposals(self, settings: Mapping[str, Any], arguments: Mapping[str, Any]) -> Iterator[str]:
        """Write what to do, a line each: hyperparameters to set; `rename`, `missing` and `unexpected` to pass."""


def said(words: Words, dialect: Dialect) -> str:
    """Write words in a dialect."""
    if isinstance(words, str):
        return words
    return "".join(part if isinstance(part, str) else dialect.argument(part) for part in words)


class _Python:
    """Arguments of `load_checkpoint` and `plan`, to be pasted into a call."""

    def argument(self, argument: Argument) -> str:
        name, value = argument.name, argument.value
        if value is None:
            return f"`{name}`"
        if value == ():
            return "a list of name patterns"
        if isinstance(value, bool):
            return f"{name}={value}"
        if isinstance(value, Mapping):
            return f"{name}={{{', '.join(f'{_quoted(old)}: {target(new)}' for old, new in value.items())}}}"
        return f"{name}={_quoted(value)}" if isinstance(value, str) else f"{name}=[{', '.join(map(_quoted, value))}]"

    def takes(self, name: str) -> bool:
        return True

    def proposals(self, settings: Mapping[str, Any], arguments: Mapping[str, Any]) -> Iterator[str]:
        if settings:
            yield f"build the model with `{', '.join(f'{name}={value!r}' for name, value in settings.items())}`"
        if arguments:
            yield f"pass {', '.join(self.argument(Argument(name, value)) for name, value in arguments.items())}"


PYTHON: Dialect = _Python()


def target(new: Any) -> str:
    """Write what a rule of `rename` makes of a name, in Python: a name in quotes, or a form."""
    return _quoted(new) if isinstance(new, str) else form_text(new)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
