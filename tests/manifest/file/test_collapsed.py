"""Tests of `lazycell.manifest.file._collapsed`."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lazycell.manifest.file._collapsed import collapsed_lines
from lazycell.manifest.file._expand import take_apart, tree_order

_SEGMENTS = st.sampled_from(["0", "1", "2", "10", "a", "b"])
_NAMES = st.lists(st.lists(_SEGMENTS, min_size=1, max_size=4).map(".".join), unique=True, max_size=30)


def lines_of(*names: str) -> list[str] | None:
    lines = collapsed_lines(dict.fromkeys(names, "same"))
    return None if lines is None else [pattern for pattern, _ in lines]


@given(_NAMES.map(tree_order), st.data())
def test_the_order_comes_back(names: list[str], data: st.DataObject) -> None:
    """Whenever there are lines, they give the names in their order, and each what its line says."""
    contents = {name: data.draw(st.sampled_from(["x", "y"])) for name in names}
    lines = collapsed_lines(contents)
    if lines is not None:
        assert tree_order([name for pattern, _ in lines for name in take_apart(pattern, 100).names()]) == names
        assert all(len({contents[name] for name in members}) == 1 for _, members in lines)


def test_layers_share_a_line() -> None:
    """Whatever is in other lines."""
    assert lines_of("e", "layers.0.a", "layers.0.b", "layers.1.a", "layers.1.b", "z") == [
        *("e", "layers.{0..1}.a", "layers.{0..1}.b", "z"),
    ]


def test_a_first_layer_that_lacks_something() -> None:
    """The line of what it lacks comes where the other layers have it."""
    names = ["0.norm", "0.mlp.up", "0.last", "1.norm", "1.experts.0", "1.experts.1", "1.last", "2.norm"]
    names += ["2.experts.0", "2.experts.1", "2.last"]
    assert lines_of(*names) == ["{0..2}.norm", "0.mlp.up", "{1..2}.experts.{0..1}", "{0..2}.last"]


def test_an_order_that_no_tree_has() -> None:
    """Then every parameter has a line of its own."""
    assert lines_of("l.0.a", "l.0.b", "l.1.b", "l.1.a") is None
    assert lines_of("l.0.a", "l.1.a", "l.0.b", "l.1.b") is None
    assert lines_of("l.10.a", "l.2.a") is None


def test_what_has_nothing_to_share() -> None:
    """Neither do names that look like ranges."""
    assert lines_of("a", "b") is None
    assert lines_of() is None
    assert lines_of("l.0", "l.1", "x.{0..1}") is None
    assert collapsed_lines({"l.0": "x", "l.1": "y"}) is None
