"""Tests of `lazycell.system._json`."""

from __future__ import annotations

import pytest

from lazycell.system._json import JSONProblem, read_object


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        (b'{"a": 1, "a": 2}', "gives the key 'a' twice"),
        (b'{"x": {"b": 1, "b": 2}}', "gives the key 'b' twice"),
        (b'{"a": ', "is not JSON: Expecting value at character 6"),
        (b"", "is not JSON: Expecting value at character 0"),
        (b"[1]", "is not a JSON object"),
        (b'{"a": NaN}', "is not JSON: NaN is no JSON value"),
        (b'{"\xff": 1}', "is not UTF-8: byte 2 is 0xff"),
        (b'{"a": ' + b"1" * 5000 + b"}", "holds a number that is too long"),
        (b'{"a": ' + b"[" * 100_000, "is nested too deep"),
        (b'{"a": [{"b": "x\\udc80"}]}', "holds 'x\\udc80', which is not Unicode text (a lone surrogate)"),
    ],
)
def test_refusals(raw: bytes, cause: str) -> None:
    """Every unacceptable text has its cause as the message."""
    with pytest.raises(JSONProblem) as caught:
        read_object(raw)
    assert str(caught.value) == cause


def test_padding_is_accepted() -> None:
    """The format allows the header to be padded with spaces."""
    assert read_object(b'{"a": {"b": "c"}}   ') == {"a": {"b": "c"}}


def test_escapes_of_what_is_unicode_are_accepted() -> None:
    """A pair of surrogates is one letter."""
    assert read_object(b'{"\\ud83d\\ude00": "\\u00e9"}') == {"\U0001f600": "é"}
