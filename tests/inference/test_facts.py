"""Tests of `lazycell.inference._facts`: what the walk of a class finds; what follows from it is in `test_infer.py`."""

from __future__ import annotations

from typing import Any

from lazycell.declaration._symbols import render, symbol
from lazycell.inference._facts import facts_of
from lazycell.inference._found import Found
from lazycell.inference._names import Names, tree_of
from tests.pure import INDEX, Param, PureCell, child, children, require, when


class Leaf(PureCell):
    n: int
    bias: bool = True
    w: Param["zeros", (n,)]
    b: Param["zeros", (n,)] = when(bias)


class Net(PureCell):
    a: int
    k: int
    require(a > 1, "a is large")
    leaf: Leaf = child(Leaf, 2 * a)
    leaves: list[Leaf] = children(k, Leaf, a, INDEX > 0)


def found(cls: type, *names: str, **shapes: tuple[int, ...]) -> Found:
    """Walk a class, with its hyperparameters for symbols; names alone are of shape (4,)."""
    stored = {name: Names((4,)) for name in names} | {name: Names(shape) for name, shape in shapes.items()}
    known: dict[str, Any] = {name: symbol(name) for name in ("a", "k", "n", "bias") if name in cls.__annotations__}
    return facts_of(cls, tree_of(stored), known, {})[0]


def test_facts_are_about_the_hyperparameters_of_the_class_that_is_walked() -> None:
    """With those of its children replaced by what they are given."""
    walked = found(Net, "leaf.w", "leaf.b", "leaves.0.w", "leaves.1.w", "leaves.1.b")
    facts = {fact.key for fact in walked.facts}
    assert facts == {"a > 1 = True", "2 * a = 4", "a = 4", "k = 2"}
    assert (walked.missing, walked.misfits, walked.used) == (0, 0, 5)


def test_each_fact_says_where_it_is_from() -> None:
    """The tensor, its shape, its declaration; a requirement with its text."""
    walked = found(Net, "leaf.w", "leaf.b")
    by_text = {render(fact.expression): fact.because for fact in reversed(walked.facts)}
    assert by_text["2 * a"].tensor == "leaf.w"
    assert by_text["2 * a"].text.startswith("`leaf.w` is (4,), declared `(n,)` (Leaf.w, tests/inference/test_facts.py:")
    assert by_text["a > 1"].text.startswith("Net requires `a > 1` (a is large, tests/inference/test_facts.py:")
    assert by_text["k"].text.startswith("`leaves` has length 0 in the checkpoint, declared `k`")


def test_what_does_not_fit_is_counted() -> None:
    """Missing names, shapes of another rank."""
    walked = found(Leaf, w=(3, 3))
    assert (walked.missing, walked.misfits) == (0, 1)
    assert [fact.key for fact in walked.facts] == ["bias = False"]
    assert found(Net, "leaf.b").examples == ["leaf.w"]
