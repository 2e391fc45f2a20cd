"""Ties of parts that are on some ranks alone: both ends on the same ranks, or the net is refused on all of them."""

from __future__ import annotations

from typing import Any

import pytest

from lazycell import DeclarationError, LazyCell, Mesh, Param, child, children, divide, on, tie, when


class Table(LazyCell):
    n: int
    weight: Param["normal", (n, 2)]


class Inner(LazyCell):
    n: int
    first: Any = when(on(pp=0), child(Table, n))


class Net(LazyCell):
    count: int = 4
    divide(pp=count)

    inner: Inner = child(Inner, 3)
    tables: list[Table] = children(count, Table, 3)
    last: Any = when(on(pp=-1), child(Table, 3))
    one = tie("tables.1.weight", "tables.0.weight")


class ToAnother(Net):
    two = tie("tables.3.weight", "tables.1.weight")


class ToFirst(Net):
    two = tie("last.weight", "inner.first.weight")


class OfAll(Net):
    whole: Table = child(Table, 3)
    is_tied: bool = True
    two = when(is_tied, tie("whole.weight", "last.weight"))


class Experts(LazyCell):
    count: int = 2
    divide(ep=count)

    experts: list[Table] = children(count, Table, 3)
    one = tie("experts.1.weight", "experts.0.weight")


def test_both_ends_on_one_stage():
    """There they are one parameter; the other stage has neither."""
    with Mesh(pp=2, rank=0):
        net = Net()
    assert net.tables[1].weight is net.tables[0].weight
    with Mesh(pp=2, rank=1):
        net = Net()
    assert [name for name, _ in net.parameters_and_names()] == ["tables.2.weight", "tables.3.weight", "last.weight"]
    assert net.manifest().ties == {"tables.1.weight": "tables.0.weight"}


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize(
    ("cls", "words"),
    [
        (ToAnother, "tables.3.weight and tables.1.weight are one parameter and on stages 0 and 1: use one stage"),
        (ToFirst, "last.weight and inner.first.weight are one parameter and on stages 0 and 1: use one stage"),
        (OfAll, "whole.weight and last.weight .* on stages 1 and all: use one stage, or is_tied=False"),
    ],
)
def test_ends_on_different_stages(cls: Any, words: str, rank: int):
    """Whatever a rank has of it, it says the same; on one stage all is well."""
    with Mesh(pp=2, rank=rank), pytest.raises(DeclarationError, match=words):
        cls()
    with Mesh(pp=1, rank=0):
        assert len(cls().manifest().ties) == 2


@pytest.mark.parametrize("rank", [0, 1])
def test_another_axis(rank: int):
    """It is named, and no stage is spoken of."""
    words = "are one parameter and on the ranks 0 and 1 along 'ep': use a mesh without 'ep'"
    with Mesh(ep=2, rank=rank), pytest.raises(DeclarationError, match=words):
        Experts()
