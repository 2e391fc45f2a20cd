"""Tests of `lazycell.manifest._calls`."""

from functools import partial
from typing import Any

import pytest

from lazycell._errors import DeclarationError
from lazycell.declaration._declare import Declared
from lazycell.manifest._calls import call_text, complete
from lazycell.manifest._resolve import ResolvedChild
from tests.pure import PureCell


class Linear(PureCell):
    in_features: int
    out_features: int
    use_bias: bool = True


def call(factory: Any, *args: Any, **kwargs: Any) -> ResolvedChild:
    """Give a child that is this call."""
    return ResolvedChild(factory, args, kwargs, Declared(name="part", owner="A"))


def with_keyword(n: int, dtype: Any = None) -> None: ...
def with_any(n: int, **kwargs: Any) -> None: ...
def without(n: int) -> None: ...


class Unhashable:
    """A factory that cannot be a key."""

    __hash__ = None  # type: ignore[assignment]

    def __call__(self, n: int, dtype: Any = None) -> None: ...


@pytest.mark.parametrize(
    ("child", "kwargs"),
    [
        (call(with_keyword, 1), {"dtype": "float16"}),
        (call(with_keyword, 1, "int8"), {}),
        (call(with_keyword, 1, dtype="int8"), {"dtype": "int8"}),
        (call(with_keyword, 1, dtype=None), {"dtype": None}),
        (call(with_any, 1), {}),
        (call(without, 1), {}),
        (call(Linear, 1, 2), {"dtype": "float16"}),
        (call(partial(with_keyword, n=1)), {"dtype": "float16"}),
        (call(Unhashable(), 1), {"dtype": "float16"}),
        (call(dict, a=1), {"a": 1}),
    ],
)
def test_the_dtype_is_handed_on(child: ResolvedChild, kwargs: Any) -> None:
    """To a child that takes it and was given none of its own."""
    assert complete(child, "float16") == kwargs


@pytest.mark.parametrize("child", [call(Linear, 1), call(Linear, 1, 2, 3, 4), call(Linear, 1, 2, use_bia=False)])
def test_arguments_that_do_not_fit(child: ResolvedChild) -> None:
    """The message has the call and what the factory takes."""
    with pytest.raises(DeclarationError, match=r"^A\.part: `Linear\(1.* does not fit: .* It takes \(in_features, o"):
        complete(child, "float32")


def test_a_call_is_shown_as_it_is_written() -> None:
    """With the values of its arguments."""
    assert call_text(call(Linear, 3, [1], use_bias=False, kind="x")) == "Linear(3, [1], use_bias=False, kind='x')"
