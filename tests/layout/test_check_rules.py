"""Tests of `lazycell.layout._check_rules`: what it lets pass. What it refuses is told in `tests/messages`."""

from __future__ import annotations

from typing import Any

import pytest

from lazycell._errors import DeclarationError
from lazycell.declaration._declare import Param, child, children, when
from lazycell.declaration._stored import fused, rename, reshaped, transposed

from ..pure import PureCell, declaration


class Linear(PureCell):
    """A matrix, and a vector."""

    n: int
    weight: Param["normal", (n, n)]
    bias: Param["zeros", (n,)]


def test_rules_that_only_look_alike_pass() -> None:
    """They overlap as patterns, and in nothing that is declared."""

    class Net(PureCell):
        n: int
        head: Linear = child(Linear, n)
        layers: list[Linear] = children(n, Linear, n)
        rename(
            {
                "layers.{i}.kernel": "layers.{i}.weight",
                "{*path}.beta": "{*path}.bias",
                "kernel": "head.weight",
            }
        )

    assert len(declaration(Net).stored) == 3


def test_names_may_be_exchanged() -> None:
    """Also among layers."""

    class Net(PureCell):
        a: Param["normal", (2,)]
        b: Param["normal", (2,)]
        layers: list[Linear] = children(2, Linear, 2)
        rename({"a": "b", "b": "a", "layers.{i}.bias": "layers.{i}.weight", "layers.{i}.weight": "layers.{i}.bias"})

    assert len(declaration(Net).stored) == 4


def test_alternatives_may_each_have_their_rules() -> None:
    """For whichever of them is there."""

    class Net(PureCell):
        deep: bool
        mlp: Any = when(deep, children(3, Linear, 2), otherwise=child(Linear, 2))
        w: Param["normal", (when(deep, fused(gate=2, up=2), otherwise=fused(gate=2, up=2, down=2)),)]
        rename({"ffn.{i}.w": "mlp.{i}.weight", "ffn.w": "mlp.weight"})
        rename({"g": "w[gate]", "u": "w[up]", "d": "w[down]"})

    assert len(declaration(Net).stored) == 5


def test_what_is_below_a_plain_cell_is_believed() -> None:
    """Only building it would tell."""

    class Net(PureCell):
        plain: Any = child(lambda: None)
        rename({"x": transposed("plain.inner.weight", (1, 0)), "y": fused(a="plain.a", b="plain.b")})

    assert len(declaration(Net).stored) == 2


def test_forms_nest() -> None:
    """Query, key and value for each head in turn."""

    class Net(PureCell):
        heads: int
        dim: int
        hidden: int
        q: Param["normal", (heads * dim, hidden)]
        k: Param["normal", (heads * dim, hidden)]
        rename(
            {
                "qk": reshaped(
                    fused(
                        axis=1,
                        q=reshaped("q", (heads, 1, dim, hidden)),
                        k=reshaped("k", (heads, 1, dim, hidden)),
                    ),
                    (2 * heads * dim, hidden),
                )
            }
        )

    assert len(declaration(Net).stored) == 1


@pytest.mark.parametrize("first", ["{*rest}.weight", "head.{name}", "{*rest}"])
def test_overlaps_are_found_on_what_is_declared(first: str) -> None:
    """Whichever rule comes first."""
    rules = {f"x.{first}": first, "y": "head.weight"}
    for said in (rules, dict(reversed(rules.items()))):
        with pytest.raises(DeclarationError, match=r"`head\.weight` is taken here and by "):

            class Net(PureCell):
                head: Linear = child(Linear, 2)
                rename(said)
