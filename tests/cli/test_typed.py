"""Tests of `lazycell.cli._typed`."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazycell.cli._typed import shell_words, typed

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


@pytest.mark.parametrize(
    "words", [("a", "why it changed"), ("it's", 'a "b"', "two\nlines"), ("\x1b[2J", "", "$HOME x")]
)
def test_a_line_of_words_can_be_pasted_back(words: tuple[str, ...]) -> None:
    """Whatever is in them: bash gives the same words."""
    line = shell_words(*words)
    assert line.isprintable()
    done = subprocess.run(["bash", "-c", f"printf '%s\\0' {line}"], stdout=subprocess.PIPE, check=True)
    assert done.stdout.decode().split("\0")[:-1] == list(words)


def test_sentences_are_in_the_quotes_of_people() -> None:
    """And what nobody can type is left out."""
    assert shell_words("--accept", "why it changed", "a\0b") == '--accept "why it changed" …'
