"""Python as ruff formats it: what fits stands in one line, else each argument in its own."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

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


def statement(start: str, value: Call | str, indent: int) -> list[str]:
    """Give the lines of a statement that ends in a value: `start` is what stands before it."""
    pad = " " * indent
    whole = f"{pad}{start}{value}"
    if len(whole) <= WIDTH or not isinstance(value, Call):
        return [whole]
    lines = [f"{pad}{start}{value.name}("]
    for name, each in value.parts():
        *inner, last = statement(name, each, indent + 4)
        lines += [*inner, f"{last},"]
    return [*lines, f"{pad})"]


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
