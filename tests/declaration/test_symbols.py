"""Tests of `lazycell.declaration._symbols`."""

from __future__ import annotations

import copy
import enum
import math
import operator
import pickle
from collections import namedtuple
from types import SimpleNamespace
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell._errors import DeclarationError
from lazycell.declaration._declare import when
from lazycell.declaration._parse import parse
from lazycell.declaration._symbols import (
    choose,
    evaluate,
    in_,
    is_symbolic,
    look_inside,
    max_,
    min_,
    names_in,
    render,
    symbol,
)

# ------------------------------------------------------------------------------------------------- random expressions
# A tree is a nested tuple. It is built twice: from symbols, and from their values by Python itself.

BINARY = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "&": operator.and_,
    "|": operator.or_,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
NAMES = ("a", "b", "c")


def invert(value: Any) -> Any:
    """`~` as the language means it: `not` for truth values."""
    return (not value) if isinstance(value, bool) else ~value


def build(tree: tuple[Any, ...], bound: dict[str, Any], symbolic: bool) -> Any:
    """Apply the operators of a tree to what `bound` holds for each name."""
    match tree:
        case ("name", name):
            return bound[name]
        case ("constant", value):
            return value
        case ("attribute", name):
            return getattr(bound["config"], name)
        case ("item", key):
            return bound["config"].sizes[build(key, bound, symbolic)]
        case ("slice", start, stop):
            return bound["config"].sizes[build(start, bound, symbolic) : stop]
        case ("neg", one):
            return -build(one, bound, symbolic)
        case ("pos", one):
            return +build(one, bound, symbolic)
        case ("invert", one):
            return (operator.invert if symbolic else invert)(build(one, bound, symbolic))
        case ("min" | "max" as which, one, other):
            arguments = build(one, bound, symbolic), build(other, bound, symbolic)
            functions = {"min": min_, "max": max_} if symbolic else {"min": min, "max": max}
            return functions[which](*arguments)
        case ("when", condition, present, otherwise):
            if symbolic:
                return choose(*(build(part, bound, symbolic) for part in (condition, present, otherwise)))
            return build(present if build(condition, bound, symbolic) else otherwise, bound, symbolic)
        case ("**", one, other):
            return build(one, bound, symbolic) ** build(other, bound, symbolic)
        case (mark, one, other):
            return BINARY[mark](build(one, bound, symbolic), build(other, bound, symbolic))
    raise AssertionError(tree)


def names_of(tree: Any) -> set[str]:
    """Give the names that a tree mentions."""
    match tree:
        case ("name", name):
            return {name}
        case ("constant", _):
            return set()
        case ("attribute", _):
            return {"config"}
        case ("item" | "slice", key, *_):
            return {"config"} | names_of(key)
        case (_, *parts):
            return set().union(*map(names_of, parts))
    raise AssertionError(tree)


constants = st.tuples(st.just("constant"), st.integers(-3, 3) | st.booleans() | st.sampled_from([0.5, -1.5, 1e300]))
leaves = st.tuples(st.just("name"), st.sampled_from(NAMES)) | st.tuples(
    st.just("attribute"), st.sampled_from(["width", "missing"])
)
exponents = st.tuples(st.just("name"), st.sampled_from(NAMES)) | st.tuples(st.just("constant"), st.integers(-2, 3))


def extend(trees: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Build bigger trees. At least one operand of each operator is symbolic, as in a class body."""
    marks = st.sampled_from([*BINARY, "min", "max"])
    return st.one_of(
        st.tuples(marks, trees, trees | constants),
        st.tuples(marks, constants, trees),
        st.tuples(st.just("**"), trees, exponents),
        st.tuples(st.just("**"), constants, st.tuples(st.just("name"), st.sampled_from(NAMES))),
        st.tuples(st.sampled_from(["neg", "pos", "invert"]), trees),
        st.tuples(st.just("item"), trees),
        st.tuples(st.just("slice"), trees, st.none() | st.integers(-2, 2)),
        st.tuples(st.just("when"), trees, trees | constants, trees | constants),
    )


trees = st.recursive(leaves, extend, max_leaves=8)
values = st.integers(-4, 4) | st.booleans() | st.sampled_from([0.5, -2.0])
bindings = st.builds(
    lambda a, b, c, width, sizes: {"a": a, "b": b, "c": c, "config": SimpleNamespace(width=width, sizes=sizes)},
    values,
    values,
    values,
    values,
    st.tuples(values, values, values),
)
SYMBOLS = {name: symbol(name) for name in (*NAMES, "config")}


def outcome(compute: Any) -> tuple[type, Any]:
    """Give type and value of a computation, or the type of what it raises."""
    try:
        value = compute()
    except (ArithmeticError, TypeError, ValueError, LookupError, AttributeError) as error:
        return type(error), None
    return type(value), repr(value)  # repr: nan is not equal to itself


@given(trees, bindings)
def test_an_expression_evaluates_as_python_does(tree: Any, bound: dict[str, Any]) -> None:
    """Operators on symbols, evaluated, give what Python gives on the values, or raise the same."""
    expression = build(tree, SYMBOLS, symbolic=True)
    assert outcome(lambda: evaluate(expression, bound)) == outcome(lambda: build(tree, bound, symbolic=False))


@given(trees, bindings)
def test_the_text_of_an_expression_is_python(tree: Any, bound: dict[str, Any]) -> None:
    """What `render` prints, run by Python with the names bound to symbols, makes the same expression."""
    expression = build(tree, SYMBOLS, symbolic=True)
    again = eval(render(expression), {**SYMBOLS, "min_": min_, "max_": max_, "when": when})
    assert render(again) == render(expression)
    assert outcome(lambda: evaluate(again, bound)) == outcome(lambda: evaluate(expression, bound))


@given(trees, bindings)
def test_parse_is_the_inverse_of_render(tree: Any, bound: dict[str, Any]) -> None:
    """Parsing the text of an expression gives an expression of the same text and value."""
    expression = build(tree, SYMBOLS, symbolic=True)
    again = parse(render(expression))
    assert render(again) == render(expression)
    assert outcome(lambda: evaluate(again, bound)) == outcome(lambda: evaluate(expression, bound))


@given(trees)
def test_names_in_is_exact(tree: Any) -> None:
    """An expression depends on the names that its tree mentions, and on no other."""
    assert names_in(build(tree, SYMBOLS, symbolic=True)) == names_of(tree)


# ----------------------------------------------------------------------------------------------------------- rendering


class Color(enum.Enum):
    """A value whose repr is not Python."""

    RED = 1


A, B, N = symbol("a"), symbol("b"), symbol("n")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ((A + B) * 2, "(a + b) * 2"),
        (A + B * 2, "a + b * 2"),
        (A - (B - N), "a - (b - n)"),
        (A - B - N, "a - b - n"),
        ((A**B) ** N, "(a ** b) ** n"),
        (A ** (B**N), "a ** b ** n"),
        ((-2) ** N, "(-2) ** n"),
        (-(A**2), "-a ** 2"),
        ((-A) ** 2, "(-a) ** 2"),
        ((A < B) == N, "(a < b) == n"),
        ((A > 1) & ~(B == 2), "(a > 1) & ~(b == 2)"),
        (N.sizes[0].x, "n.sizes[0].x"),
        ((A + B).x, "(a + b).x"),
        (N[1:], "n[1:]"),
        (N[A:B:2], "n[a:b:2]"),
        (min_(A, 3), "min_(a, 3)"),
        (choose(A, 1, B), "when(a, 1, otherwise=b)"),
        ((A,), "(a,)"),
        ((A, 2 * B), "(a, 2 * b)"),
        ([A, "x"], "[a, 'x']"),
        (int, "int"),
        (len, "len"),
        (Color.RED, "Color.RED"),
    ],
)
def test_render(expression: Any, text: str) -> None:
    """Expressions print in as few parentheses as their meaning allows."""
    assert render(expression) == text


# ------------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "use",
    [
        lambda n: 1 if n else 0,
        lambda n: n and 1,
        lambda n: not n,
        lambda n: 0 < n < 3,
        lambda n: min(n, 3),
        lambda n: n in (64, 128),
        lambda n: range(n),
        lambda n: [1, 2][n],
        lambda n: int(n),
        lambda n: float(n),
        lambda n: math.sqrt(n),
        lambda n: round(n),
        lambda n: math.ceil(n),
        lambda n: math.floor(n),
        lambda n: abs(n),
        lambda n: len(n),
        lambda n: list(n),
        lambda n: [*n],
        lambda n: 3 in n,
        lambda n: n(3),
        lambda n: n.method(),
        lambda n: dict(**n),
        lambda n: f"{n}",
        lambda n: f"{n:>3}",
        lambda n: setattr(n, "x", 1),
        lambda n: operator.setitem(n, 0, 1),
        lambda n: operator.delitem(n, 0),
    ],
)
def test_what_needs_a_value_is_refused(use: Any) -> None:
    """Where Python needs a real value, the message starts with the expression and shows this line."""
    with pytest.raises(DeclarationError, match=r"(?s)^`[^`]*n \+ 1[^`]*` has no value while .*test_symbols"):
        use(N + 1)


def test_min_and_max_of_one_value_are_refused() -> None:
    """`min_` of one sequence would have nothing to compare in a class body."""
    with pytest.raises(DeclarationError, match=r"^min_\(\) takes two or more values, not 1: write `min_\(a, b\)`"):
        min_([1, 2])


def test_min_and_max_of_plain_values_are_plain() -> None:
    """Without a symbol among them they are Python's own."""
    assert (min_(3, 2, 5), max_(3, 2, 5)) == (2, 5)


# ----------------------------------------------------------------------------------------------------------- containers


@attrs.define(slots=False)
class Box:
    """A container that the expressions look into once told so."""

    inside: Any


Pair = namedtuple("Pair", "first second")


@pytest.mark.parametrize(
    ("container", "value"),
    [
        ((N, 1), (3, 1)),
        ([N, (N + 1,)], [3, (4,)]),
        ({"x": N, N: 1}, {"x": 3, 3: 1}),
        ({N * 2}, {6}),
        (frozenset({N}), frozenset({3})),
        (slice(N, None, 2), slice(3, None, 2)),
        (Pair(N, 2), Pair(3, 2)),
    ],
)
def test_containers_are_looked_into(container: Any, value: Any) -> None:
    """A container of expressions is symbolic, depends on their names, and evaluates to one of its own type."""
    assert is_symbolic(container)
    assert names_in(container) == {"n"}
    result = evaluate(container, {"n": 3})
    assert result == value
    assert type(result) is type(value)


def test_objects_are_looked_into_when_told_so() -> None:
    """`look_inside` makes a class a container; evaluating it changes a copy only."""
    assert not is_symbolic(Box(N))
    look_inside(Box)
    box = Box(N + 1)
    assert is_symbolic(box)
    assert evaluate(box, {"n": 3}) == Box(4)
    assert render(box) == "Box(inside=n + 1)"


def test_a_container_without_symbols_is_given_back_as_it_is() -> None:
    """Evaluation copies nothing that holds no expression."""
    plain = [1, {"x": 2}]
    assert evaluate(plain, {}) is plain


# ------------------------------------------------------------------------------------------------- at home in Python


def test_numpy_leaves_arithmetic_to_symbols() -> None:
    """A numpy number or array on the left makes one expression, not an array of expressions."""
    assert render(np.int64(3) * N) in ("3 * n", "np.int64(3) * n")
    product = np.array([1, 2]) * N
    assert is_symbolic(product)
    assert evaluate(product, {"n": 3}).tolist() == [3, 6]


def test_copies_of_a_symbol_mean_the_same() -> None:
    """Copying gives the symbol itself, pickling an equal one."""
    expression = N + 1
    assert copy.copy(expression) is expression
    assert copy.deepcopy(expression) is expression
    assert render(pickle.loads(pickle.dumps(expression))) == "n + 1"


def test_symbols_can_be_keys() -> None:
    """A symbol is hashable though `==` builds an expression."""
    assert evaluate({N: 1}, {"n": 3}) == {3: 1}
    assert evaluate({N, 4}, {"n": 3}) == {3, 4}


def test_in_looks_into_what_is_known_later() -> None:
    """Either side may be symbolic, and the text says the same when it is read again."""
    kind, kinds = symbol("kind"), symbol("kinds")
    some, either = in_(kind, ("gelu", None)), in_("bias", kinds)
    assert [evaluate(some, {"kind": each}) for each in ("gelu", None, "relu")] == [True, True, False]
    assert [evaluate(either, {"kinds": each}) for each in (["bias"], {"scale": 1})] == [True, False]
    assert (render(~some), render(either)) == ("~in_(kind, ('gelu', None))", "in_('bias', kinds)")
    assert evaluate(parse(render(~some & either)), {"kind": 3, "kinds": ["bias"]}) is True
    assert in_(3, (1, 2)) is False


def test_in_writes_sets_and_dicts_in_one_order() -> None:
    """The text of an expression is in manifests, and the order of a set of texts is another in each process."""
    letters = "badcfehg"
    assert render(in_(N, set(letters))) == render(in_(N, frozenset(letters))) == render(in_(N, tuple(sorted(letters))))
    assert render(in_(N, dict.fromkeys(letters, 1))) == render(in_(N, tuple(letters)))


@pytest.mark.parametrize(("value", "text"), [(None, "n != None"), ("x", "n != 'x'")])
def test_symbols_are_compared_with_none(value: Any, text: str) -> None:
    """As `is` cannot, `==` and `!=` wait for the value, from either side."""
    assert render(value != N) == render(N != value) == text  # noqa: SIM300
    assert [evaluate(value == N, {"n": each}) for each in (value, 0)] == [True, False]
    assert evaluate(parse(text), {"n": value}) is False


def test_protocol_probes_find_nothing() -> None:
    """Dunder attributes that Python and numpy ask for are not taken for attributes of a config."""
    assert not hasattr(N, "__array__")
    assert render(N.array) == "n.array"


def test_names_can_be_replaced_by_expressions() -> None:
    """As a child's hyperparameters are by what its parent gives it; a choice that can be made is made."""
    expression = parse("when(n > 1, max_(n, m), otherwise=config.size[n])")
    given_ = {"n": symbol("a") + 1, "m": 3, "config": SimpleNamespace(size=symbol("sizes"))}
    assert render(evaluate(expression, given_)) == "when(a + 1 > 1, max_(a + 1, 3), otherwise=sizes[a + 1])"
    assert render(evaluate(expression, {**given_, "n": 2, "m": symbol("b")})) == "max_(2, b)"
