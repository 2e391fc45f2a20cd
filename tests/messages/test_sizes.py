"""What someone is told whose shape, count, dtype or arithmetic is no good."""

# ruff: noqa: B007, E501, F722, UP045, RUF100 - mistakes are what is tested

from types import SimpleNamespace
from typing import Any

import pytest

from lazycell import DeclarationError, LazyCell, Param, children

from .telling import Linear, told

KNOWN_DTYPES = (
    "bool, uint8, int8, uint16, int16, uint32, int32, uint64, int64, float8_e4m3fn, float8_e5m2, float16, bfloat16, "
    "float32, float64, complex64, complex128"
)


@told(
    "A.w: dimension 1 of the shape `(m, n / m)` is 4.0 with n=8, m=2: a size is a whole number. Write `//` "
    "instead of `/`"
)
def test_a_shape_with_a_float() -> None:
    """Division gives floats, even when it comes out even."""

    class A(LazyCell):
        n: int
        m: int = 2
        w: Param["zeros", (m, n / m)]  # here

    A(8)


@told("A.w: dimension 1 of the shape `(3, n - 5)` is -2 with n=3...at least 1...`when(…)`...")
def test_a_shape_with_a_negative_size() -> None:
    """The values that make it are shown."""

    class A(LazyCell):
        n: int
        w: Param["zeros", (3, n - 5)]  # here

    A(3)


@told("A.w: dimension 0 of the shape `(n,)` is 0 with n=0...at least 1...`when(…)`...")
def test_a_shape_with_zero() -> None:
    """An empty parameter is none."""

    class A(LazyCell):
        n: int
        w: Param["zeros", (n,)]  # here

    A(0)


@told("A.w: dimension 0 of the shape `(n,)` is True with n=True, a bool...a whole number")
def test_a_shape_with_a_truth_value() -> None:
    """Though Python counts with it."""

    class A(LazyCell):
        n: Any
        w: Param["zeros", (n,)]  # here

    A(True)


@told("the shape `n` is not a tuple: write `(n,)`")
def test_a_shape_that_is_no_tuple() -> None:
    """The comma is what is missing."""

    class A(LazyCell):
        n: int
        w: Param["zeros", n]  # here


@told('the shape "4 * n": `*` is not an expression...spaces separate dimensions...')
def test_a_shape_string_with_spaces() -> None:
    """They separate dimensions."""

    class A(LazyCell):
        n: int
        w: Param["zeros", "4 * n"]  # here


@told("A.layers: the count `n / 2` is 4.0 with n=8...a whole number, 0 or more")
def test_a_count_that_is_no_whole_number() -> None:
    """A count is 0 or more."""

    class A(LazyCell):
        n: int
        layers: list[Linear] = children(n / 2, Linear, 3, 3)  # here

    A(8)


@told(
    "A.head_dim: `hidden // n_heads` cannot be computed with hidden=8, n_heads=0: ZeroDivisionError: integer "
    "division or modulo by zero"
)
def test_arithmetic_that_fails() -> None:
    """Expression, values, and what Python says."""

    class A(LazyCell):
        hidden: int
        n_heads: int
        head_dim: int = hidden // n_heads  # here

    A(8, 0)


@told(
    "A.w: `(config.hiden_size,)`...with config=namespace(hidden_size=8): AttributeError...did you mean `hidden_size`?"
)
def test_a_config_without_the_attribute() -> None:
    """The near attribute is suggested."""

    class A(LazyCell):
        config: Any
        w: Param["zeros", (config.hiden_size,)]  # here

    config = SimpleNamespace(hidden_size=8)

    A(config)


@told("A.w: the dtype `kind` with kind='flaot32'...not a dtype...it knows bool, uint8...")
def test_an_unknown_dtype_of_a_parameter() -> None:
    """The known ones are listed."""

    class A(LazyCell):
        kind: Any
        w: Param["zeros", (3,), kind]  # here

    A("flaot32")


def test_an_unknown_dtype_of_the_cell() -> None:
    """It is the constructor's argument."""
    with pytest.raises(DeclarationError) as caught:
        Linear(3, 4, dtype="flaot32")
    assert str(caught.value) == (
        "Linear: dtype='flaot32': 'flaot32' is not a dtype that lazycell knows (did you mean \"float32\"?); it knows "
        + KNOWN_DTYPES
    )
