"""Tests of `lazycell.inference._names`: the names in a checkpoint as a tree."""

from __future__ import annotations

from lazycell.inference._names import NOTHING_STORED, Names, leaves_below, tree_of


def tree(*names: str) -> Names:
    """Make the tree of some names, all of shape (2,)."""
    return tree_of({name: Names((2,)) for name in names})


def test_what_is_at_a_path() -> None:
    """A tensor, what is below, and nothing."""
    root = tree("a.b", "a.c.d", "a")
    assert (root.size, root.at("a").size, root.at("a").shape) == (3, 3, (2,))
    assert root.at("a.c").below.keys() == {"d"}
    assert root.at("a.x.y") is NOTHING_STORED


def test_parts_that_have_the_same_names_and_shapes_are_alike() -> None:
    """And no others."""
    shapes = {"0.w": (2,), "1.w": (2,), "2.w": (3,), "3.v": (2,)}
    nodes = tree_of({name: Names(shape) for name, shape in shapes.items()}).below
    assert nodes["0"].alike == nodes["1"].alike
    assert len({node.alike for node in nodes.values()}) == 3


def test_the_length_of_a_list_is_its_largest_index_and_one() -> None:
    """As long as most of it is there; what is no index does not count."""
    assert tree("0.w", "1.w", "2.w").positions()[1] == 3
    assert tree("0.w", "2.w").positions()[1] == 3
    assert tree("00.w", "x.w", "-1.w").positions() == ({}, 0)
    there, length = tree("0.w", "1.w", "999999999.w").positions()
    assert (list(there), length) == ([0, 1], 2)


def test_a_grafted_leaf_is_in_a_copy_and_is_not_stored() -> None:
    """It stands for a tensor that is stored under another name."""
    root = tree("a.b")
    copy = root.grafted("a.c.d", Names((3,), tied=True))
    assert copy.at("a.c.d").shape == (3,)
    assert (copy.size, copy.at("a.b").shape) == (1, (2,))
    assert root.at("a.c") is NOTHING_STORED
    assert [name for name, _ in leaves_below(copy)] == ["a.b"]


def test_names_that_are_too_deep_are_left_out() -> None:
    """A header of one long name must not take memory for each of its dots."""
    assert tree("a." * 1_000_000 + "w", "b").below.keys() == {"b"}


def test_leaves_are_listed_with_their_names() -> None:
    """Each once."""
    names = {"a", "a.b", "c.0.d"}
    assert {name for name, _ in leaves_below(tree(*names))} == names
