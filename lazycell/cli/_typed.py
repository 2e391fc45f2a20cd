"""Words as they are typed in a shell."""

from __future__ import annotations

import re
import shlex

_SENTENCE = re.compile(r"[\w,.:;()-]+( [\w,.:;()-]+)+")


def typed(word: str) -> str | None:
    r"""Write a word so that bash and zsh read it as it is: in quotes where need be, as `$'a\012b'` if not printable.

    None for what no argument of a process can be: one with a NUL, or with a lone surrogate.
    """
    if word.isprintable():
        return shlex.quote(word)
    if "\0" in word or any("\ud800" <= each <= "\udfff" for each in word):
        return None
    return "$'" + "".join(map(_escape, word)) + "'"


def shell_words(*words: str) -> str:
    """Write words in one line; sentences are put in the quotes that people use for them.

    What no argument of a process can be is `…`.
    """
    return " ".join(f'"{each}"' if _SENTENCE.fullmatch(each) else typed(each) or "…" for each in words)


def _escape(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    # Octal, always three digits: a shell would take a letter after a hexadecimal number for more of it.
    return character if character.isprintable() else "".join(f"\\{byte:03o}" for byte in character.encode())
