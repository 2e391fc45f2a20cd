"""Help in a terminal: its prose is as wide as that, and examples that are wider go on in a second line."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import click

from ..show import fold, width_of

_PROSE = 120
"""Columns in which help is set where a terminal has them: longer lines are hard to read. Elsewhere it has 80."""

_EXAMPLE = re.compile(r"( +)(lazycell \S.*?)(?:  +(\S.*))?")
_WORD = re.compile(r'(?:"[^"]*"|\S)+')


class _Formatter(click.HelpFormatter):
    def getvalue(self) -> str:
        width = width_of(sys.stdout)
        text: str = super().getvalue()
        if width is None:
            return text
        return "\n".join(part for line in text.split("\n") for part in _narrow(line, width))


class HelpContext(click.Context):
    """The context of commands whose help fits the terminal."""

    def make_formatter(self) -> click.HelpFormatter:
        """Give what sets the help, when it is asked for."""
        return _Formatter(max_width=None if width_of(sys.stdout) is None else _PROSE)


def how_written(error: click.ClickException) -> str:
    """Say how an option is written that is missing; nothing of any other error, and none of what it says already."""
    if not isinstance(error, click.MissingParameter) or not isinstance(error.param, click.Option) or error.message:
        return ""
    return "" if error.ctx is None else f"Write {error.param.opts[-1]} {error.param.make_metavar(error.ctx)}"


def _narrow(line: str, width: int) -> list[str]:
    """Fold a line of help; an example can still be copied into a shell."""
    found = _EXAMPLE.fullmatch(line)
    if len(line) <= width or found is None:
        return fold(line, width)
    indent, command, comment = found.groups()
    lines = [*_continued(command, width - len(indent) - 2)]
    told = [f"{indent}    {each}" for each in fold(comment, width - len(indent) - 4)] if comment else []
    return [*(f"{indent}{each}" for each in lines), *told]


def _continued(command: str, width: int) -> Iterator[str]:
    r"""Give the lines of a command, of which all but the last end with a `\`."""
    line = ""
    for word in _WORD.findall(command):
        if line and len(line) + 1 + len(word) > width:
            yield f"{line} \\"
            line = f"   {word}"
        else:
            line = f"{line} {word}" if line else word
    yield line
