"""Tests of `lazycell.declaration._derived`, `len_`, and of derived values that use `INDEX`."""

from __future__ import annotations

import functools
import operator
from typing import Any

import pytest

from lazycell import DeclarationError
from lazycell.declaration._declare import Param, child, children, when
from lazycell.declaration._derived import derived
from lazycell.declaration._fields import fields
from lazycell.declaration._symbols import INDEX, evaluate, is_symbolic, len_, names_in, render, symbol
from tests.pure import PureCell, manifest


def round_up(number: int, multiple: int = 64) -> int:
    """The smallest multiple that is not smaller."""
    return -(-number // multiple) * multiple


class Linear(PureCell):
    a: int
    b: int
    weight: Param["normal", (a, b)]


class Net(PureCell):
    widths: tuple[int, ...] = (8, 16, 24)
    before = when(INDEX == 0, 3, otherwise=widths[INDEX - 1])
    here = 2 * widths[INDEX]
    layers: list[Linear] = children(len_(widths), Linear, before, derived(round_up, here, multiple=10))


def test_evaluate_and_render() -> None:
    """Values are put in wherever the symbols are, and symbols that are left make a symbol again."""
    n, sizes = symbol("n"), symbol("sizes")
    call = derived(round_up, n + 1, multiple=sizes[0])
    assert render(call) == "derived(round_up, n + 1, multiple=sizes[0])"
    assert names_in(call) == {"n", "sizes"}
    assert evaluate(call, {"n": 64, "sizes": [10]}) == 70
    half = evaluate(call, {"n": 64, "sizes": sizes})
    assert render(half) == "derived(round_up, 65, multiple=sizes[0])"
    assert evaluate(derived(sum, [n, (n, 2)[1], n]), {"n": 3}) == 8
    assert evaluate(derived(symbol("f"), n), {"n": 3, "f": operator.neg}) == -3


def test_without_symbols_it_is_called_when_an_instance_is_built() -> None:
    """Not when the class is defined."""
    assert is_symbolic(derived(round_up, 3))
    assert evaluate(derived(round_up, 3), {}) == 64


def test_len() -> None:
    """Of a symbol a symbol, of a value its length."""
    assert len_((1, 2)) == 2
    assert render(len_(symbol("sizes"))) == "len_(sizes)"
    assert evaluate(len_(symbol("sizes")) + 1, {"sizes": "abc"}) == 4
    with pytest.raises(DeclarationError, match=r"so `len\(\)` is not known. Write `len_\(x\)`"):
        len(symbol("sizes"))


def test_a_partial_may_hold_symbols() -> None:
    """In `functools.partial` as in other containers."""
    partial = functools.partial(round_up, multiple=symbol("n"))
    assert is_symbolic(partial)
    assert render(partial) == "partial(round_up, multiple=n)"
    assert evaluate(partial, {"n": 7})(8) == 14
    plain = functools.partial(round_up, 3)
    assert evaluate(plain, {}) is plain


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: derived(3, 4), r"derived\(\) takes a function, not 3: write `derived\(round_up"),  # type: ignore[arg-type]
        (lambda: derived(len, child(Linear, 1, 2)), "a parameter or a cell has no value while the class body runs"),
    ],
)
def test_mistakes(make: Any, problem: str) -> None:
    """What is no function, and what has no value."""
    with pytest.raises(DeclarationError, match=problem):
        make()


def test_what_the_function_raises_is_said_with_its_arguments() -> None:
    """As for arithmetic."""

    class A(PureCell):
        n: int
        inner = derived(round_up, n, multiple=n - 1)

    with pytest.raises(DeclarationError, match=r"A.inner: `derived\(round_up, n, multiple=n - 1\)` cannot be .* n=1"):
        manifest(A, 1)


def shapes(cls: type, **values: Any) -> list[tuple[int, ...]]:
    """The shapes of a model's parameters."""
    return [entry.shape for entry in manifest(cls, **values)]


def test_a_derived_value_may_use_the_position() -> None:
    """It is a formula then: there is a value for each position, and a subclass overrides it as any other."""
    assert shapes(Net) == [(3, 20), (8, 40), (16, 50)]
    assert [item.name for item in fields(Net)] == ["widths", "before", "here", "layers"]

    class Wider(Net):
        here = before + 10 * INDEX

    class Fixed(Net):
        here = 5

    assert shapes(Wider) == [(3, 10), (8, 20), (16, 40)]
    assert shapes(Fixed, widths=(1,)) == [(3, 10)]


@pytest.mark.parametrize(
    "body",
    [
        "p: Param['ones', (here,)]",
        "other: int = here",
        "c: Linear = child(Linear, here, 2)",
        "n: list = children(here, Linear, 1, 1)",
    ],
)
def test_elsewhere_a_position_has_no_value(body: str) -> None:
    """And the message says by what."""
    with pytest.raises(
        DeclarationError, match=r"uses `here`, which has a value for each position .* `2 \* widths\[INDEX\]`"
    ):
        exec(f"class Bad(Net):\n    {body}")


def test_one_that_is_removed_is_missed() -> None:
    """As any other."""
    with pytest.raises(DeclarationError, match=r"uses `here`, which Bad removed"):

        class Bad(Net):
            here = None
