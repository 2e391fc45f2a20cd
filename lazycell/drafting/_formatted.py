"""Python as ruff formats it: what fits stands in one line, else each argument in its own."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from ._python_names import literal

WIDTH = 88
"""Columns of a line: what is narrower stays as it is for those who allow more."""


@attrs.define
class Call:
    """A call that may have to be broken into lines.

    Attributes:
        name: what is called.
        arguments: text, or calls.
        named: the same, by keyword.
    """

    name: str
    arguments: list[Any] = attrs.field(factory=list)
    named: dict[str, Any] = attrs.field(factory=dict)

    def parts(self) -> Iterator[tuple[str, Any]]:
        """Give what each argument begins with, `name=`, and the argument."""
        yield from (("", each) for each in self.arguments)
        yield from ((f"{name}=", each) for name, each in self.named.items())

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{start}{each}' for start, each in self.parts())})"


@attrs.define
class Literal:
    """A tuple, a list or a mapping, which may have to be broken too: brackets, and what each part begins with."""

    brackets: str
    pairs: list[tuple[str, Any]]

    def parts(self) -> Iterator[tuple[str, Any]]:
        """Give what each part begins with, `key: `, and the part."""
        yield from self.pairs

    @property
    def name(self) -> str:
        """What stands before the brackets."""
        return ""

    def __str__(self) -> str:
        inner = ", ".join(f"{start}{each}" for start, each in self.parts())
        comma = "," if self.brackets == "()" and len(self.pairs) == 1 else ""
        return f"{self.brackets[0]}{inner}{comma}{self.brackets[1]}"


def statement(start: str, value: Any, indent: int, *, width: int = WIDTH) -> list[str]:
    """Give the lines of a statement that ends in a value: `start` is what stands before it."""
    pad = " " * indent
    whole = f"{pad}{start}{value}"
    if len(whole) <= width:
        return [whole]
    value = _literal_in(value) if isinstance(value, str) else value
    if isinstance(value, str):
        return _product(start, value, indent) if " * (" in value else [whole]
    if not [*value.parts()]:
        return [whole]
    brackets = value.brackets if isinstance(value, Literal) else "()"
    lines = [f"{pad}{start}{value.name}{brackets[0]}"]
    for name, each in value.parts():
        *inner, last = statement(name, each, indent + 4, width=WIDTH - 1)  # and a comma
        lines += [*inner, f"{last},"]
    return [*lines, f"{pad}{brackets[1]}"]


def _product(start: str, text: str, indent: int) -> list[str]:
    one, _, other = text.rpartition(" * (")
    pad = " " * indent
    if not start:
        return [f"{pad}{one}", f"{pad}* ({other}"]
    return [f"{pad}{start}(", f"{pad}    {one}", f"{pad}    * ({other}", f"{pad})"]


def _literal_in(text: str) -> Literal | Call | str:
    """Take a literal apart, or the call of an initializer; what is none stays in one line."""
    called = re.fullmatch(r"([A-Z]\w+)\((.+)\)", text)
    if called is not None:
        return Call(called[1], called[2].split(", "))
    if not text.startswith(("(", "[", "{")):
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    if isinstance(value, dict):
        return Literal("{}", [(f"{literal(key)}: ", literal(each)) for key, each in value.items()])
    if isinstance(value, tuple | list):
        return Literal("()" if isinstance(value, tuple) else "[]", [("", literal(each)) for each in value])
    return text


def comment(text: str, indent: int) -> list[str]:
    """Give a comment, in as many lines as it needs."""
    start = f"{' ' * indent}# "
    lines = textwrap.wrap(text, WIDTH - len(start), break_long_words=False, break_on_hyphens=False)
    return [f"{start}{line}" for line in lines]


def mapping(start: str, pairs: Sequence[tuple[str, str]], indent: int) -> list[str]:
    """Give the lines of a call with one mapping, `rename({…})`."""
    pad = " " * indent
    whole = f"{pad}{start}({{{', '.join(f'{key}: {value}' for key, value in pairs)}}})"
    if len(whole) <= WIDTH:
        return [whole]
    inner = [f"{pad}        {key}: {value}," for key, value in pairs]
    return [f"{pad}{start}(", f"{pad}    {{", *inner, f"{pad}    }}", f"{pad})"]
