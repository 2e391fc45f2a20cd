"""Tests of `lazycell.layout._overlap`."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from lazycell.declaration._patterns import parse_pattern
from lazycell.layout._overlap import ANYTHING, INDEX, SEGMENT, as_wildcards, overlap, shown

PIECES = st.sampled_from(["a", "b", "0", ".", "{i}", "{*r}"])


def pattern(pieces: list[str]) -> str | None:
    """Join pieces to a pattern in which each capture occurs once; None if it is none."""
    text = "".join(pieces)
    if text.count("{i}") > 1 or text.count("{*r}") > 1 or "}{" in text:
        return None
    return text


PATTERNS = st.lists(PIECES, min_size=1, max_size=4).map(pattern).filter(lambda text: text is not None)
NAMES = ["".join(letters) for size in range(1, 5) for letters in itertools.product("ab0.", repeat=size)]


@given(PATTERNS, PATTERNS)
def test_it_finds_a_shortest_name_that_both_match(one: str, other: str) -> None:
    """Compared with trying every short name."""
    found = overlap(one, other)
    matches = [parse_pattern(text).match for text in (one, other)]
    common = [name for name in NAMES if all(match(name) is not None for match in matches)]
    if found is not None:
        assert all(match(found) is not None for match in matches)
        assert not common or len(found) <= len(common[0])
    else:
        assert common == []


def test_positions_are_numbers() -> None:
    """`INDEX` is a number, `ANYTHING` may have dots."""
    assert overlap("layers.0.w", f"layers.{INDEX}.w") == "layers.0.w"
    assert overlap("layers.first.w", f"layers.{INDEX}.w") is None
    assert overlap("head.proj.w", f"head.{ANYTHING}") == "head.proj.w"
    assert overlap("head.w", f"head.{SEGMENT}", "{*path}.w") == "head.w"


def test_wildcards_are_shown_as_captures() -> None:
    """What a reader could write."""
    assert as_wildcards("h.{i}.{*rest}") == f"h.{SEGMENT}.{ANYTHING}"
    assert shown(f"h.{INDEX}.{SEGMENT}.{ANYTHING}") == "h.{i}.{name}.{*rest}"
