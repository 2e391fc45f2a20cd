"""Tests of `lazycell.manifest._bind`: what names stand for. The texts of its errors are in `tests/messages`."""

from typing import Any

import attrs
import pytest
from attrs.validators import ge, in_, instance_of, optional
from hypothesis import given
from hypothesis import strategies as st

from lazycell._errors import DeclarationError, RequirementError
from lazycell.declaration._class_body import require
from lazycell.declaration._declare import Param, hyper, when
from lazycell.declaration._symbols import max_, min_
from tests.pure import PureCell, manifest

# -------------------------------------------------------------------------------------------------------------- values


@given(st.integers(1, 8), st.integers(1, 8))
def test_defaults_and_derived_values_are_computed(n: int, k: int) -> None:
    """From what is given, and from each other."""

    class A(PureCell):
        n: int
        k: int = 2 * n
        both = (n, n * k)
        least = min_(n, k)
        most = max_(n, k, 3)

    assert A(n).k == 2 * n
    made = A(n, k)
    assert (made.both, made.least, made.most) == ((n, n * k), min(n, k), max(n, k, 3))


def test_a_default_may_be_conditional() -> None:
    """`when` between values; only the one that is chosen is computed."""

    class A(PureCell):
        n: int
        per: float = when(n > 0, 12 / n, otherwise=None)

    assert (A(4).per, A(0).per) == (3.0, None)


def test_a_default_may_hold_symbols_deep_inside() -> None:
    """A tuple, a list, a dict."""

    class A(PureCell):
        n: int
        sizes: Any = ((n, 2 * n), [n], {"n": n})

    assert A(3).sizes == ((3, 6), [3], {"n": 3})


def test_a_factory_makes_a_new_default_each_time() -> None:
    """As in attrs, with or without the instance's values so far."""

    class A(PureCell):
        n: int = 3
        sizes: list[int] = hyper(attrs.Factory(list))
        more: list[int] = hyper(attrs.Factory(lambda self: [self.n], takes_self=True))

    one, other = A(), A(4)
    assert (one.sizes, one.more, other.more) == ([], [3], [4])
    assert one.sizes is not other.sizes


def test_converters_are_those_of_attrs() -> None:
    """A function, a list of them, a Converter that takes the instance; defaults are converted, too."""

    def name_it(value: Any, self: Any, field: Any) -> str:
        return f"{field.name}{value}{self.a}"

    class A(PureCell):
        a: int = hyper("3", converter=int)
        b: int = hyper(a, converter=[float, str])
        c: str = hyper(1, converter=attrs.Converter(name_it, takes_self=True, takes_field=True))
        d: Any = hyper(None, converter=attrs.converters.optional(int))

    made = A("4")
    assert (made.a, made.b, made.c, made.d) == (4, "4.0", "c14", None)
    assert A(a=5, b=7).b == "7.0"


def test_validators_are_those_of_attrs() -> None:
    """One or a list; each sees the instance and the field, and raises its own error."""
    seen: list[Any] = []

    class A(PureCell):
        a: int = hyper(3, validator=[instance_of(int), ge(1)])
        b: str = hyper("x", validator=in_(["x", "y"]))
        c: Any = hyper(None, validator=optional(instance_of(str)))
        d: Any = hyper(0, validator=lambda self, field, value: seen.append((self.a, field.name, value)))

    A()
    assert seen == [(3, "d", 0)]
    with pytest.raises(TypeError, match="'a' must be <class 'int'>"):
        A("3")
    with pytest.raises(ValueError, match="'a' must be >= 1"):
        A(0)
    with pytest.raises(ValueError, match="'b' must be in"):
        A(b="z")
    with pytest.raises(TypeError, match="'c' must be"):
        A(c=3)


def test_attributes_are_in_order_of_declaration() -> None:
    """Whatever order their values needed."""

    class A(PureCell):
        a: int = 1
        b: int = 2

    class B(A):
        a: int = 2 * b

    assert list(B().resolved.values) == ["a", "b"]


@pytest.mark.parametrize(
    "name", ["id", "type", "input", "list", "config", "name", "shape", "args", "kwargs", "cls", "values"]
)
def test_names_that_lazycell_uses_inside(name: str) -> None:
    """Arguments of any name arrive, by position and by keyword."""
    A = type(PureCell)("A", (PureCell,), _body(name))
    assert getattr(A(4), name) == getattr(A(**{name: 4}), name) == 4
    assert manifest(A, **{name: 4})["w"].shape == (4,)


def _body(name: str) -> Any:
    body = type(PureCell).__prepare__("A", (PureCell,))
    body["__module__"], body["__qualname__"] = __name__, "A"
    body.annotations[name] = int
    body.annotations["w"] = Param["zeros", name]
    return body


# -------------------------------------------------------------------------------------------------------- requirements


def test_requirements_are_checked_before_anything_else() -> None:
    """Also before arithmetic that they are to prevent."""

    class A(PureCell):
        n: int
        k: int = 12 // n
        half = 6 // n
        require(n > 0, "n must be positive")
        w: Param["zeros", (n,)]

    assert A(3).k == 4
    with pytest.raises(RequirementError, match=r"^A: n must be positive: `n > 0` does not hold with n=0"):
        A(0)
    with pytest.raises(RequirementError):
        A(0, 1)


def test_arithmetic_that_no_requirement_prevents_fails() -> None:
    """The first failure is the one that is told."""

    class A(PureCell):
        n: int
        half = 6 // n
        more = half + 1
        require(half > 0, "half must be positive")

    with pytest.raises(DeclarationError, match=r"^A\.half: `6 // n` cannot be computed with n=0: ZeroDivisionError"):
        A(0)


def test_a_requirement_error_is_a_value_error() -> None:
    """So that handlers of bad arguments see it."""
    assert issubclass(RequirementError, ValueError)
    assert issubclass(RequirementError, DeclarationError)
