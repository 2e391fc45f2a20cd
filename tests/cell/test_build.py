"""What a class costs, and what has no end."""

from __future__ import annotations

import sys

import pytest

from lazycell import DeclarationError, LazyCell, Param, child, when


class Endless(LazyCell):
    w: Param["zeros", (2,)]
    again = child(lambda: Endless())


class Holder(LazyCell):
    inner = child(lambda: Endless())


class Tree(LazyCell):
    depth: int
    w: Param["zeros", (2,)]
    below = when(depth > 0, child(lambda depth: Tree(depth), depth - 1))


@pytest.mark.parametrize("cls", [Endless, Holder])
def test_a_class_inside_itself_without_end_is_refused_in_a_sentence(cls):
    """The message names the child, and says what would end."""
    for attempt in (cls, cls.manifest):
        with pytest.raises(DeclarationError, match=r"(?s)again.*part of, without end.*gets smaller"):
            attempt()


def test_a_class_inside_itself_may_end():
    """A number that gets smaller ends it."""
    assert len(list(Tree(30).get_parameters())) == 31


def test_making_a_class_costs_the_same_at_each_depth_of_inheritance():
    """Counted in calls of Python's functions, for one class at a depth of 40 and of 80: not more than in proportion."""
    counts = []
    cls = LazyCell
    for level in range(81):
        calls = [0]

        def count(frame, event, argument, calls=calls):
            calls[0] += event in ("call", "c_call")

        namespace = {"__annotations__": {f"w{level}": Param["ones", (1,)]}}
        before = sys.getprofile()
        sys.setprofile(count)
        try:
            cls = type(LazyCell)(f"N{level}", (cls,), namespace)
        finally:
            sys.setprofile(before)
        counts.append(calls[0])
    assert counts[80] < 2.5 * counts[40]
