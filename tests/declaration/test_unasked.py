"""Tests of `lazycell.declaration._unasked`: what is read from the code that asks, however it is compiled."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from lazycell import DeclarationError
from lazycell.declaration import ClassBody, symbol

K: Any = symbol("k")
TABLE = {"a": 1, "get": 2}

LOOKING_UP: list[Callable[[], Any]] = [
    lambda: TABLE[K],
    lambda: TABLE.get(K),
    lambda: TABLE.get(K.kind[0], max(1, *[2, 3])),
    lambda: TABLE.pop(K, None),
    lambda: K in TABLE,
    lambda: K not in {"a"},
]
KEEPING: list[Callable[[], Any]] = [
    lambda: {K: 1},
    lambda: {K, 1},
    lambda: frozenset([K]),
    lambda: hash(K) + TABLE.get("get", 0),
    lambda: [TABLE.get("a", 2), {"get": K}],
]


@pytest.mark.parametrize("look", LOOKING_UP)
def test_looking_a_symbol_up(look: Callable[[], Any]) -> None:
    """Also where Python has made the code of a function quicker, after it has run some times."""
    for _ in range(20):
        with pytest.raises(DeclarationError, match="no dict and no set can look it up"):
            look()


@pytest.mark.parametrize("keep", KEEPING)
def test_keeping_a_symbol(keep: Callable[[], Any]) -> None:
    """A hash is needed for more than that."""
    for _ in range(20):
        keep()


class _Reading(type):
    @classmethod
    def __prepare__(mcls, name: str, bases: tuple[type, ...], /, **_: Any) -> ClassBody:
        return ClassBody(name, (), sys._getframe(1))


def run_body(line: str, others: int) -> None:
    """Run a class body in which `k` and `c` are symbols, and which uses so many other names before."""
    before = "".join(f"    name_{number} = {number}\n" for number in range(others))
    exec(f"class A(metaclass=Reading):\n    k: int\n    c: int\n{before}    {line}\n", {"Reading": _Reading})


@pytest.mark.parametrize("others", [0, 300])  # names beyond 255 take two instructions
@pytest.mark.parametrize(
    "line",
    ["a = k is None", "a = 3 if k is not None else 4", "a = c.x.y is None", "if k is None: pass", "a = None is k"],
)
def test_identity_of_a_symbol(line: str, others: int) -> None:
    """Whatever it is compared with, and whether a value or a jump comes of it."""
    with pytest.raises(DeclarationError, match="`is` has one answer"):
        run_body(line, others)


@pytest.mark.parametrize("line", ["a = isinstance(k, int)", "a = isinstance(c.x.y, int) and 3"])
def test_class_of_a_symbol(line: str) -> None:
    """Of its parts as well."""
    with pytest.raises(DeclarationError, match="`isinstance` has one answer"):
        run_body(line, 0)


@pytest.mark.parametrize("others", [0, 300])
@pytest.mark.parametrize(
    "line", ["a = k + 1", "a = [k, None]", "a = (k, None is None)", "a = k == None", "b = k if len('a') else None"]
)
def test_uses_that_are_heard(line: str, others: int) -> None:
    """Nothing else is in the way of it."""
    run_body(line, others)
