"""How much two parameters, or two families of them, look like one and the same under another name."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import lru_cache

from ...layout import ManifestEntry

# What each piece of evidence counts for, next to one another; what a side does not know counts for nothing.
_NAME = 0.7
_DECLARED = (("dtype", 0.05), ("initializer", 0.05), ("expression", 0.1), ("declared_by", 0.1))

# Against a word in common: `decoder` looks like `encoder`, and a word before it changes nothing of what it is.
_SPELLING = 0.5


def similarity(words: Sequence[str], others: Sequence[str], *, letters: bool = True) -> float:
    """Compare names by their dotted segments: 1 is the same, 0 has nothing in common. Symmetric.

    Segments that both start with or end with count in full; what is between counts as far as its letters are alike.

    Args:
        words: the segments of one name.
        others: those of the other.
        letters: whether words that are not equal are compared letter by letter, which takes time.
    """
    total, few = len(words) + len(others), min(len(words), len(others))
    head = 0
    while head < few and words[head] == others[head]:
        head += 1
    tail = 0
    while tail < few - head and words[-1 - tail] == others[-1 - tail]:
        tail += 1
    common = float(head + tail)
    between = few - head - tail
    if between and letters:
        mine = ".".join(words[head : len(words) - tail])
        theirs = ".".join(others[head : len(others) - tail])
        common += _SPELLING * between * _letters(*sorted((mine, theirs)))
    return 2 * common / total


def agreement(old: ManifestEntry, new: ManifestEntry) -> tuple[float, float]:
    """Compare what is known of both besides name and shape: the weight of what agrees, and of all that is known."""
    agreed = known = 0.0
    for attribute, weight in _DECLARED:
        mine, theirs = getattr(old, attribute), getattr(new, attribute)
        if mine and theirs:
            known += weight
            if mine == theirs:
                agreed += weight
    return agreed, known


def score(alike: float, agreed: float, known: float) -> float:
    """Weigh the similarity of the names and the agreement of the declarations: from 0 to 1."""
    return round((_NAME * alike + agreed) / (_NAME + known), 3)


@lru_cache(maxsize=50_000)
def _letters(mine: str, theirs: str) -> float:
    return difflib.SequenceMatcher(None, mine[:200], theirs[:200], autojunk=False).ratio()
