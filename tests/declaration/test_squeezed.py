"""Tests of `lazycell.declaration._squeezed`. The texts of its errors are in `tests/messages`."""

from __future__ import annotations

from lazycell.declaration._forms import form_text, leaves, replace_leaves
from lazycell.declaration._squeezed import Expanded, Squeezed, expanded, squeezed
from lazycell.declaration._stored import fused


def test_one_axis_or_several() -> None:
    """In any order; they are written as the user writes them."""
    assert squeezed("w", axis=2) == Squeezed("w", (2,))
    assert squeezed("w", (3, 2)) == Squeezed("w", (2, 3))
    assert expanded("w", axis=0) == Expanded("w", (0,))
    assert form_text(squeezed("w", 2)) == 'squeezed("w", axis=2)'
    assert form_text(expanded("w", (2, 3))) == 'expanded("w", axis=(2, 3))'
    assert squeezed("w", 2) != expanded("w", 2)


def test_they_nest() -> None:
    """Around other forms and inside of them; names are found and replaced in them."""
    form = fused(a=squeezed("a", 1), b=expanded(fused(c="c", d="d"), 0))
    assert list(leaves(form)) == ["a", "c", "d"]
    assert form_text(replace_leaves(form, str.upper)) == (
        'fused(a=squeezed("A", axis=1), b=expanded(fused(c="C", d="D"), axis=0))'
    )
