"""Numbers that ranks divide: what arithmetic makes of them, against pairs of ints."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lazycell import Mesh
from lazycell.declaration import Divided, Ratio, here, namespace_of, part, shares_of
from lazycell.declaration._divided import Source, divided, fused_sum

RANKS = 4


def of(value: int, axis: str = "tp", shared: bool = False, name: str = "heads") -> Divided:
    made = divided(value, axis, shared, Source("Net", name, 0, True))
    assert type(made) is Divided
    return made


def mesh(rank: int = 0) -> Mesh:
    return Mesh(tp=RANKS, rank=rank)


@given(st.integers(1, 9).map(lambda n: n * RANKS), st.integers(1, 20), st.integers(0, RANKS - 1))
def test_products_and_quotients_are_divided_as_their_number(heads: int, width: int, rank: int) -> None:
    """The part of what is computed is what is computed of the part."""
    number = of(heads)
    for found in (number * width, width * number):
        assert found == heads * width
        assert part(found, mesh(rank)) == part(number, mesh(rank)) * width
        assert type(found // width) is Divided
        assert part(found // width, mesh(rank)) == part(number, mesh(rank))
    assert (heads * width * 3) // number == width * 3  # the width of a head: a number as any other
    assert type((heads * width * 3) // number) is int
    assert number // of(heads) == 1


@given(st.integers(1, 64), st.integers(1, 64))
def test_whatever_asks_sees_the_whole(value: int, other: int) -> None:
    """Comparisons, remainders, quotients and powers are those of plain numbers."""
    number = of(value)
    assert (number == other, number < other, number >= other) == (value == other, value < other, value >= other)
    assert number % other == value % other
    assert type(number % other) is int
    assert (number / other, number**2, other**number if other < 4 else 0) == (
        *(value / other, value**2),
        other**value if other < 4 else 0,
    )
    assert hash(number) == hash(value)
    assert [*range(number)] == [*range(value)]
    assert str(number) == str(value)


@given(st.sampled_from([1, 2, 4, 8]), st.integers(0, RANKS - 1))
def test_where_there_are_fewer_than_ranks_some_have_the_same(keys: int, rank: int) -> None:
    """And how many queries there are to each key is a matter of this rank."""
    heads, shared = of(8), of(keys, shared=True, name="keys")
    assert part(shared, mesh(rank)) == max(1, keys // RANKS)
    queries = heads // shared
    assert queries == 8 // keys
    assert type(queries) is Ratio
    assert part(queries, mesh(rank)) == part(heads, mesh(rank)) // part(shared, mesh(rank))
    (share,) = shares_of(shared * 16)
    start, stop = share.range({"tp": RANKS}, {"tp": rank})
    assert start == rank * keys // RANKS * 16
    assert stop - start == part(shared * 16, mesh(rank))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda n: n + 1, "only one of the two is divided, so the sum has no equal parts"),
        (lambda n: 1 + n, "only one of the two is divided, so the sum has no equal parts"),
        (lambda n: n - 1, "only one of the two is divided, so the sum has no equal parts"),
        (lambda n: (n + 1) * 4, "only one of the two is divided, so the sum has no equal parts"),
        (lambda n: n + of(4, "pp"), "only one of the two is divided, so the sum has no equal parts"),
        (lambda n: n * of(4), "both heads and heads are divided, so the product has no equal parts"),
        (lambda n: n // 3, "8 // 3 cuts what is divided"),
    ],
)
def test_what_has_no_equal_parts_knows_why(make: Any, words: str) -> None:
    """It is a number nevertheless: a condition may use it."""
    found = make(of(8))
    assert found.problem == words
    assert found > 0


def test_what_is_added_has_no_order_but_if_it_is_fused() -> None:
    """A sum of two is divided; where in it the parts are, only names of sections tell."""
    total = of(8) + of(4)
    assert (total, total.problem, part(total, mesh())) == (12, "", 3)
    assert total.order == "what is added lies one behind the other"
    assert (of(8) + 0).problem == (0 + of(8)).problem == ""
    fused = fused_sum([of(8) * 2, of(2, shared=True), 5])
    assert type(fused) is Divided
    assert fused == 16 + 2 + 5
    assert [share.size for share in shares_of(fused)] == [16, 2, 5]
    assert part(fused, mesh()) == 4 + 1 + 5
    assert type(fused_sum([1, 2])) is int


@given(st.integers(1, 40), st.integers(0, RANKS - 1))
def test_layers_need_not_be_equal(layers: int, rank: int) -> None:
    """Of a list some ranks may have one more."""
    found = [part(of(layers), mesh(each)) for each in range(RANKS)]
    assert sum(found) == layers
    assert max(found) - min(found) <= 1


def test_instances_see_plain_numbers() -> None:
    """In containers, and in what `SELF` is."""
    values = {"heads": of(8), "pair": (of(8), "x"), "named": {"n": [of(4)]}, "width": 3}
    namespace = namespace_of(values)
    for found, sizes in ((here(namespace, None), (8, 8, 4)), (here(namespace, mesh()), (2, 2, 1))):
        assert (found.heads, found.pair[0], found.named["n"][0]) == sizes
        assert {type(each) for each in (found.heads, found.pair[0], found.named["n"][0])} == {int}
        assert found.width == 3
    plain = namespace_of({"width": 3})
    assert here(plain, mesh()) is plain


def test_it_goes_through_copies() -> None:
    """Whole, with all it knows."""
    number = (of(8) + 1) * 2
    for found in (copy.deepcopy(number), copy.copy(number), pickle.loads(pickle.dumps(number))):
        assert (found, found.facts) == (number, number.facts)
    ratio = pickle.loads(pickle.dumps(of(8) // of(2, shared=True)))
    assert part(ratio, mesh()) == 2


@pytest.mark.parametrize("value", [1.5, True, "8"])
def test_only_whole_numbers_are_divided(value: Any) -> None:
    """Where there is nothing to divide, what is there stays."""
    with pytest.raises(TypeError, match="^heads=.* cannot be divided over ranks: only whole numbers can$"):
        divided(value, "tp", False, Source("Net", "heads", 0, True))
    for nothing in (None, 0, -4):
        assert divided(nothing, "tp", False, Source("Net", "heads", 0, True)) is nothing


@given(st.integers(2, 30), st.integers(2, 6))
def test_a_quotient_is_divided_where_its_parts_are(whole: int, by: int) -> None:
    """No rank has a part of one that is cut."""
    assume(whole % by == 0)
    found = of(whole) // by
    for ranks in (each for each in range(1, whole + 1) if found.units % each == 0):
        on = Mesh(tp=ranks, rank=0)
        assert part(found, on) * ranks == whole // by
        assert part(found, on) * by == part(of(whole), on)
    (share,) = shares_of(found)
    assert share.size == whole // by
    assert share.size % share.units == 0
