"""Tests of `lazycell.layout._leftover_names`: full names of leftovers, and finding them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lazycell import UNUSED, LazyCell, Param, child, children, former, rename
from lazycell.layout import Leftover, leftover_names


class Norm(LazyCell):
    weight: Param["ones", (2,)]
    rename({"gamma": former("weight")})


class Block(LazyCell):
    norm: Norm = child(Norm)
    rename({"mask": UNUSED})


class Net(LazyCell):
    n: int
    blocks: list[Block] = children(n, Block)


class Moved(LazyCell):
    net: Net = child(Net, 2)
    rename({"inner.{*rest}": "net.{*rest}"})


def test_layers_share_a_line() -> None:
    """However many there are; a model without any has none."""
    expected = (Leftover("blocks.{i}.mask"), Leftover("blocks.{i}.norm.gamma", "blocks.{i}.norm.weight"))
    assert Net.manifest(1).leftovers == Net.manifest(7).leftovers == expected
    assert Net.manifest(0).leftovers == ()
    assert Net(3).manifest().leftovers == expected


def test_what_is_above_moves_them() -> None:
    """A block's names are those that the model which has it gives them."""
    assert Moved.manifest().leftovers == (
        Leftover("inner.blocks.{i}.mask"),
        Leftover("inner.blocks.{i}.norm.gamma", "inner.blocks.{i}.norm.weight"),
    )
    assert [stored.name for stored in Moved.manifest().stored] == [
        "inner.blocks.0.norm.weight",
        "inner.blocks.1.norm.weight",
    ]


def test_captures_of_the_author_stay() -> None:
    """A capture for the number of a layer has another name than those that are there."""

    class Deep(LazyCell):
        weight: Param["ones", (2,)]
        rename({"{i}.gamma": UNUSED})

    class Row(LazyCell):
        rows: list[Deep] = children(2, Deep)

    (found,) = Row.manifest().leftovers
    assert found.name == "rows.{j}.{i}.gamma"


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_finding(i: int, j: int) -> None:
    """Plain names before patterns, the first pattern before the others; what none matches is none."""
    names = leftover_names((Leftover("a.{i}.x", "b.{i}"), Leftover("a.{*rest}"), Leftover(f"a.{j}.x", "own")))
    expected = Leftover(f"a.{i}.x", "own" if i == j else f"b.{i}")
    assert names.find(f"a.{i}.x") == (Leftover(f"a.{j}.x", "own") if i == j else expected)
    assert names.find(f"a.{i}.y") == Leftover(f"a.{i}.y", None)
    assert names.find(f"b.{i}") is None
