"""Text that strangers wrote, made harmless to show: nothing in it moves a cursor, changes a colour or ends a line."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Write everything that is not printable as an escape: `\x1b`, `\n`, `\u202e`, `\ud800` (a lone surrogate)."""
    return text if text.isprintable() else "".join(each if each.isprintable() else _escape(each) for each in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
