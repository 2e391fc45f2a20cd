"""Tests of `lazycell.declaration._split_name`."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell.declaration._patterns import parse_pattern
from lazycell.declaration._split_name import Capture, split_name

LITERALS = st.text("a._", min_size=1, max_size=2)


@given(st.data())
def test_it_is_what_the_expression_gives(data: st.DataObject) -> None:
    """Captures take the longest of what they can take, the first before the next."""
    pieces: list[str | Capture] = []
    for number in range(data.draw(st.integers(1, 4))):
        pieces += [data.draw(LITERALS), Capture(f"c{number}", data.draw(st.booleans()))]
    pieces.append(data.draw(LITERALS))
    pieces = [each for each in pieces if isinstance(each, Capture) or data.draw(st.booleans())]
    name = data.draw(st.text("a._b", max_size=12))
    expression = "".join(
        re.escape(each) if isinstance(each, str) else f"(?P<{each.name}>{'.' if each.dotted else '[^.]'}+)"
        for each in pieces
    )
    match = re.fullmatch(expression, name, re.DOTALL)
    assert split_name(name, pieces) == (match.groupdict() if match else None)


@pytest.mark.parametrize(
    "pattern", ["{a}_{b}_{c}_{d}_{e}_{f}!", "{a}_{b}!", "{a}_{*rest}_{c}!", "{a}_{b}_{c}.{d}_{e}_{f}.{g}!"]
)
def test_no_name_takes_long(pattern: str) -> None:
    """As many underscores as a name may have in a file, where an expression tries every way to share them."""
    parsed = parse_pattern(pattern)
    start = time.process_time()
    for count in (90, 900, 60_000):
        assert parsed.match("_" * count) is None
    assert time.process_time() - start < 5  # 0.1 to 0.2


def test_twice_and_many() -> None:
    """No expression is quick for this, and nothing but an expression knows it."""
    with pytest.raises(ValueError, match=r"has a capture twice, and more than two in one segment"):
        parse_pattern("{a}_{b}_{c}_{a}")
    parsed = parse_pattern("{a}.{b}.{a}_{b}")
    assert parsed.match("x.y.x_y") == {"a": "x", "b": "y"}
    assert parsed.match("x.y.x_z") is None


def test_long_names_match() -> None:
    """Beyond the length up to which an expression is used."""
    long = "x" * 300
    assert parse_pattern("{a}_{b}_{c}.w").match(f"{long}_y_{long}.w") == {"a": long, "b": "y", "c": long}
