"""Tests of `lazycell.inference._trace`: what the sizes of a model are made of."""

from __future__ import annotations

from typing import Any

from lazycell.declaration import render
from lazycell.inference import declared_sizes
from lazycell.mismatch import DeclaredSizes
from lazycell.show import Splits

from ..pure import INDEX, Param, PureCell, child, children, manifest, rename, require, transposed, when


class Linear(PureCell):
    inputs: int
    outputs: int
    biased: bool = True

    weight: Param["normal", (outputs, inputs)]
    bias: Param["zeros", (outputs,)] = when(biased)


class Turned(Linear):
    rename({"weight": transposed("weight")})


class Net(PureCell):
    widths: tuple[int, ...] = (4, 8)
    n_layers: int = 3
    n_heads: int = 2
    dim: int = widths[0] // n_heads
    n_labels: int = 4
    biased: bool = True
    require(widths[0] % n_heads == 0, "heads share the width")

    layers: list[Linear] = children(n_layers, Linear, widths[0], n_heads * dim, biased)
    steps: list[Turned] = children(2, Turned, widths[INDEX], 3)
    head: Linear = child(Linear, widths[1], n_labels)
    fixed: Linear = child(Linear, 4, 4)


def traced(**hyperparameters: Any) -> DeclaredSizes:
    """Trace a net."""
    return declared_sizes(Net, manifest(Net, **hyperparameters))


def axes(sizes: DeclaredSizes, name: str, rank: int = 2) -> list[str | None]:
    """Give the expressions of a tensor, as text."""
    return [None if each is None else render(each) for each in sizes.of(name, rank, Splits())]


def test_the_axes_of_a_tensor() -> None:
    """In the hyperparameters of the class that was asked for, whichever cell has it; a plain number is none of them."""
    sizes = traced()
    assert axes(sizes, "layers.0.weight") == axes(sizes, "layers.2.weight") == ["n_heads * dim", "widths[0]"]
    assert axes(sizes, "head.weight") == ["n_labels", "widths[1]"]
    assert axes(sizes, "head.bias", 1) == ["n_labels"]
    assert axes(sizes, "fixed.weight") == [None, None]
    assert axes(sizes, "nothing.of.the.kind", 3) == [None] * 3


def test_a_tensor_that_a_rule_makes() -> None:
    """By its name and axes in the file; cells of one list differ in what they are given."""
    sizes = traced()
    assert axes(sizes, "steps.0.weight") == ["widths[0]", None]
    assert axes(sizes, "steps.1.weight") == ["widths[1]", None]


def test_the_lengths_of_lists() -> None:
    """A list of a plain number is none of them."""
    assert {name: render(each) for name, each in traced().lengths.items()} == {"layers": "n_layers"}


def test_what_is_left_to_a_default_follows() -> None:
    """Unless it was given another value."""
    sizes = traced()
    assert sizes.behind == {"dim": {"widths", "n_heads"}}
    assert sizes.values_with({"widths": (8, 8)})["dim"] == 4
    assert sizes.values_with({"widths": (8, 8), "dim": 3})["dim"] == 3
    given = traced(dim=3)
    assert given.behind == {}
    assert given.values_with({"widths": (8, 8)})["dim"] == 3


def test_what_is_required_together() -> None:
    """No shape may tell the one, and the class wants it to go with the other."""
    assert traced().required == {"widths", "n_heads"}


def test_a_class_that_declares_nothing_tells_nothing() -> None:
    """There is nothing to walk."""
    assert declared_sizes(int, manifest(Net)) == DeclaredSizes()
