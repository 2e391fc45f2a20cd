"""Text that strangers wrote, made harmless to show."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lazycell.show._plain import printable

ANYTHING = st.text(st.characters(codec=None))  # lone surrogates too


def test_escapes():
    """What moves a cursor, ends a line, turns the direction of text or is no character at all is written out."""
    assert printable("a\x1b[31mb\r\n\t\x07") == "a\\x1b[31mb\\r\\n\\t\\x07"
    assert printable("\u202egnp.exe \ud800 \u2028") == "\\u202egnp.exe \\ud800 \\u2028"


def test_what_can_be_shown_stays():
    """Letters of every script and signs are as they were."""
    for text in ("layers.0.weight", "größe Größe 重み", "a<b>&'\"", ""):
        assert printable(text) is text


@given(ANYTHING)
def test_everything_can_be_shown(text):
    """Nothing that is left is a control character, and all of it is Unicode."""
    shown = printable(text)
    assert shown.isprintable()
    assert shown.encode("utf-8").decode("utf-8") == shown
