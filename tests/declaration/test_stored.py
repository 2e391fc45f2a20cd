"""Tests of `lazycell.declaration._stored`. The texts of its errors are in `tests/messages`."""

from __future__ import annotations

from typing import Any

import pytest

from lazycell._errors import DeclarationError
from lazycell.declaration._declare import Param
from lazycell.declaration._fields import fields
from lazycell.declaration._forms import Fused, Reshaped, Transposed
from lazycell.declaration._stored import fused, rename, reshaped, transposed
from lazycell.declaration._symbols import evaluate, is_symbolic, names_in, render, sections_of, symbol

from ..pure import PureCell, declaration, run

N = symbol("n")


def test_fused_names_are_a_form() -> None:
    """In the order in which they are written; forms nest."""
    assert fused(q="q.w", k=transposed("k.w")) == Fused(0, (("q", "q.w"), ("k", Transposed("k.w"))))
    assert fused(axis=1, a="a", b=fused(c="c", d="d")).axis == 1


def test_fused_sizes_are_a_dimension() -> None:
    """It is the sum to whoever computes with it, and remembers the names."""
    size: Any = fused(q=4 * N, k=N, v=N)
    assert is_symbolic(size)
    assert names_in(size) == {"n"}
    assert evaluate(size, {"n": 8}) == 48
    assert evaluate(2 * size + 1, {"n": 8}) == 97
    assert render(size) == "4 * n + n + n"
    assert render(2 * size) == "2 * (4 * n + n + n)"
    ((conditions, sections),) = sections_of(size, {})
    assert conditions == ()
    assert [(name, evaluate(part, {"n": 8})) for name, part in sections] == [("q", 32), ("k", 8), ("v", 8)]
    assert evaluate(fused(a=2, b=3), {}) == 5


def test_the_sections_of_a_choice_depend_on_its_condition() -> None:
    """Each alternative comes with what has to hold; a derived value stands for its formula."""
    from lazycell.declaration._symbols import choose

    size = choose(symbol("gated"), fused(gate=N, up=N), N)
    ((conditions, sections),) = sections_of(size, {})
    assert [(render(condition), holds) for condition, holds in conditions] == [("gated", True)]
    assert [name for name, _ in sections] == ["gate", "up"]
    assert [name for _, found in sections_of(symbol("width"), {"width": size}) for name, _ in found] == ["gate", "up"]
    assert list(sections_of(2 * size, {})) == []


def test_transposed_and_reshaped() -> None:
    """Shapes may be strings, as everywhere."""
    assert transposed("w") == Transposed("w", None)
    assert transposed("w", (1, 0, 2)) == Transposed("w", (1, 0, 2))
    assert reshaped("w", (N, 2)) == Reshaped("w", (N, 2))
    assert reshaped("w", "n 2") == Reshaped("w", (N, 2))


class Base(PureCell):
    """Two rules, of which heirs change one."""

    n: int
    q: Param["normal", (n,)]
    k: Param["normal", (n,)]
    rename({"query": "q", "key": "k"})


def rules(cls: type) -> dict[str, Any]:
    """Give the rules of a class."""
    return {rule.name: rule.form for rule in declaration(cls).stored}


def test_a_subclass_adds_replaces_and_takes_back() -> None:
    """The same stored name replaces, None takes back."""

    class Adds(Base):
        v: Param["normal", (2,)]
        rename({"value": "v"})

    class Replaces(Base):
        rename({"query": transposed("q")})

    class TakesBack(Base):
        rename({"query": None})

    assert rules(Base) == {"query": "q", "key": "k"}
    assert rules(Adds) == {"query": "q", "key": "k", "value": "v"}
    assert rules(Replaces) == {"key": "k", "query": Transposed("q")}
    assert rules(TakesBack) == {"key": "k"}


def test_a_base_s_rule_may_lose_what_it_is_for() -> None:
    """A subclass that removes a parameter need not remove the rule, whatever it is called."""

    def make(base: type) -> type:
        class Base(base):  # type: ignore[misc, valid-type]
            k = None

        return Base

    assert rules(make(Base)) == rules(Base)


def test_fields_lists_the_rules() -> None:
    """Each under its stored name, with class and line."""
    rule = fields(Base)[-2]
    assert (rule.name, rule.owner) == ("query", "Base")
    assert rule.location is not None
    assert rule.location.source == 'rename({"query": "q", "key": "k"})'


@pytest.mark.parametrize("strings", [False, True])
def test_annotations_that_are_strings_may_have_sections(strings: bool) -> None:
    """`fused` is found in them as any other name."""
    module = run(
        """
        class A(PureCell):
            n: int
            w: Param["normal", (fused(q=2 * n, k=n), n)]
            rename({"q": "w[q]", "k": "w[k]"})
        """,
        strings=strings,
    )
    assert module["A"](3).resolved.parameters[0].sections == ((0, (("q", 6), ("k", 3))),)


def test_a_shape_string_may_have_sections() -> None:
    """Written without spaces, which separate dimensions."""

    class A(PureCell):
        n: int
        w: Param["normal", "n fused(q=2*n,k=n)"]  # noqa: F722

    assert A(3).resolved.parameters[0].sections == ((1, (("q", 6), ("k", 3))),)


def test_a_section_of_no_size_is_refused() -> None:
    """It could not be stored."""

    class A(PureCell):
        n: int
        w: Param["normal", (fused(q=n, k=n - 2),)]

    with pytest.raises(DeclarationError) as caught:
        A(2)
    assert "the section `k` of dimension 0 is 0 with n=2: a size is a whole number, at least 1" in str(caught.value)
