"""Whether patterns of names can match the same name, found by following all of them letter by letter.

Besides captures a pattern may hold the wildcards with which a class's parameters are described before it is known how
many there are: `INDEX` for the position of a repeated child, `ANYTHING` for what only building a cell would tell.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator

from ..declaration import captures_in

# Letters that no name holds.
INDEX = "\ue000"
SEGMENT = "\ue001"
ANYTHING = "\ue002"
_WILDCARD = re.compile(f"[{INDEX}{SEGMENT}{ANYTHING}]")

_Token = str  # a letter, or one of the three wildcards, each of which stands for one letter or more


def overlap(*patterns: str) -> str | None:
    """Give the shortest name that all patterns match, or None.

    A capture that occurs twice counts as two: the answer may then be a name that the pattern does not match.
    """
    if not _can_overlap(patterns):
        return None
    tokens = [_tokens(pattern) for pattern in patterns]
    start = (0,) * len(tokens)
    seen, frontier = {start}, [(start, "")]
    while frontier:
        following: list[tuple[tuple[int, ...], str]] = []
        for state, name in frontier:
            if all(position == len(each) for position, each in zip(state, tokens, strict=True)):
                return name
            for letter in _letters(state, tokens):
                for successor in _step(state, letter, tokens):
                    if successor not in seen:
                        seen.add(successor)
                        following.append((successor, name + letter))
        frontier = following
    return None


def as_wildcards(text: str) -> str:
    """Give a pattern with a wildcard in the place of each capture."""
    for name, written in captures_in(text).items():
        del name
        text = text.replace(written, ANYTHING if written.startswith("{*") else SEGMENT)
    return text


def shown(name: str) -> str:
    """Give a name with wildcards as a pattern that one could write."""
    return name.replace(INDEX, "{i}").replace(SEGMENT, "{name}").replace(ANYTHING, "{*rest}")


def _can_overlap(patterns: tuple[str, ...]) -> bool:
    """Compare what the patterns start and end with: that settles nearly every case, and there are many."""
    start, end = _ends(patterns[0])
    for pattern in patterns[1:]:
        first, last = _ends(pattern)
        if not (start.startswith(first) or first.startswith(start)) or not (end.endswith(last) or last.endswith(end)):
            return False
    return True


@functools.lru_cache(maxsize=4096)
def _ends(pattern: str) -> tuple[str, str]:
    """Give the letters before the first wildcard of a pattern and those after the last."""
    parts = _WILDCARD.split(as_wildcards(pattern))
    return parts[0], parts[-1]


@functools.lru_cache(maxsize=4096)
def _tokens(pattern: str) -> tuple[_Token, ...]:
    return tuple(as_wildcards(pattern))


def _letters(state: tuple[int, ...], tokens: list[tuple[_Token, ...]]) -> Iterable[str]:
    """Give the letters worth trying: those that a pattern asks for, else one of each kind."""
    wanted: dict[str, None] = {}
    for position, each in zip(state, tokens, strict=True):
        here = each[position] if position < len(each) else None
        if here is not None and here not in (INDEX, SEGMENT, ANYTHING):
            wanted[here] = None
            if position == 0 or each[position - 1] not in (INDEX, SEGMENT, ANYTHING):
                return (here,)  # this pattern goes on with no other
    return (*wanted, "0", "x", ".")


def _step(state: tuple[int, ...], letter: str, tokens: list[tuple[_Token, ...]]) -> Iterator[tuple[int, ...]]:
    """Give the states after one more letter."""
    choices: list[list[int]] = []
    for position, each in zip(state, tokens, strict=True):
        choice = [position + 1] if position < len(each) and _accepts(each[position], letter) else []
        if position > 0 and each[position - 1] in (INDEX, SEGMENT, ANYTHING) and _accepts(each[position - 1], letter):
            choice.append(position)  # a wildcard goes on
        if not choice:
            return
        choices.append(choice)
    states: list[tuple[int, ...]] = [()]
    for choice in choices:
        states = [(*state, position) for state in states for position in choice]
    yield from states


def _accepts(token: _Token, letter: str) -> bool:
    if token == INDEX:
        return letter.isdigit()
    if token == SEGMENT:
        return letter != "."
    return token in (ANYTHING, letter)
