"""Tests of `lazycell.layout._check_leftovers`: leftovers that cannot be meant are refused with the class."""

from __future__ import annotations

import pytest

from lazycell import UNUSED, DeclarationError, LazyCell, Param, child, former, rename


class Norm(LazyCell):
    weight: Param["ones", (2,)]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"weight": UNUSED}, "the class itself has `weight`"),
        ({"{name}": UNUSED}, "the class itself has `weight`"),
        ({"gamma": former("wieght")}, "nothing below this cell is stored as `wieght`; did you mean `weight`?"),
        ({"{*path}.gamma": former("{*rest}.weight")}, r"the former name does not have the capture {\*rest}"),
        ({"gamma": former("we{ight")}, "a capture is written"),
        ({"ga{mma": UNUSED}, "a capture is written"),
    ],
)
def test_refused(rules: dict[str, object], message: str) -> None:
    """What was written, and why it cannot be."""
    with pytest.raises(DeclarationError, match=message):

        class Wrong(LazyCell):
            weight: Param["ones", (2,)]
            norm: Norm = child(Norm)
            rename(rules)


def test_a_name_that_some_layers_have_may_be_unused_in_others() -> None:
    """Whether a child is there depends on hyperparameters, so nothing is said about names below it."""

    class Some(LazyCell):
        norm: Norm = child(Norm)
        rename({"norm.{*rest}": UNUSED})

    assert [each.name for each in Some.manifest().leftovers] == ["norm.{*rest}"]
