"""Tests of `lazycell.declaration._declare`. The texts of its errors are in `tests/messages`."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from lazycell._errors import DeclarationError
from lazycell.declaration._declare import (
    NOTHING,
    Buffer,
    ChildrenSpec,
    ChildSpec,
    Conditional,
    Hyperparameter,
    Param,
    ParameterSpec,
    Tie,
    buffer,
    child,
    children,
    hyper,
    is_cell,
    param,
    tie,
    when,
)
from lazycell.declaration._symbols import INDEX, is_symbolic, render, symbol

N, FLAG = symbol("n"), symbol("flag")


class Cell:
    """What a cell looks like to the pure half: a class with `construct`."""

    def construct(self) -> None: ...
    def cells_and_names(self) -> None: ...


def test_both_spellings_of_a_parameter_make_the_same_spec() -> None:
    """`Param[…]` and `param(…)` are twins."""
    assert Param["normal", (N, 2 * N)] == param("normal", (N, 2 * N))
    assert Param["normal", (N,), "float16"] == param("normal", (N,), "float16")
    assert Param["normal", "n 2*n"] == param("normal", (N, 2 * N))


def test_both_spellings_of_a_buffer_make_the_same_spec() -> None:
    """`Buffer[…]` and `buffer(…)` are twins, and never trained."""
    assert Buffer["zeros", (N,)] == buffer("zeros", (N,))
    assert not Buffer["zeros", (N,)].trainable
    assert Param["zeros", (N,)].trainable


def test_specs_differ_where_their_expressions_do() -> None:
    """`==` on symbols builds another symbol; specs are compared by text."""
    assert Param["zeros", (N,)] != Param["zeros", (N + 1,)]


def test_the_options_of_a_parameter() -> None:
    """Each keyword is on the spec."""
    spec: Any = param("zeros", (N, 3), trainable=False, shard=("tp", None), tags=("expert",), doc="A table.")
    assert (spec.trainable, spec.shard, spec.tags, spec.doc) == (False, ("tp", None), ("expert",), "A table.")


def test_a_buffer_may_be_left_out_of_checkpoints() -> None:
    """`persistent` is on the spec, and true unless said otherwise."""
    computed: Any = buffer("zeros", (N,), persistent=False)
    saved: Any = buffer("zeros", (N,))
    assert (computed.persistent, saved.persistent) == (False, True)


@pytest.mark.parametrize("shape", [(N,), [N], "n"])
def test_every_spelling_of_a_shape_is_a_tuple(shape: Any) -> None:
    """A tuple, a list or a string."""
    spec: Any = param("zeros", shape)
    assert isinstance(spec.shape, tuple)
    assert render(spec.shape) == "(n,)"


@pytest.mark.parametrize("shape", [(), ""])
def test_a_scalar_has_an_empty_shape(shape: Any) -> None:
    """`()` and the empty string."""
    spec: Any = param(0.5, shape)
    assert spec.shape == ()


@pytest.mark.parametrize("initializer", ["normal", 1.0, 0, True, len, lambda shape, dtype: None, N, N.init])
def test_what_may_initialize(initializer: Any) -> None:
    """A name, a number, a function, an expression that gives one."""
    spec: Any = param(initializer, ())
    assert spec.initializer is initializer


def test_hyper_without_a_default_is_required() -> None:
    """None is a default like another."""
    assert hyper().default is NOTHING
    assert hyper(None).default is None
    assert hyper(default=8).default == 8


def test_a_child_keeps_the_call() -> None:
    """Factory and arguments are kept as they are written."""
    spec: Any = child(Cell, N, 3, width=2 * N)
    assert isinstance(spec, ChildSpec)
    assert (spec.factory, render(spec.args), render(spec.kwargs["width"])) == (Cell, "(n, 3)", "2 * n")


def test_a_factory_may_take_any_keyword() -> None:
    """`factory`, `count` and `self` are names like others in a child's arguments."""
    arguments: dict[str, Any] = {"factory": 1, "count": 2, "self": 3}
    one: Any = child(Cell, **arguments)
    many: Any = children(2, Cell, **arguments)
    assert one.kwargs == many.each.kwargs == arguments


def test_a_symbol_may_be_the_factory() -> None:
    """A hyperparameter can say which cell to build."""
    spec: Any = child(N.block, 3)
    assert is_symbolic(spec.factory)


@pytest.mark.parametrize(
    "each",
    [child(Cell, INDEX), when(INDEX > 0, child(Cell), otherwise=child(Cell, 1)), when(N, when(FLAG, child(Cell)))],
)
def test_children_may_repeat_a_declaration(each: Any) -> None:
    """A child, or one of several by position."""
    spec: Any = children(N, each)
    assert isinstance(spec, ChildrenSpec)
    assert spec.each is each


@pytest.mark.parametrize(
    "each",
    [
        tie("a.b", "c.d"),
        hyper(3),
        when(FLAG),
        when(FLAG, child(Cell), otherwise=param("zeros", (1,))),
        when(FLAG, children(2, Cell), otherwise=children(2, param("zeros", (1,)))),
    ],
)
def test_children_repeat_cells_or_parameters_only(each: Any) -> None:
    """Anything else is refused at once, and so is a mixture."""
    with pytest.raises(DeclarationError, match=r"^children\(\) repeats cells, or parameters, and nothing else"):
        children(N, each)


def test_when_between_declarations_is_a_declaration() -> None:
    """The parts are kept; what the annotation declares is marked as missing."""
    bare: Any = when(FLAG)
    assert isinstance(bare, Conditional)
    assert bare.present is NOTHING
    either: Any = when(FLAG, child(Cell), otherwise=param("zeros", (1,)))
    assert isinstance(either.present, ChildSpec)
    assert isinstance(either.otherwise, ParameterSpec)
    absent: Any = when(FLAG, None, otherwise=child(Cell))
    assert absent.present is None


def test_when_between_values_is_an_expression() -> None:
    """It can be a default."""
    assert render(when(FLAG, 4096, otherwise=0)) == "when(flag, 4096, otherwise=0)"


@pytest.mark.parametrize(("part", "other"), [(child(Cell), 5), (5, child(Cell)), (param("zeros", ()), "x")])
def test_when_does_not_mix_values_and_declarations(part: Any, other: Any) -> None:
    """One of them would not be known as what it is."""
    with pytest.raises(DeclarationError, match="is not a declaration, but the other part of this when"):
        when(FLAG, part, otherwise=other)


def test_a_tie_keeps_both_names() -> None:
    """The first gives way to the second."""
    assert tie("head.weight", "embed.weight") == Tie(target="head.weight", source="embed.weight")


def test_every_declaration_knows_its_line() -> None:
    """The line is that of the call, whatever lazycell calls inside."""
    here = sys._getframe()
    declared: list[Any] = [
        hyper(),
        Param["zeros", ()],
        param("zeros", ()),
        child(Cell),
        children(2, Cell),
        when(FLAG),
        tie("a", "b"),
    ]
    first = here.f_lineno - len(declared)
    assert [each.location.line for each in declared] == [declared[0].location.line + k for k in range(len(declared))]
    assert abs(declared[0].location.line - first) <= 3
    assert {each.location.filename for each in declared} == {__file__}


@pytest.mark.parametrize(("value", "expected"), [(Cell(), True), (Cell, False), (3, False), (N, False), (len, False)])
def test_cells_are_known_by_their_construct(value: Any, expected: bool) -> None:
    """An instance is one; its class, a number and a symbol are not."""
    assert is_cell(value) is expected


def test_a_hyperparameter_is_a_spec() -> None:
    """`hyper` keeps validator, converter and doc."""
    spec: Any = hyper(8, validator=[len], converter=int, doc="heads")
    assert isinstance(spec, Hyperparameter)
    assert (spec.validator, spec.converter, spec.doc) == ([len], int, "heads")
