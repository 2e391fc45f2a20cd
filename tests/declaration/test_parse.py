"""Tests of `lazycell.declaration._parse`. That it is the inverse of `render` is in `test_symbols.py`."""

from __future__ import annotations

import pytest

from lazycell._errors import DeclarationError
from lazycell.declaration._parse import parse, parse_shape
from lazycell.declaration._symbols import render


def test_a_shape_string_is_split_at_spaces() -> None:
    """Each part is one dimension."""
    assert list(map(render, parse_shape("out_features 4*in_features  3"))) == ["out_features", "4 * in_features", "3"]


def test_an_empty_shape_string_is_a_scalar() -> None:
    """No part, no dimension."""
    assert parse_shape("") == ()


def test_plain_parts_of_a_string_are_computed_at_once() -> None:
    """As they are in a tuple."""
    assert parse_shape("2*3 n")[0] == 6


KEYWORD = "is a Python keyword, so no hyperparameter can have that name"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("in", f"`in` {KEYWORD}: write `in_features` or `in_` instead"),
        ("4*in", f"`in` {KEYWORD}: write `in_features` or `in_` instead"),
        ("class", f"`class` {KEYWORD}: write `class_` instead"),
        ("n and m", "`n and m` uses `and`: write `&` instead"),
        ("not n", "`not n` uses `not`: write `~` instead"),
        ("1 if n else 2", "`1 if n else 2` uses `if`: write `when(condition, …)` instead"),
        ("n +", "`n +` is not an expression of names, numbers and `+ - * // % **`"),
        ("f(n)", "`f(n)` is not an expression of names, numbers and `+ - * // % **`"),
        ("", "`` is not an expression of names, numbers and `+ - * // % **`"),
    ],
)
def test_what_cannot_be_parsed(text: str, message: str) -> None:
    """The message says what to write instead."""
    with pytest.raises(DeclarationError) as caught:
        parse(text)
    assert str(caught.value) == message


def test_spaces_inside_a_dimension() -> None:
    """A shape string with spaces inside an expression is told apart."""
    with pytest.raises(DeclarationError, match="spaces separate dimensions, so write none inside one"):
        parse_shape("4 * n")
