"""Tests of `lazycell.manifest._alike`: cells that are alike are looked into once, and only those."""

from __future__ import annotations

import itertools
import types
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell.declaration._declare import Param, child, children, hyper
from lazycell.declaration._symbols import INDEX, SELF
from lazycell.manifest._alike import likeness
from lazycell.manifest._outline import _Walk

from ..pure import PureCell, declaration, manifest


class Linear(PureCell):
    width: int
    out: int = 3
    weight: Param["normal", (out, width)]


class Block(PureCell):
    config: Any
    up: Linear = child(Linear, config.width, 4 * config.width)
    down: Linear = child(Linear, 4 * config.width, config.width)


class Net(PureCell):
    width: int
    depth: int
    blocks: list[Block] = children(depth, Block, SELF)
    several: list[Linear] = children(depth, Linear, width + INDEX % 2)


def key(*values: Any, dtype: str = "float32", cls: type = Linear) -> tuple[Any, ...]:
    return likeness(declaration(cls), {str(place): value for place, value in enumerate(values)}, dtype)


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(width=16) | st.sampled_from(["", "a", "1"]),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=4,
)


@given(plain, plain)
def test_plain_values_are_told_apart_as_they_are_written(one: Any, other: Any) -> None:
    assert (key(one) == key(other)) == (repr(one) == repr(other))


@pytest.mark.parametrize(
    "pair", [(1, True), (0.0, -0.0), (1, 1.0), ((1, 2), (1, (2,))), (((1,), 2), ((1, 2),)), ([], [])]
)
def test_what_equals_and_is_not_the_same(pair: tuple[Any, Any]) -> None:
    one, other = pair
    assert key(one) != key(other)
    assert key(types.SimpleNamespace(a=one)) != key(types.SimpleNamespace(a=other))


def test_what_is_the_same() -> None:
    table = {"a": 1}
    assert key(table, float("nan")) == key(table, float("nan"))
    assert key(types.SimpleNamespace(a=1, b=(2,))) == key(types.SimpleNamespace(a=1, b=(2,)))
    assert key(types.SimpleNamespace(a=1)) != key(types.SimpleNamespace(b=1))
    assert key(1, dtype="float16") != key(1)
    assert key(1, cls=Block) != key(1)


def test_each_kind_is_looked_into_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the manifest has all of them, each in its place."""
    looked: list[str] = []
    cell = _Walk.cell

    def seen(self: Any, cls: type, resolved: Any) -> Any:
        looked.append(cls.__name__)
        return cell(self, cls, resolved)

    monkeypatch.setattr(_Walk, "cell", seen)
    found = manifest(Net, 8, 40)
    assert len(found) == 3 * 40
    assert sorted(looked) == ["Block", "Linear", "Linear", "Linear", "Linear", "Net"]
    assert found["blocks.39.down.weight"].shape == (8, 32)
    assert [found[f"several.{i}.weight"].shape for i in range(4)] == [(3, 8), (3, 9), (3, 8), (3, 9)]


def test_what_is_made_anew_for_each_cell_is_its_own() -> None:
    """A default that is made each time: no cell stands for another."""
    numbers = itertools.count(1)

    class Grown(PureCell):
        size: int = hyper(attrs.Factory(lambda: next(numbers)))
        weight: Param["normal", (size,)]

    class Row(PureCell):
        first: Grown = child(Grown)
        second: Grown = child(Grown)

    assert [each.shape for each in manifest(Row)] == [(1,), (2,)]
