"""Tables, in a terminal and in a pipe."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap

import pytest

from ..cli.command import ROOT
from ..cli.terminal import in_terminal

NAME = "encoder.layers." + "a_very_long_name." * 6 + "weight"
TABLE = """
import sys
from lazycell.show._print_table import print_table
print_table(("parameter", "shape", "bytes"), {rows!r}, right=(2,))
print("rich" in sys.modules, file=sys.stderr)
"""


def _program(*rows: tuple[str, ...]) -> tuple[str, ...]:
    return "-c", TABLE.format(rows=rows)


def _in_pipe(*rows: tuple[str, ...], **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {"PYTHONIOENCODING": "utf-8:backslashreplace", "PATH": "", **environment}
    command = [sys.executable, *_program(*rows)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", cwd=ROOT, env=variables, check=True)


def _plain(screen: str) -> list[str]:
    """Give the lines that a person sees, without colours."""
    return [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", screen).splitlines()]


def test_in_a_pipe():
    """Plain text, aligned, every cell whole, and nothing that is only for terminals is imported."""
    run = _in_pipe(("a", "(3, 4)", "48"), (NAME, "()", "1,024"))
    assert run.stdout.splitlines() == [
        f"{'parameter':{len(NAME)}}  shape   bytes",
        f"{'a':{len(NAME)}}  (3, 4)     48",
        f"{NAME}  ()      1,024",
    ]
    assert run.stderr == "False\n"


def test_in_a_terminal():
    """Aligned, with the titles dim; what fits is in one line each."""
    watched = in_terminal(program=_program(("a", "(3, 4)", "48"), ("bb", "()", "1,024")))
    assert watched.status == 0
    titles, *lines = _plain(watched.screen)
    assert titles == "parameter  shape   bytes"
    assert lines[:2] == ["a          (3, 4)     48", "bb         ()      1,024"]
    assert "\x1b[2m" in watched.screen.splitlines()[0]
    assert "\x1b" not in "".join(watched.screen.splitlines()[1:])


@pytest.mark.parametrize("columns", [40, 60, 100])
def test_long_names_are_folded(columns):
    """No line is wider than the terminal, and no letter of a name is lost; shapes and numbers stay whole, below it."""
    watched = in_terminal(program=_program((NAME, "(3, 4)", "123,456")), columns=columns)
    lines = _plain(watched.screen)[1:-1]
    assert max(map(len, lines)) <= columns
    *names, told = lines
    assert "".join(line.strip() for line in names) == NAME
    assert told.split() == ["(3,", "4)", "123,456"]


def test_control_characters():
    """What a stranger called a parameter can neither colour the terminal nor clear it; markup is text."""
    name = "\x1b[2J\x1b[31m[bold]evil[/bold]\r\n:smile:\ud800\u202e"
    shown = "\\x1b[2J\\x1b[31m[bold]evil[/bold]\\r\\n:smile:\\ud800\\u202e"
    run = _in_pipe((name, "()", "4"))
    assert run.stdout.splitlines()[1] == f"{shown}  ()         4"
    watched = in_terminal(program=_program((name, "()", "4")))
    assert _plain(watched.screen)[1] == f"{shown}  ()         4"
    assert "\x1b[2J" not in watched.screen
    assert "\x1b[31m" not in watched.screen


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour(name, value):
    """Who asks for no colours gets none, nor any other escape; the table is the same, in the terminal's width."""
    watched = in_terminal(program=_program((NAME, "(3, 4)", "48")), columns=160, **{name: value})
    assert "\x1b" not in watched.screen
    assert _plain(watched.screen)[1].split() == [NAME, "(3,", "4)", "48"]


def test_many_rows_in_a_terminal():
    """100,000 rows are shown in seconds."""
    code = """
    import time
    from lazycell.show._print_table import print_table
    rows = [(f"layers.{i}.weight", "(3, 4)", "48") for i in range(100_000)]
    started = time.perf_counter()
    print_table(("parameter", "shape", "bytes"), rows, right=(2,))
    print("took", time.perf_counter() - started)
    """
    watched = in_terminal(program=("-c", textwrap.dedent(code)))
    lines = _plain(watched.screen)
    assert len(lines) == 100_002
    assert float(lines[-1].removeprefix("took ")) < 5


def test_no_rows():
    """The titles alone, in both."""
    assert _in_pipe().stdout == "parameter  shape  bytes\n"
    assert _plain(in_terminal(program=_program()).screen)[0] == "parameter  shape  bytes"
