"""Tests of `lazycell.declaration._patterns`."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell.declaration._patterns import captures_in, fill, parse_pattern

SEGMENT = st.text("ab01_", min_size=1, max_size=3)
NAME = st.lists(SEGMENT, min_size=1, max_size=4).map(".".join)


def test_a_capture_stands_for_one_segment_or_several() -> None:
    """`{i}` stops at a dot, `{*rest}` does not."""
    assert parse_pattern("h.{i}.w").match("h.3.w") == {"i": "3"}
    assert parse_pattern("h.{i}.w").match("h.3.4.w") is None
    assert parse_pattern("h.{*rest}").match("h.3.w") == {"rest": "3.w"}
    assert parse_pattern("h.{*rest}").match("h.") is None
    assert parse_pattern("conv{i}").match("conv12") == {"i": "12"}
    assert parse_pattern("a.{i}.b.{i}").match("a.1.b.2") is None


def test_a_plain_name_matches_itself() -> None:
    """Without captures there is nothing to capture, and dots are dots."""
    plain = parse_pattern("a.b")
    assert plain.is_plain
    assert plain.match("a.b") == {}
    assert plain.match("axb") is None


@given(NAME, SEGMENT, NAME)
def test_matching_undoes_filling(start: str, index: str, rest: str) -> None:
    """What is put into a pattern is what it captures."""
    text, values = start + ".{i}.x.{*rest}", {"i": index, "rest": rest}
    assert parse_pattern(text).match(fill(text, values)) == values


def test_captures_are_listed_as_written() -> None:
    """By name, each with its text."""
    assert captures_in("a.{i}.{*r}.{i}") == {"i": "{i}", "r": "{*r}"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.{", "'a.{': a capture is written {name} (one segment) or {*name} (several segments)"),
        ("{*a}.{*b}", "'{*a}.{*b}' has more than one {*…}: where one ends and the next begins is open"),
        ("{a}{b}", "'{a}{b}' has two captures side by side: where one ends is open"),
    ],
)
def test_what_could_be_matched_in_several_ways_is_refused(text: str, message: str) -> None:
    """The message starts with the pattern."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_pattern(text)
