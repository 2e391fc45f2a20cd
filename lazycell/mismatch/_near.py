"""Find the name that was probably meant, in time that does not grow with the square of a model's size."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ..show import Splits, collapse

# difflib compares letter by letter: this many comparisons take some milliseconds.
_COMPARED = 200
_CUTOFF = 0.7


class NearNames:
    """Names that can be searched for one like another; indices (`layers.3`) do not count as differences.

    Nothing is done with the names before the first search: most messages need none.

    Args:
        names: where to look; in a mapping, with the shape of each, or None where that is not known.
        splits: names that were taken apart before.
        shown: what to call some of them in the answer.
    """

    def __init__(
        self, names: Iterable[str], splits: Splits | None = None, shown: Mapping[str, str] | None = None
    ) -> None:
        self._shown = shown or {}
        self._names = names
        self._shapes: Mapping[str, Any] = names if isinstance(names, Mapping) else {}
        self._splits = Splits() if splits is None else splits
        self._patterns: dict[str, str] | None = None
        self._first: dict[str, str] = {}
        self._by_segment: dict[str, list[str]] = {}

    def find(self, name: str, shape: tuple[int, ...] | None = None) -> str | None:
        """Give the pattern of the names nearest to `name`, or None if none is near, or it has another shape."""
        if self._patterns is None:
            self._patterns = self._index()
        form = self._form(name)
        matches = difflib.get_close_matches(form, self._shortlist(form, self._patterns), 1, _CUTOFF)
        if not matches or not alike(form, matches[0]):
            return None
        other = self._shapes.get(self._first[matches[0]])
        same = shape is None or other is None or sorted(shape) == sorted(other)
        return self._patterns[matches[0]] if same else None

    def _index(self) -> dict[str, str]:
        # Layers are searched once, not once each: by what their names are without indices.
        patterns: dict[str, str] = {}
        for pattern, members in collapse(self._names, self._splits):
            form = self._form(members[0])
            if any(self._shown.get(member, member) != member for member in members):
                pattern = collapse([self._shown.get(member, member) for member in members], self._splits)[0][0]
            patterns.setdefault(form, pattern)
            self._first.setdefault(form, members[0])
        for form in patterns:
            for segment in form.split("."):
                self._by_segment.setdefault(segment, []).append(form)
        return patterns

    def _form(self, name: str) -> str:
        return "#".join(self._splits[name][0])

    def _shortlist(self, form: str, patterns: dict[str, str]) -> list[str]:
        """The names that share the most, and the rarest, segments with `form`."""
        if len(patterns) <= _COMPARED:
            return list(patterns)
        postings = sorted((self._by_segment.get(segment, []) for segment in set(form.split("."))), key=len)
        shared: Counter[str] = Counter()
        for forms in postings:
            for other in forms[: 10 * _COMPARED]:
                shared[other] += 1
        return [other for other, _ in shared.most_common(_COMPARED)]


def alike(one: str, other: str) -> bool:
    """Whether names differ in words that are alike, or short for each other: `attn` and `attention`; not q and k."""
    words, others = _words(one), _words(other)
    mine = [word for word in words if word not in others]
    theirs = [word for word in others if word not in words]
    if not mine or not theirs:  # one has a word more
        return bool(words) and bool(others) and len(mine) + len(theirs) <= 1
    if len(mine) == len(theirs):
        return all(map(_is_like, mine, theirs))
    return _is_like(".".join(mine), ".".join(theirs))


def _words(name: str) -> list[str]:
    return [word for word in name.split(".") if word and not word.isdigit() and word != "#"]


def _is_like(one: str, other: str) -> bool:
    short, long = sorted((one.lower(), other.lower()), key=len)
    letters = iter(long)
    if short[0] == long[0] and all(letter in letters for letter in short):
        return True
    return long.endswith(short) or difflib.SequenceMatcher(None, one, other).ratio() >= _CUTOFF
