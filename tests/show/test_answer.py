"""Tests of `lazycell.show._answer`: what is printed by whom, and where it goes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress

import pytest

from lazycell.show import _answer
from lazycell.show._answer import kept_for_answers, put, say, say_json, say_lines

ODD = "a\n\x1b[31m\x7f\u202e"


def test_json_is_whole_and_printable(capsys: pytest.CaptureFixture[str]) -> None:
    say_json({ODD: "n" * 20_000})
    out = capsys.readouterr().out
    assert json.loads(out) == {ODD: "n" * 20_000}
    assert all(letter == "\n" or letter.isprintable() for letter in out)


def test_lines_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Of text the ends of lines are meant; of a list they are a name's."""
    say(ODD)
    say_lines([ODD])
    assert capsys.readouterr().out == "a\n\\x1b[31m\\x7f\\u202e\na\\n\\x1b[31m\\x7f\\u202e\n"


def test_where_stdout_is_no_file_others_are_sent_to_stderr_too(capsys: pytest.CaptureFixture[str]) -> None:
    """As in a notebook, or here; also when it fails in the middle, and inside itself."""
    before = sys.stdout
    with suppress(ZeroDivisionError), kept_for_answers():
        print("theirs")
        with kept_for_answers():
            print("theirs, too")
            say("ours")
        raise ZeroDivisionError
    assert sys.stdout is before
    assert _answer.answer() is before
    assert capsys.readouterr() == ("ours\n", "theirs\ntheirs, too\n")


_PROGRAM = """
import os, sys
from lazycell.show import kept_for_answers, put
print("before")
with kept_for_answers():
    print("theirs")
    os.write(1, b"from C\\n")
    os.system("echo from a process")
    put("ours \\u00e9\\n")
print("after")
"""


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_what_is_not_written_in_python_goes_to_stderr_as_well(encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    assert done.stdout.decode(encoding).splitlines() == ["before", "ours é", "after"]
    assert sorted(done.stderr.decode(encoding).splitlines()) == ["from C", "from a process", "theirs"]


def test_a_document_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    put("a\tb")
    assert capsys.readouterr().out == "a\tb"
