"""Tests of `lazycell.declaration._walk`."""

from __future__ import annotations

from typing import Any

from lazycell.declaration._cells import cells
from lazycell.declaration._declaration import declaration_of_child
from lazycell.declaration._declare import Param, child, children, param, tie, when
from lazycell.declaration._symbols import render
from lazycell.declaration._walk import Group, below, leaves_of, places, regrouped
from tests.pure import PureCell, declaration


class Leaf(PureCell):
    """A vector."""

    n: int
    w: Param["normal", (n,)]


class Net(PureCell):
    """Something of each kind."""

    n: int
    own: Param["normal", (n,)] = when(n > 1)
    either: Any = when(n > 2, child(Leaf, 2), otherwise=when(n > 3, child(dict), otherwise=None))
    layers: list[Any] = children(n, when(n > 4, child(Leaf, 4), otherwise=child(Leaf, 5)))
    tied: Any = when(n > 5, tie("either.w", "own"))


def shown(item: Any) -> list[tuple[str, str, list[tuple[str, bool]]]]:
    """Give the places of an item as text."""
    found = places(item, "*")
    return [
        (place, type(spec).__name__, [(render(when.condition), holds) for when, holds in conditions])
        for place, spec, conditions in found
    ]


def test_all_that_a_name_may_stand_for() -> None:
    """Each with its conditions, from the outside in; a part that is None is nothing."""
    own, either, layers = declaration(Net).members
    (tied,) = declaration(Net).ties
    assert shown(own) == [("own", "ParameterSpec", [("n > 1", True)])]
    assert shown(either) == [
        ("either", "ChildSpec", [("n > 2", True)]),
        ("either", "ChildSpec", [("n > 2", False), ("n > 3", True)]),
    ]
    assert shown(layers) == [
        ("layers.*", "ChildSpec", [("n > 4", True)]),
        ("layers.*", "ChildSpec", [("n > 4", False)]),
    ]
    assert shown(tied) == [("tied", "Tie", [("n > 5", True)])]


def test_children_in_their_order_and_alike_ones_once() -> None:
    """Equal ones that are two objects are looked into twice."""
    one, other = [1], [1]
    asked: list[int] = []

    def look(child: list[int]) -> int:
        asked.append(id(child))
        return len(asked)

    inner = Group("CellDict", (("up", one), ("down", other)))
    layers = Group("CellList", (("0", one), ("1", other), ("2", one), ("3", inner)))
    found = list(below({"a": one, "layers": layers, "none": Group("CellList", ())}, look))
    assert found == [
        ("a", 1),
        ("layers.0", 2),
        ("layers.1", 3),
        ("layers.2", 2),
        ("layers.3.up", 2),
        ("layers.3.down", 3),
    ]
    assert asked == [id(one), id(one), id(other)]
    asked.clear()
    changed = regrouped(layers, look)
    assert [*leaves_of(changed)] == [("0", 1), ("1", 2), ("2", 1), ("3.up", 1), ("3.down", 2)]
    assert (changed.kind, changed[3].kind, len(changed)) == ("CellList", "CellDict", 4)  # type: ignore[union-attr]


def test_places_in_containers() -> None:
    """A place is told as far as conditions leave it open."""

    class Containers(PureCell):
        n: int
        row: list[Any] = cells(child(Leaf, 1), when(n > 1, child(Leaf, 2)), children(n, Leaf, 3), cells(child(dict)))
        ways: Any = cells(up=child(Leaf, 1), down=when(n > 1, child(Leaf, 2)))
        scales: Any = children(n, children(n, param("ones", (n,))))

    row, ways, scales = declaration(Containers).members
    assert [place for place, *_ in shown(row)] == ["row.0", "row.1", "row.*.*", "row.*.0"]
    assert [place for place, *_ in shown(ways)] == ["ways.up", "ways.down"]
    assert shown(scales) == [("scales.*.*", "ParameterSpec", [])]


def test_which_class_goes_on() -> None:
    """A class that declares; not a function, not another class."""
    assert declaration_of_child(Leaf) is declaration(Leaf)
    for factory in (dict, len, 3, object(), lambda: None):
        assert declaration_of_child(factory) is None
