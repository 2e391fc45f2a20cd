"""Matching a name against a pattern in time that grows with its length alone, whatever a stranger called a tensor.

Python's `re` tries every way to share a name among captures: six of them in one segment take 10 s for 100 letters.
Here the pattern is gone through twice: from its end, to learn where each piece can begin, and from its beginning, where
each capture takes the longest of what it can take. So the result is that of the expression, which is greedy too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .._frozen import frozen


@frozen
class Capture:
    """A piece of a pattern that stands for any text of at least one letter.

    Attributes:
        name: of the capture.
        dotted: whether dots may be in it.
    """

    name: str
    dotted: bool


def split_name(name: str, pieces: Sequence[str | Capture]) -> Mapping[str, str] | None:
    """Give what each capture stands for, or None if `name` does not match.

    Args:
        name: any text.
        pieces: of the pattern, in order: literal texts, and captures of which no two are alike.
    """
    reach = _reach(name)
    # ends[i][p] is the farthest place where piece i can end if it begins at p and the rest matches; -1: nowhere.
    ends: list[list[int]] = []
    possible = [False] * len(name) + [True]
    for piece in reversed(pieces):
        farthest = _literal_ends(name, piece, possible) if isinstance(piece, str) else _ends(piece, reach, possible)
        ends.append(farthest)
        possible = [end >= 0 for end in farthest]
    if not possible[0]:
        return None
    values, position = {}, 0
    for piece, farthest in zip(pieces, reversed(ends), strict=True):
        end = farthest[position]
        if not isinstance(piece, str):
            values[piece.name] = name[position:end]
        position = end
    return values


def _reach(name: str) -> list[int]:
    """Give for each place the next dot at or after it, or the end."""
    reach, dot = [len(name)] * (len(name) + 1), len(name)
    for position in range(len(name) - 1, -1, -1):
        if name[position] == ".":
            dot = position
        reach[position] = dot
    return reach


def _literal_ends(name: str, text: str, possible: Sequence[bool]) -> list[int]:
    ends, position = [-1] * (len(name) + 1), name.find(text)
    while position >= 0:
        if possible[position + len(text)]:
            ends[position] = position + len(text)
        position = name.find(text, position + 1)
    return ends


def _ends(piece: Capture, reach: Sequence[int], possible: Sequence[bool]) -> list[int]:
    ends = [-1] * len(possible)
    last = len(possible) - 1
    before = [-1] * len(possible)  # the last possible place at or before each
    found = -1
    for position, is_possible in enumerate(possible):
        found = position if is_possible else found
        before[position] = found
    for position in range(last):
        farthest = before[last if piece.dotted else reach[position]]
        if farthest > position:
            ends[position] = farthest
    return ends
