"""Tests of `lazycell.manifest.file._check_json`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lazycell._errors import ManifestError
from lazycell.manifest.file._check_json import (
    check_keys,
    items,
    mapping,
    member,
    members,
    refuse,
    shape_of_json,
    shown,
    text,
    texts,
    truth,
    whole,
    wholes,
)


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (items, [1, "a"]),
        (members, {"a": 1}),
        (mapping, {"a": "b"}),
        (text, ""),
        (truth, False),
        (whole, 0),
        (whole, 2**63 - 1),
    ],
)
def test_what_is_right_is_given_back(check: Callable[[Any, str], Any], value: Any) -> None:
    """As it is."""
    assert check(value, "x") is value


def test_what_has_parts() -> None:
    """Sizes are tuples, as shapes are everywhere."""
    assert wholes([2, 0], "x") == (2, 0)
    assert texts(["a", "b"], "x") == ["a", "b"]
    assert shape_of_json([2**62, 2**62, 0], "x") == (2**62, 2**62, 0)
    assert check_keys({"a": 1}, "x", {"a"}, {"a", "b"}) == {"a": 1}


@pytest.mark.parametrize(
    ("check", "value", "message"),
    [
        (items, {}, "x: has to be a list, and is an object"),
        (members, None, "x: has to be an object, and is null"),
        (mapping, {"a\n": 1}, 'x."a\\n": has to be text, and is a whole number'),
        (text, 1.5, "x: has to be text, and is a number with a fraction, 1.5"),
        (texts, ["a", True], "x[1]: has to be text, and is true or false"),
        (truth, "true", 'x: has to be true or false, and is text, "true"'),
        (whole, "\x1b" * 99, f'x: has to be a whole number, and is text, "{chr(92)}u001b' + r"\u001b" * 12 + r"\…"),
        (whole, -1, "x: has to be at least 0, and is -1"),
        (whole, 10**100, "x: is 1" + "0" * 79 + "…, which is 2**63 or more"),
        (wholes, [0, 2**63], "x[1]: is 9223372036854775808, which is 2**63 or more"),
        (shape_of_json, [2**32, 2**31], "x: is [4294967296, 2147483648], larger than any memory"),
        (shape_of_json, [1] * 65, "x: has 65 dimensions; no array has more than 64"),
    ],
)
def test_what_is_wrong_is_said(check: Callable[[Any, str], Any], value: Any, message: str) -> None:
    """With its place, in print, and not at any length."""
    with pytest.raises(ManifestError) as caught:
        check(value, "x")
    assert str(caught.value) == message


def test_keys() -> None:
    """What is unknown comes before what is missing: it may be the same, misspelt."""
    with pytest.raises(ManifestError, match=r'^x: unknown key "nmae"; did you mean `name`\?$'):
        check_keys({"nmae": 1}, "x", {"name"}, {"name"})
    with pytest.raises(ManifestError, match=r'^lacks "a"$'):
        check_keys({}, "", {"b", "a"}, {"a", "b"})


def test_places() -> None:
    """As they are written in most languages; the document itself has no name."""
    assert member("x", 3) == "x[3]"
    assert member("x", "y") == "x.y"
    assert member("", "y") == "y"
    with pytest.raises(ManifestError, match="^no$"):
        refuse("", "no")
    assert shown("a" * 1000) == '"' + "a" * 79 + "…"
