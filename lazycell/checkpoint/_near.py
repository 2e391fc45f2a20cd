"""Find the name that was probably meant, in time that does not grow with the square of a model's size."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable

from .._collapse import collapse, index_free

# difflib compares letter by letter: this many comparisons take some milliseconds.
_COMPARED = 200
_CUTOFF = 0.7


class NearNames:
    """Names that can be searched for one like another; indices (`layers.3`) do not count as differences."""

    def __init__(self, names: Iterable[str]) -> None:
        # Layers are searched once, not once each: by what their names are without indices.
        self._patterns: dict[str, str] = {}
        for pattern, members in collapse(names):
            self._patterns.setdefault(index_free(members[0]), pattern)
        self._by_segment: dict[str, list[str]] = {}
        for form in self._patterns:
            for segment in form.split("."):
                self._by_segment.setdefault(segment, []).append(form)

    def find(self, name: str) -> str | None:
        """Give the pattern of the names nearest to `name`, or None if none is near."""
        form = index_free(name)
        matches = difflib.get_close_matches(form, self._shortlist(form), 1, _CUTOFF)
        return self._patterns[matches[0]] if matches else None

    def _shortlist(self, form: str) -> list[str]:
        """The names that share the most, and the rarest, segments with `form`."""
        if len(self._patterns) <= _COMPARED:
            return list(self._patterns)
        postings = sorted((self._by_segment.get(segment, []) for segment in set(form.split("."))), key=len)
        shared: Counter[str] = Counter()
        for forms in postings:
            for other in forms[: 10 * _COMPARED]:
                shared[other] += 1
        return [other for other, _ in shared.most_common(_COMPARED)]
