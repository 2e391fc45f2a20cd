"""Find the name that was probably meant, in time that does not grow with the square of a model's size."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable

from ..show import Splits, collapse

# difflib compares letter by letter: this many comparisons take some milliseconds.
_COMPARED = 200
_CUTOFF = 0.7


class NearNames:
    """Names that can be searched for one like another; indices (`layers.3`) do not count as differences.

    Nothing is done with the names before the first search: most messages need none.

    Args:
        names: where to look.
        splits: names that were taken apart before.
    """

    def __init__(self, names: Iterable[str], splits: Splits | None = None) -> None:
        self._names = names
        self._splits = Splits() if splits is None else splits
        self._patterns: dict[str, str] | None = None
        self._by_segment: dict[str, list[str]] = {}

    def find(self, name: str) -> str | None:
        """Give the pattern of the names nearest to `name`, or None if none is near."""
        if self._patterns is None:
            self._patterns = self._index()
        form = self._form(name)
        matches = difflib.get_close_matches(form, self._shortlist(form, self._patterns), 1, _CUTOFF)
        return self._patterns[matches[0]] if matches and _is_near(form, matches[0]) else None

    def _index(self) -> dict[str, str]:
        # Layers are searched once, not once each: by what their names are without indices.
        patterns: dict[str, str] = {}
        for pattern, members in collapse(self._names, self._splits):
            patterns.setdefault(self._form(members[0]), pattern)
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


def _is_near(form: str, other: str) -> bool:
    """Whether names differ in one word, or in words that look alike: long names look alike by what they share."""
    words, others = form.split("."), other.split(".")
    mine = [word for word in words if word not in others]
    theirs = [word for word in others if word not in words]
    if len(mine) <= 1 and len(theirs) <= 1:
        return True
    return difflib.SequenceMatcher(None, ".".join(mine), ".".join(theirs)).ratio() >= _CUTOFF
