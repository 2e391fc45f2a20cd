"""Tests of `lazycell.cli._typed`."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell.cli._typed import typed

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))


@settings(max_examples=20, deadline=None)
@given(st.lists(WORDS | st.text("a1\\'\"\n\x1b$`! \u202e", max_size=8), min_size=1, max_size=20))
def test_a_shell_reads_it_as_it_is(words: list[str]) -> None:
    """Bash itself; and what is typed is printable."""
    line = " ".join(typed(word) or "" for word in words)
    assert line.isprintable()
    done = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {line}"], env={"LC_ALL": "C.UTF-8"}, stdout=subprocess.PIPE, check=True
    )
    assert done.stdout.decode().split("\0")[:-1] == words


@pytest.mark.parametrize("word", ["a\0b", "\ud800"])
def test_what_no_argument_can_be(word: str) -> None:
    """A process gets neither."""
    assert typed(word) is None
