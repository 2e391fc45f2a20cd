"""Tests of `lazycell.declaration._forms`."""

from __future__ import annotations

from lazycell.declaration._forms import (
    Fused,
    Reshaped,
    Transposed,
    form_text,
    leaves,
    replace_leaves,
    replace_nodes,
    shapes_in,
)

FORM = Transposed(Fused(1, (("q", "q.w"), ("kv", Reshaped(Fused(0, (("k", "k.w"), ("v", "v.w"))), (4, 2))))), (1, 0))


def test_leaves_come_in_the_order_of_the_sections() -> None:
    """As they are stored; a name alone is its own leaf."""
    assert list(leaves(FORM)) == ["q.w", "k.w", "v.w"]
    assert list(leaves("w")) == ["w"]


def test_leaves_are_replaced_and_the_tree_stays() -> None:
    """Axes, sections and shapes are kept."""
    assert replace_leaves(FORM, str.upper) == Transposed(
        Fused(1, (("q", "Q.W"), ("kv", Reshaped(Fused(0, (("k", "K.W"), ("v", "V.W"))), (4, 2))))), (1, 0)
    )


def test_operations_are_replaced_from_the_inside_out() -> None:
    """Each sees what has become of what it holds."""
    seen: list[type] = []

    def note(node: object) -> object:
        seen.append(type(node))
        return node

    assert replace_nodes(FORM, note) == FORM
    assert seen == [Fused, Reshaped, Fused, Transposed]


def test_shapes_are_found_wherever_they_are() -> None:
    """Those that `reshaped` asks for."""
    assert list(shapes_in(FORM)) == [(4, 2)]
    assert list(shapes_in("w")) == []


def test_a_form_prints_as_it_is_written() -> None:
    """In a class body."""
    assert form_text(FORM) == (
        'transposed(fused(axis=1, q="q.w", kv=reshaped(fused(k="k.w", v="v.w"), (4, 2))), (1, 0))'
    )
    assert form_text(Transposed("w")) == 'transposed("w")'
    assert form_text("w") == '"w"'
