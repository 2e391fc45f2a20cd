"""Tests of `lazycell.manifest.file._canonical_values`."""

from __future__ import annotations

import enum
import functools
import json
import subprocess
import sys
import types
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell._errors import ManifestError
from lazycell.manifest.file._canonical_values import MAX_DEPTH, check_plain, encoded, escaped, plain

from ..documents import JSON_VALUES


class Kind(enum.Enum):
    ONE = 1


class Word(str, enum.Enum):
    ONE = "one"


class Pair(NamedTuple):
    a: int
    b: int


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Named:
    def __repr__(self) -> str:
        return "a\ud800" + "b" * 5000


@given(JSON_VALUES)
def test_what_json_holds_is_what_it_is(value: Any) -> None:
    """And reading accepts it."""
    assert plain(value) == value
    check_plain(plain(value), "x")
    assert json.loads(escaped(encoded(plain(value)))) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, [2, (3,)]), [1, [2, [3]]]),
        (Pair(1, 2), [1, 2]),
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.dtype("float32"), "float32"),
        (np.float16, "float16"),
        (ml_dtypes.bfloat16, "bfloat16"),
        (types.MappingProxyType({"b": 1, "a": (1,)}), {"a": [1], "b": 1}),
        (Word.ONE, "one"),
        (Kind.ONE, {"repr": "<Kind.ONE: 1>"}),
        (float("nan"), {"repr": "nan"}),
        (float("inf"), {"repr": "inf"}),
        (int, {"repr": "<class 'int'>"}),
        (np.dtype("U3"), {"repr": "dtype('<U3')"}),
        (b"a", {"repr": "b'a'"}),
        ({2: 1, 1: 2}, {"repr": "{1: 2, 2: 1}"}),
        (Broken(), {"repr": "<Broken>"}),
        pytest.param(1 << 100_000, {"repr": "<int>"}, id="huge"),
        (Named(), {"repr": "a\\ud800" + "b" * 998 + "…"}),
        ("\udc80", {"repr": "'\\udc80'"}),
    ],
)
def test_what_json_does_not_hold(value: Any, expected: Any) -> None:
    """Numbers and dtypes of libraries are plain ones, objects their text."""
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)
    check_plain(plain(value), "x")
    assert plain(plain(value)) == expected


def test_no_place_in_memory_is_written() -> None:
    """It would be another one in each process."""
    first, second = (plain(functools.partial(lambda: None)) for _ in range(2))
    assert first == second
    assert "0x" not in first["repr"]


def test_a_dtype_of_mindspore() -> None:
    """By its canonical name."""
    mindspore = pytest.importorskip("mindspore")
    assert plain(mindspore.bfloat16) == "bfloat16"
    assert plain(mindspore.bool_) == "bool"


def test_sets_are_in_one_order() -> None:
    """Whatever the process makes of hashes."""
    code = "from lazycell.manifest.file._canonical_values import plain\nprint(plain({'a', 'b', 'c', 'd'}))"
    for seed in "12":
        run = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        )
        assert run.stdout.strip() == repr({"repr": "{'a', 'b', 'c', 'd'}"})


def test_what_holds_itself() -> None:
    """It has an end."""
    circle: list[Any] = [1]
    circle += [circle, circle]
    assert plain(circle) == [1, {"repr": "[1, [...], [...]]"}, {"repr": "[1, [...], [...]]"}]


@given(st.integers(1, 3 * MAX_DEPTH))
def test_what_is_deep(depth: int) -> None:
    """It is text from some depth on, and what is written can be read."""
    value: Any = len
    for _ in range(depth):
        value = [value]
    check_plain(plain(value), "x")
    assert plain(plain(value)) == plain(value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": [float("inf")]}, 'x."a"[0]: is a number that is too large'),
        ([10**4000], "x[0]: is a number that is too long"),
        (functools.reduce(lambda inner, _: [inner], range(MAX_DEPTH), []), f"x: is nested deeper than {MAX_DEPTH}"),
    ],
)
def test_refusals(value: Any, message: str) -> None:
    """What could not be written again."""
    with pytest.raises(ManifestError) as caught:
        check_plain(value, "x")
    assert str(caught.value) == message


@given(st.text(st.characters()))
def test_escapes(text: str) -> None:
    """They are the same text to whoever reads JSON; letters of all languages stay."""
    written = escaped(encoded(text))
    assert json.loads(written) == text
    assert written.isascii() or written.encode()
    assert escaped(encoded("é 漢字 😀")) == '"é 漢字 😀"'
    assert escaped(encoded("\x1b\u202e\U000e0001\u00a0")) == '"\\u001b\\u202e\\udb40\\udc01\\u00a0"'
