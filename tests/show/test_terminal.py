"""Text as a terminal can show it."""

from __future__ import annotations

from lazycell.show import _terminal as _text


def test_one_line():
    """Line ends, tabs and control characters become single spaces."""
    assert _text.one_line("a\n  b\tc\x1b[31md\x00") == "a b c [31md"


def test_one_line_of_nothing():
    """An empty sentence is shown as such."""
    assert _text.one_line(" \n") == "(empty)"


def test_one_line_is_cut():
    """A long sentence is cut, and shows that it was."""
    line = _text.one_line("word " * 100, indent=10)
    assert len(line) <= 90
    assert line.endswith("...")


def test_table_in_a_pipe_is_whole():
    """Where no terminal limits it, no line of a table is cut."""
    wide = "x" * 500 + "\n" + "y" * 400
    assert _text.table(wide) == wide


def test_paragraph():
    """A paragraph is broken into lines of at most 100, with every word kept."""
    text = "some words " * 40
    lines = _text.paragraph(text, indent="  ").splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 100
    assert " ".join(lines).split() == text.split()
