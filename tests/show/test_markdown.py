"""Tests for pieces of Markdown."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell.show._plain import printable
from lazycell.show.markdown import code, prose, table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("layers.{0..3}.word_embeddings", "`layers.{0..3}.word_embeddings`"),
        ("(n * m, *k)", "`(n * m, *k)`"),
        ("a|b", "<code>a&#124;b</code>"),
        ("a`b", "<code>a&#96;b</code>"),
        ("float32 -> int8", "`float32 -> int8`"),
        ("<script>", "<code>&#60;script&#62;</code>"),
        ("&amp;", "<code>&#38;amp&#59;</code>"),
        ("a\nb", "<code>a&#92;nb</code>"),
        (" a ", "<code> a </code>"),
        ("", ""),
    ],
)
def test_code(text: str, expected: str) -> None:
    """Plain where it can be, by the number of each sign where not."""
    assert code(text) == expected


@given(st.text(st.characters(), min_size=1))
def test_code_shows_the_text(text: str) -> None:
    """Whatever is in it: what a browser makes of it is the text, in print."""
    written = code(text)
    shown = (
        written[1:-1] if written.startswith("`") else html.unescape(written.removeprefix("<code>")[: -len("</code>")])
    )
    assert shown == printable(text)


def test_a_table() -> None:
    """A row for the titles, one of dashes, and the others."""
    assert table(("a", "b"), [("1", ""), ("2", "3")]) == "| a | b |\n| --- | --- |\n| 1 |  |\n| 2 | 3 |"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BERT (Devlin et al. 2018): words, and more.", "BERT (Devlin et al. 2018): words, and more."),
        ("the `config.json` of gemma3_text", "the `config.json` of gemma3_text"),
        ("one `a|b` and a lone `", "one <code>a&#124;b</code> and a lone &#96;"),
        ("*a* _b_ [c](d) <e> f|g", "&#42;a&#42; &#95;b&#95; &#91;c&#93;(d) &#60;e&#62; f&#124;g"),
        ("- no list", "&#45; no list"),
        ("10. no list", "&#49;&#48;. no list"),
        ("# no heading", "&#35; no heading"),
        ("two\nlines", "two&#92;nlines"),
        ("http://x.example", "http&#58;//x.example"),
        ("", ""),
    ],
)
def test_prose(text: str, expected: str) -> None:
    """Words stay as they are; no mark is one, but for code between backticks."""
    assert prose(text) == expected
