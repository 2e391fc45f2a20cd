"""Tests of `lazycell.declaration._halves`. The texts of its errors are in `tests/messages`."""

from __future__ import annotations

import pytest

from lazycell.declaration._forms import form_text
from lazycell.declaration._halves import Magnitude, direction, magnitude, other_spelling
from lazycell.declaration._squeezed import squeezed


def test_two_halves_of_one_weight() -> None:
    """They know each other by weight and axis."""
    assert magnitude("w") == Magnitude("w", 0)
    assert magnitude("w").other == direction("w")
    assert direction(squeezed("w", 2), dim=2).other == magnitude(squeezed("w", 2), dim=2)
    assert magnitude("w").other != direction("w", dim=1)
    assert magnitude("w") != direction("w")


def test_they_are_written_as_they_were() -> None:
    """The first axis goes without saying, as in PyTorch."""
    assert form_text(magnitude("w")) == 'magnitude("w")'
    assert form_text(direction("w", dim=2)) == 'direction("w", dim=2)'
    assert form_text(magnitude("w", None)) == 'magnitude("w", dim=None)'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("conv.weight_g", "conv.parametrizations.weight.original0"),
        ("a.b.weight_hh_l0_v", "a.b.parametrizations.weight_hh_l0.original1"),
        ("weight_v", "parametrizations.weight.original1"),
    ],
)
def test_torch_has_two_names_for_each(old: str, new: str) -> None:
    """Each is found from the other."""
    assert other_spelling(old) == new
    assert other_spelling(new) == old


@pytest.mark.parametrize(
    "name", ["weight", "g", "_g", "a.weight_gg", "parametrizations.weight.original2", "a.g.weight"]
)
def test_other_names_have_no_other_spelling(name: str) -> None:
    """Only an end counts."""
    assert other_spelling(name) is None
