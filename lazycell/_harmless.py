"""What strangers wrote, as messages and reports hold it: nothing that a terminal obeys, and not too much of it.

Names in files may hold anything, in any number of characters; so may what other people's exceptions say. JSON has
all of it as it is; what people read passes through here.
"""

from __future__ import annotations

import re

_LONGEST_WORD, _WORD_HEAD, _WORD_TAIL = 400, 160, 100
_LONGEST_LINE, _LINE_HEAD, _LINE_TAIL = 4000, 2500, 1000

# By spaces alone: the end of a line in a name is a part of it.
_WORD = re.compile("[^ ]+")
_MARKS = "`'\"()[]{},.:;"
_LONG_WORD = re.compile(f"[^ ]{{{_LONGEST_WORD + 1},}}")


class Lines(str):
    """Text whose lines are meant, where an error is said in one line by default: no name in it has the end of one."""

    __slots__ = ()


def printable(text: str) -> str:
    r"""Write one line: what is not printable as an escape, `\x1b`, `\n`, `\u202e`, `\ud800` (a lone surrogate).

    Of a word of more than 400 characters, as of a line of more than 4,000, only both ends are kept, and how long it
    was: no name that anybody gave by hand is as long.
    """
    if len(text) <= _LONGEST_WORD and text.isprintable():
        return text
    text = _LONG_WORD.sub(_short_word, text) if text.isprintable() else _WORD.sub(_short_word, text)
    if len(text) <= _LONGEST_LINE:
        return text
    return f"{text[:_LINE_HEAD]} …({len(text):,} characters)… {text[-_LINE_TAIL:]}"


def printable_lines(text: str, most: int | None = None) -> str:
    """Write text of several lines, each as `printable` does.

    Args:
        text: the lines.
        most: how many are kept, most of them the first ones, some the last ones; None: all.
    """
    if len(text) <= _LONGEST_WORD and text.isprintable():
        return text
    lines = text.split("\n")
    if most is not None and len(lines) > most:
        first, left_out = most * 4 // 5, len(lines) - most
        lines[first : first + left_out] = [f"... and {left_out:,} more lines"]
    return "\n".join(map(printable, lines))


def harmless(text: str) -> str:
    """Write one line with escapes as `printable` does, all of it, however long."""
    return text if text.isprintable() else "".join(each if each.isprintable() else _escape(each) for each in text)


def _short_word(match: re.Match[str]) -> str:
    word = match[0]
    if len(word) <= _LONGEST_WORD:
        escaped = harmless(word)
        if len(escaped) <= _LONGEST_WORD:
            return escaped
    inner = word.strip(_MARKS)  # what stands around a name in a sentence is not counted
    # Both ends are cut first: escapes of a very long text take time.
    head, tail = harmless(word[:_WORD_HEAD])[:_WORD_HEAD], harmless(word[-_WORD_TAIL:])[-_WORD_TAIL:]
    return f"{head}…({len(inner):,} characters)…{tail}"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


# ------------------------------------------------------------------------------------- other people's exceptions


def words_of(error: BaseException) -> str:
    """Give what an exception says; it may be anybody's, and its `__str__` may fail as well."""
    try:
        return str(error)
    except KeyboardInterrupt:
        raise
    except BaseException as failure:
        return f"(what it says cannot be told: its __str__ raises {type(failure).__name__})"


def told(error: BaseException) -> str:
    """Give the type of somebody's exception and what it says: `ValueError: too wide`; the type alone if silent."""
    words = words_of(error)
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def repr_of(value: object) -> str:
    """Give the `repr` of somebody's object, which may fail as well."""
    try:
        return repr(value)
    except KeyboardInterrupt:
        raise
    except BaseException as failure:
        return f"<{type(value).__name__} whose __repr__ raises {type(failure).__name__}>"
