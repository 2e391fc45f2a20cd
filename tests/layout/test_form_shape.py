"""Tests of `lazycell.layout._form_shape`."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lazycell.declaration._forms import Fused, Reshaped, Transposed
from lazycell.declaration._symbols import evaluate, symbol
from lazycell.layout._form_shape import form_shape, reversed_axes, unknown_sizes

QKV = Fused(0, (("q", "q"), ("k", "k")))


def test_every_size_where_all_are_known() -> None:
    """Joined along the axis, in another order, in another shape."""
    shapes: dict[str, Any] = {"q": (4, 3), "k": (2, 3)}
    assert form_shape(QKV, shapes.get) == (6, 3)
    assert form_shape(Transposed(QKV), shapes.get) == (3, 6)
    assert form_shape(Transposed(Reshaped(QKV, (2, 3, 3)), (1, 2, 0)), shapes.get) == (3, 3, 2)


def test_sizes_may_be_expressions() -> None:
    """They are added up, and compared with nothing."""
    heads = symbol("heads")
    shapes: dict[str, Any] = {"q": (heads * 8, 3), "k": (16, heads)}
    rows, columns = form_shape(QKV, shapes.get) or ()
    assert evaluate(rows, {"heads": 5}) == 5 * 8 + 16
    assert columns == 3
    assert form_shape(Reshaped("q", (heads, 24)), shapes.get) == (heads, 24)


def test_the_number_of_axes_may_be_all_that_is_known() -> None:
    """Or not even that, of some of the leaves."""
    ranks: dict[str, int | None] = {"q": 2, "k": None}

    def rank(form: Any) -> int | None:
        shape = form_shape(form, lambda leaf: unknown_sizes(ranks[leaf]), ranks_only=True)
        return None if shape is None else len(shape)

    assert rank(QKV) == 2
    assert rank("k") is None
    assert rank(Transposed("k")) is None
    assert rank(Transposed("k", (2, 0, 1))) == 3
    assert rank(Reshaped("k", (symbol("n"),))) == 1


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (Fused(2, (("q", "q"), ("k", "k"))), "axis=2 is counted from 0, and what is joined has 2 axes"),
        (Fused(0, (("q", "q"), ("one", "one"))), "`q` has 2, `one` has 1"),
        (Transposed("one", (1, 0)), 'orders 2 axes, and `"one"` has 1 axis'),
    ],
)
def test_axes_that_are_not_there(form: Any, message: str) -> None:
    """Told with what is known in a class body: how many axes there are."""
    ranks = {"q": 2, "k": 2, "one": 1}
    with pytest.raises(ValueError, match=re.escape(message)):
        form_shape(form, lambda leaf: unknown_sizes(ranks[leaf]), ranks_only=True)


def test_the_reverse_order() -> None:
    """Axis 0 is the last."""
    assert reversed_axes(3) == (2, 1, 0)
    assert reversed_axes(0) == ()
