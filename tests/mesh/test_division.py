"""What of a parameter is on which rank."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell import Mesh
from lazycell.mesh import Division, On, Owner, Share, shares_told_by

SIZES = {"pp": 3, "tp": 4}


@st.composite
def sections(draw: st.DrawFn, axis: str) -> tuple[Share, ...]:
    """Draw the sections of a dimension that ranks along an axis can divide."""
    found = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["whole", "divided", "shared"]))
        ranks = SIZES[axis]
        units = {"whole": 1, "divided": ranks * draw(st.integers(1, 2)), "shared": draw(st.sampled_from([1, ranks]))}[
            kind
        ]
        size = units * draw(st.integers(1, 3))
        found.append(Share(size) if kind == "whole" else Share(size, (axis,), units, kind == "shared"))
    return tuple(found)


@given(st.tuples(sections("tp"), sections("pp")))
def test_the_parts_of_all_ranks_are_the_whole(shares: tuple[tuple[Share, ...], tuple[Share, ...]]) -> None:
    """Each element is on a rank; those that share a part have the same, and parts that differ do not overlap."""
    shape = tuple(sum(share.size for share in each) for each in shares)
    division = Division(shape, shares)
    mesh = Mesh(**SIZES, rank=0)
    values = np.arange(np.prod(shape)).reshape(shape)
    parts = {}
    for rank in range(mesh.ranks):
        place = division.place(mesh.at(rank))
        assert place is not None
        part = np.full(place.shape, -1)
        for there, here in place.boxes():
            part[tuple(slice(*each) for each in here)] = values[tuple(slice(*each) for each in there)]
        assert (part >= 0).all()
        parts[rank] = part
    assert set(np.concatenate([part.reshape(-1) for part in parts.values()])) == set(values.reshape(-1))
    holders = list(division.holders(mesh))
    assert sorted(rank for _, ranks in holders for rank in ranks) == list(range(mesh.ranks))
    for place, ranks in holders:
        assert all(division.place(mesh.at(rank)) == place for rank in ranks)


@given(st.integers(1, 40), st.integers(1, 12))
def test_each_position_of_a_list_is_on_one_rank(count: int, ranks: int) -> None:
    """Consecutive ones together, and no rank has two more than another."""
    owners = [Owner("pp", position, count).indices(ranks) for position in range(count)]
    assert all(len(each) == 1 for each in owners)
    found = [each for (each,) in owners]
    assert found == sorted(found)
    lengths = [found.count(rank) for rank in range(ranks)]
    assert max(lengths) - min(lengths) <= 1


def test_sixty_one_layers_on_four_stages() -> None:
    """15, 15, 15, 16."""
    found = [Owner("pp", position, 61).indices(4)[0] for position in range(61)]
    assert [found.count(rank) for rank in range(4)] == [15, 15, 15, 16]


@pytest.mark.parametrize(
    ("at", "ranks", "expected"),
    [((0,), 4, (0,)), ((-1,), 4, (3,)), ((0, -1), 4, (0, 3)), ((0, -1), 1, (0,)), ((2,), 2, (1,))],
)
def test_some_ranks_alone(at: tuple[int, ...], ranks: int, expected: tuple[int, ...]) -> None:
    """-1 is the last; on fewer ranks than were thought of, the last has it."""
    assert On("pp", at).indices(ranks) == expected


def test_who_has_nothing() -> None:
    """An owner is one rank along its axis, whatever there is along the others."""
    division = Division((4,), ((Share(4, ("tp",)),),), (Owner("pp", 2, 3),))
    mesh = Mesh(pp=3, tp=2, rank=0)
    assert [division.place(mesh.at(rank)) is None for rank in range(6)] == [True] * 4 + [False] * 2
    assert [ranks for _, ranks in division.holders(mesh)] == [[4], [5]]


def test_what_cannot_be_divided() -> None:
    """By its name where it has one; but a mesh may leave it whole."""
    division = Division((50257,), ((Share(50257, ("tp",), 50257, name="vocab_size"),),))
    with pytest.raises(ValueError, match="^vocab_size=50257 cannot be divided into 4 equal parts, one for each rank"):
        division.place(Mesh(tp=4, rank=0))
    place = division.place(Mesh(tp=4, rank=0).leaving(["vocab_size"]))
    assert place is not None
    assert (place.shape, place.shard) == ((50257,), (None,))


def test_what_shard_says() -> None:
    """Two axes divide one dimension, the first from the outside."""
    division = Division((8, 3), shares_told_by((("dp", "tp"), None), (8, 3)))
    mesh = Mesh(tp=2, dp=2, rank=0)
    starts = {}
    for rank in range(4):
        at, place = mesh.at(rank).coordinates(), division.place(mesh.at(rank))
        assert place is not None
        starts[at["dp"], at["tp"]] = place.ranges[0][0][0]
        assert place.shard == (("dp", "tp"), None)
    assert starts == {(0, 0): 0, (0, 1): 2, (1, 0): 4, (1, 1): 6}
