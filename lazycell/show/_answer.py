"""Where a command's answer goes: to stdout, where nothing else may be, in lines that a terminal has room for."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from .._harmless import harmless, printable
from ._fold import fold

_NARROW = 80

_kept: TextIO | None = None


def answer() -> TextIO:
    """Give the stream for the answer: stdout, or what stdout was before `kept_for_answers`."""
    return sys.stdout if _kept is None else _kept


def say(text: str = "", *, as_it_is: bool = False) -> None:
    """Print lines of the answer; what is not printable in them is written as an escape.

    Args:
        text: the lines.
        as_it_is: whether to leave lines whole that are wider than the terminal: in Markdown, an end of a line means
            something.
    """
    lines = "\n".join(map(harmless, text.split("\n"))) + "\n"
    put(lines if as_it_is else fitted(lines, answer()))


def say_lines(lines: Iterable[str]) -> None:
    """Print lines of the answer, each as `printable` writes it: the end of a line in one is a name's."""
    say("\n".join(map(printable, lines)))


def say_json(value: object) -> None:
    """Print a value as JSON, with all of what strangers wrote."""
    put(json_text(value) + "\n")


def json_text(value: Any) -> str:
    """Give a value as JSON in printable ASCII."""
    # ASCII has one control character that JSON allows as it is.
    return json.dumps(value, indent=2).replace("\x7f", "\\u007f")


def put(text: str) -> None:
    """Print a document as it is; it is flushed, so that it can be read while more is made."""
    stream = answer()
    stream.write(text)
    stream.flush()


def complain(text: str) -> None:
    """Print lines to stderr; what is not printable in them is written as an escape."""
    print(fitted("\n".join(map(harmless, text.split("\n"))), sys.stderr), file=sys.stderr, flush=True)


@contextmanager
def kept_for_answers() -> Iterator[None]:
    """Keep stdout for the answer: what anybody else prints meanwhile, in Python or not, goes to stderr.

    Models, formats and initializers are other people's code, which may print whenever it is called.
    """
    global _kept
    stdout = sys.stdout
    if _kept is not None or stdout is None or sys.stderr is None:
        yield
        return
    stdout.flush()
    number = _number_of(stdout)
    if number is None:  # no file: a notebook's, or a test's
        _kept = stdout
        sys.stdout = sys.stderr
        try:
            yield
        finally:
            sys.stdout, _kept = stdout, None
        return
    own = os.dup(number)
    _kept = open(own, "w", encoding=stdout.encoding, errors=stdout.errors)  # noqa: SIM115, closed below
    os.dup2(sys.__stderr__.fileno() if sys.__stderr__ is not None else 2, number)
    sys.stdout = sys.stderr
    try:
        yield
    finally:
        answers, _kept = _kept, None
        for each in (stdout, sys.__stdout__):  # what was written past `sys.stdout` would follow the answer
            if each is not None:
                with suppress(OSError, ValueError):
                    each.flush()
        sys.stdout = stdout
        os.dup2(own, number)
        with suppress(BrokenPipeError):
            answers.close()  # what was written is flushed already, but for what nobody reads any more


def _number_of(stream: TextIO) -> int | None:
    """Give the descriptor of a stream where it is the process's own stdout."""
    try:
        number = stream.fileno()
    except (OSError, ValueError, AttributeError):
        return None
    return number if number == 1 else None


def width_of(stream: TextIO) -> int | None:
    """Give the columns of the terminal that a stream is, or None if it is a file or a pipe."""
    if not stream.isatty():
        return None
    columns = os.environ.get("COLUMNS", "")  # as `shutil.get_terminal_size`, which looks at another stream
    if columns.isascii() and columns.isdecimal() and len(columns) < 10 and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _NARROW
    except (OSError, ValueError):
        return _NARROW


def fitted(text: str, stream: TextIO) -> str:
    """Break the lines of a text that are wider than the terminal that a stream is; in a file or a pipe, none is."""
    width = width_of(stream)
    if width is None:
        return text
    lines = text.split("\n")
    # A link to a line of source is one for editors and terminals: it stays as it is.
    return "\n".join(part for line in lines for part in ([line] if line.startswith('  File "') else fold(line, width)))
