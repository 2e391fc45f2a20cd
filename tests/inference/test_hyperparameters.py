"""Tests of `lazycell.inference._hyperparameters`: what a hyperparameter can be by its declaration."""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal

import pytest
from attrs import Factory
from attrs.validators import ge, in_

from lazycell.declaration._declaration import declaration_of
from lazycell.declaration._declare import NOTHING
from lazycell.inference._domain import NATURAL, TRUTH, Domain
from lazycell.inference._hyperparameters import accepts_of, default_of, domain_of, domain_of_path
from tests.pure import PureCell, hyper


class Norm(Enum):
    LAYER = "layer"
    RMS = "rms"


class Net(PureCell):
    n: int
    flag: bool = True
    window: int | None = None
    mode: Literal["a", "b"] = "a"
    norm: Norm = Norm.RMS
    act: str = hyper("gelu", validator=in_(["gelu", "silu"]))
    shift: int = -1
    ratio: int = 0.5  # type: ignore[assignment]
    twice: int = 2 * n
    heads: int = hyper(4, validator=ge(2))
    row: tuple[int, ...] = (1, 2)
    anything: Any = Factory(list)


_DECLARATION = declaration_of(Net)
assert _DECLARATION is not None
ITEMS = {item.name: item for item in _DECLARATION.hyperparameters}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("n", NATURAL),
        ("flag", TRUTH),
        ("window", Domain(NATURAL.numbers, frozenset({None}))),
        ("mode", Domain((), frozenset({"a", "b"}))),
        ("norm", Domain((), frozenset(Norm))),
        ("act", Domain((), frozenset({"gelu", "silu"}))),
        ("ratio", Domain(NATURAL.numbers, frozenset({0.5}))),
        ("anything", Domain(NATURAL.numbers, None)),
    ],
)
def test_the_type_the_default_and_the_validator_bound_it(name: str, expected: Domain) -> None:
    """Sizes are 0 or more; a default is always among the values."""
    assert domain_of(ITEMS[name]) == expected


def test_a_default_below_zero_says_that_there_is_more_below() -> None:
    """-1 for "none" is usual."""
    assert domain_of(ITEMS["shift"]).holds(-7)


def test_an_item_of_a_row_is_a_number_where_the_type_says_so() -> None:
    """An attribute may be anything."""
    assert domain_of_path("row[1]", ITEMS) == NATURAL
    assert domain_of_path("anything.rows", ITEMS).others is None


def test_validators_are_asked() -> None:
    """Each value by itself."""
    accepts = accepts_of(ITEMS)
    assert accepts("heads", {}, 2)
    assert not accepts("heads", {}, 1)
    assert accepts("n", {}, -5)


def test_a_default_may_need_other_values() -> None:
    """Without them it is not known."""
    assert default_of(ITEMS["twice"], {"n": 3}) == 6
    assert default_of(ITEMS["twice"], {}) is NOTHING
    assert default_of(ITEMS["n"], {}) is NOTHING
    assert default_of(ITEMS["anything"], {}) == []
