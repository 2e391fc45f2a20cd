from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell.sources.adapters._module_pattern import ModulePattern, PatternProblem

ATOMS = st.sampled_from(
    ["a", "b", ".", r"\.", r"\w", r"\d", "[ab.]", "[^a]", "[^a-z]", r"[\d.]", "0", "^", "$", r"\W", ""]
)
REPEATS = st.sampled_from(["", "", "*", "+", "?", "*?", "+?", "{2}", "{1,3}", "{,2}?"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(lambda *parts: "".join(parts), inner, inner),
        st.builds(lambda one, two: f"{one}|{two}", inner, inner),
        st.builds(lambda one, opened, repeat: f"({opened}{one}){repeat}", inner, st.sampled_from(["", "?:"]), REPEATS),
    ),
    max_leaves=8,
)


@given(PATTERNS, st.text("ab.0_-", max_size=8), st.booleans())
def test_what_matches_is_what_python_says(text: str, name: str, whole: bool) -> None:
    said = re.fullmatch(text, name) if whole else re.match(rf"(.*\.)?({text})$", name)
    assert ModulePattern(text, whole).matches(name) == (said is not None)


@pytest.mark.parametrize(
    "text", ["(a+)+b", "((((a*)*)*)*)*b", ".*" * 20 + "x", "(a|a)*b", "((a{1,300}){1,300}){1,300}b"]
)
def test_no_expression_takes_long(text: str) -> None:
    started = time.process_time()
    assert not ModulePattern(text).matches("a" * 300)
    assert time.process_time() - started < 2


def test_one_that_takes_too_long_is_refused() -> None:
    pattern = ModulePattern("(((a{1,300}|a{2,300}){1,300}){1,300}){1,300}b")
    with pytest.raises(PatternProblem, match="takes too long to match: write a key for each name instead"):
        pattern.matches("a" * 5000)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(", "is no regular expression: missing"),
        ("a{2,1}", "is no regular expression"),
        ("(?i)a", "sets flags"),
        ("(?i:a)", "sets flags"),
        (r"(a)\1", "does not match: groupref: write a key for each name"),
        ("(?=a)", "does not match: assert: write"),
        (r"\ba", "edge of a word"),
        ("[x]" * 400, "has 1,200 characters, and at most 1,000 are read"),
        ("x" * 1001, "has 1,001 characters, and at most 1,000 are read"),
        ("(" * 400 + ")" * 400, "has more than 100 groups"),
    ],
)
def test_what_is_not_matched(text: str, message: str) -> None:
    with pytest.raises(PatternProblem, match=message):
        ModulePattern(text).check()
