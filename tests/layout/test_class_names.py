"""Tests of `lazycell.layout._class_names`."""

from __future__ import annotations

from typing import Any

from lazycell.declaration._declare import Param, child, children, tie, when
from lazycell.declaration._stored import fused, rename, reshaped, transposed
from lazycell.declaration._symbols import INDEX
from lazycell.layout._class_names import Known, has_rules, names_below, stored_names
from lazycell.layout._overlap import shown

from ..pure import PureCell, declaration


class Linear(PureCell):
    """A matrix, and perhaps a vector."""

    n: int
    weight: Param["normal", (n, n)]
    bias: Param["zeros", (n,)] = when(n > 1)


def seen(cls: type) -> dict[str, Known]:
    """Give what the cell above sees."""
    return {shown(name): known for name, known in stored_names(cls, declaration(cls)).items()}


def below(cls: type) -> list[str]:
    """Give the names that the class's own rules see."""
    return [shown(name) for name in names_below(cls, declaration(cls))]


def test_names_under_any_condition_and_at_any_position() -> None:
    """Both alternatives, and a capture for the position."""

    class Net(PureCell):
        n: int
        layers: list[Any] = children(n, when(n > 2, child(Linear, n), otherwise=when(n > 1, child(Linear, 1))))
        either: Any = when(n > 2, child(Linear, n), otherwise=None)

    assert below(Net) == ["layers.{i}.weight", "layers.{i}.bias", "either.weight", "either.bias"]


def test_what_has_to_be_built_to_be_seen_may_be_anything() -> None:
    """A function, a class that is no LazyCell, a cell given as a hyperparameter, and what a method adds."""

    class Net(PureCell):
        n: int
        given: Any
        made: Any = child(lambda n: None, n)
        chosen: Any = child(given, n)

    class Adds(PureCell):
        w: Param["normal", (2,)]

        def __post_init__(self) -> None:
            """Add something."""

    class Own(PureCell):
        w: Param["normal", (2,)]

        def __init__(self) -> None:
            """Add something."""

    assert below(Net) == ["made.{*rest}", "chosen.{*rest}", "given.{*rest}"]
    assert below(Adds) == below(Own) == ["w", "{*rest}"]


def test_the_cell_above_sees_what_the_rules_give() -> None:
    """With axes and sections, as far as they are known."""

    class Attention(PureCell):
        n: int
        qk: Param["normal", (fused(q=n, k=n), n)]
        out: Linear = child(Linear, n)
        rest: Any = child(lambda: None)
        rename(
            {
                "q": "qk[q]",
                "k": "qk[k]",
                "o.{*path}": "out.{*path}",
                "turned": transposed("rest.weight"),
                "flat": reshaped("rest.other", (n, n, n)),
            }
        )

    class Block(PureCell):
        n: int
        attention: Attention = child(Attention, n)
        whole: Param["normal", (fused(a=n, b=n),)]
        rename({"attn.{*rest}": "attention.{*rest}", "w": "whole"})

    assert seen(Attention) == {
        "rest.{*rest}": Known(),
        "q": Known(2),
        "k": Known(2),
        "o.weight": Known(2),
        "o.bias": Known(1),
        "turned": Known(),
        "flat": Known(3),
    }
    assert seen(Block)["attn.o.weight"] == Known(2)
    assert seen(Block)["w"] == Known(1, (frozenset({"a", "b"}),))
    assert "attention.q" not in seen(Block)


def test_exchanged_names_are_both_seen() -> None:
    """Each has the other's axes."""

    class Swapped(PureCell):
        a: Param["normal", (2,)]
        b: Param["normal", (3, 3)]
        rename({"a": "b", "b": "a"})

    assert seen(Swapped) == {"a": Known(2), "b": Known(1)}


def test_one_position_of_a_list() -> None:
    """The others keep their name."""

    class Net(PureCell):
        layers: list[Linear] = children(3, Linear, 2)
        rename({"first.{n}": "layers.0.{n}"})

    assert list(seen(Net)) == ["layers.{i}.weight", "layers.{i}.bias", "first.weight", "first.bias"]


def test_what_is_tied_away_is_not_seen() -> None:
    """But it is where the tie depends on a condition."""

    class Tied(PureCell):
        tied: bool
        a: Param["normal", (2,)]
        b: Param["normal", (2,)]
        c: Param["normal", (2,)]
        always = tie("b", "a")
        sometimes = when(tied, tie("c", "a"))

    assert below(Tied) == ["a", "c"]


def test_has_rules_looks_into_children() -> None:
    """So that nets without rules pay nothing."""

    class With(PureCell):
        w: Param["normal", (2,)]
        rename({"x": "w"})

    class Above(PureCell):
        layers: list[Any] = children(2, when(INDEX >= 0, child(With)))

    class Without(PureCell):
        linear: Linear = child(Linear, 2)

    assert [has_rules(cls, declaration(cls)) for cls in (With, Above, Without)] == [True, True, False]
