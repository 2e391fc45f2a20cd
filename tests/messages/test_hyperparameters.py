"""What someone is told whose hyperparameters are declared wrongly, or given wrong values."""

# ruff: noqa: B007, E501, F722, UP045, RUF100 - mistakes are what is tested

from typing import Any

import pytest
from attrs.validators import in_, instance_of
from mindspore import nn

from lazycell import HyperparameterError, LazyCell, Param, RequirementError, child, hyper, require, same, when

from .telling import Linear, told


@told("A.b: `b` has no default, but stands after `a` which has one (1): give `b` a default, or declare it first")
def test_a_required_one_after_a_defaulted_one() -> None:
    """As in Python's own signatures."""

    class A(LazyCell):
        a: int = 1
        b: int  # here


@told(
    "Scaled.scale: `scale` has no default...`use_bias`, inherited from Linear...(True): give `scale` a default, or write `hyper(kw_only=True)`"
)
def test_a_required_one_after_an_inherited_default() -> None:
    """The base's come first: it has a default, or is given by name alone."""

    class Scaled(Linear):
        scale: float  # here


@told("A.a:...`a` depends on itself: a → b → a. Write one of them without the others...a name of its own")
def test_a_circular_default() -> None:
    """The whole circle is shown."""

    class Base(LazyCell):
        a: int = 1
        b: int = a

    class A(Base):
        a: int = 2 * b  # here


@told("A.n:...`n` depends on itself: n → n. Write one of them without the others...a name of its own")
def test_a_hyperparameter_that_is_increased() -> None:
    """It would be its own default."""

    class A(LazyCell):
        n: int = 3
        n += 1  # here


@told(
    "A: hidden must be divisible by n_heads: `hidden % n_heads == 0` does not hold with hidden=65, n_heads=8",
    RequirementError,
)
def test_a_requirement_that_does_not_hold() -> None:
    """The user's text, the condition, the values, and the line that gave these: the class has no mistake."""

    class A(LazyCell):
        hidden: int
        n_heads: int
        require(hidden % n_heads == 0, "hidden must be divisible by n_heads")

    A(65, 8)  # here


@told("require(condition, message) belongs in the body of a LazyCell class...an `if` and a `raise`...")
def test_require_elsewhere() -> None:
    """It needs a class body."""

    require(True, "text")  # here


@told('require(condition, message) takes the condition as an expression, not as text...`require(hidden > 0, "…")`')
def test_require_with_a_string() -> None:
    """A string is always true."""

    class A(LazyCell):
        n: int
        require("n > 2", "n is more than 2")  # here


@told("Affine.bias: it uses `use_bias`, which A removed: give it a value (`use_bias = …`)...or override this as well")
def test_a_removed_hyperparameter_that_is_used() -> None:
    """Where it is used, and what to do instead."""

    class Affine(LazyCell):
        n: int
        use_bias: bool = True
        bias: Param["zeros", (n,)] = when(use_bias)  # here

    class A(Affine):
        use_bias = None


@told("A.v: `(w, 2)` uses `w`...a parameter or a cell...only hyperparameters...")
def test_a_parameter_used_as_a_size() -> None:
    """Only hyperparameters are known when a class is defined."""

    class A(LazyCell):
        w: Param["zeros", (3,)]
        v: Param["zeros", (w, 2)]  # here


def test_a_misspelt_option_of_hyper() -> None:
    """Python's own message is enough."""
    with pytest.raises(TypeError, match=r"^hyper\(\) got an unexpected keyword argument 'defualt'"):
        hyper(defualt=8)  # type: ignore[call-overload]


@told("same() takes a LazyCell class, and Dense is none...`**same(Options)`")
def test_same_of_another_class() -> None:
    """Only a LazyCell has hyperparameters."""

    class A(LazyCell):
        inner: Any = child(Linear, **same(nn.Dense))  # here


def test_a_requirement_of_a_child_that_does_not_hold() -> None:
    """The line that builds the whole gave the values; the classes between hand them on."""

    class A(LazyCell):
        n: int
        require(n > 0, "n must be positive")

    class B(LazyCell):
        n: int
        inner: A = child(A, n - 1)

    with told("A: n must be positive: `n > 0` does not hold with n=0", RequirementError):
        B(1)  # here
    with told("A: n must be positive: `n > 0` does not hold with n=-1", RequirementError):
        B.manifest(n=0)  # here


def test_a_value_that_a_validator_refuses() -> None:
    """The validator's own words come with class, name and value, and no line of the class, which has no mistake."""

    class A(LazyCell):
        act: str = hyper("gelu", validator=[instance_of(str), in_(("gelu", "relu"))])

    with pytest.raises(HyperparameterError) as caught:
        A("mish")
    assert str(caught.value) == "A.act: act='mish' is refused: 'act' must be in ('gelu', 'relu') (got 'mish')"


def test_a_value_that_a_converter_refuses() -> None:
    """So do a converter's."""

    class A(LazyCell):
        heads: int = hyper(8, converter=int)

    with pytest.raises(HyperparameterError) as caught:
        A("many")
    text = "A.heads: heads='many' is refused: invalid literal for int() with base 10: 'many'"
    assert str(caught.value) == text


@told("A:...its own `__init__`...did not call `self.__lazy_init__(…)`: nothing...was made")
def test_an_init_that_makes_nothing() -> None:
    """A hand-written `__init__` has to call `__lazy_init__`."""

    class A(LazyCell):
        n: int = 2
        w: Param["zeros", (n,)]

        def __init__(self) -> None:
            super().__init__()

    A()  # here
