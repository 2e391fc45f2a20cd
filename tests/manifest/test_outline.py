"""Tests of `lazycell.manifest._outline`: a class's manifest, with nothing built."""

from pathlib import Path
from typing import Any

import pytest

from lazycell._errors import DeclarationError
from lazycell.declaration._check_tie import check_tie
from lazycell.declaration._declare import (
    Buffer,
    Param,
    Tie,
    buffer,
    child,
    children,
    initializer_text,
    param,
    tie,
    when,
)
from lazycell.declaration._symbols import INDEX
from lazycell.layout._entry import ManifestEntry
from lazycell.manifest._outline import Outline, bind, manifest_of_class, outline_of
from lazycell.manifest._resolve import ResolvedChild
from tests.pure import PureCell, manifest, names


class Linear(PureCell):
    in_features: int
    out_features: int
    use_bias: bool = True
    weight: Param["he_uniform", (out_features, in_features)]
    bias: Param["zeros", (out_features,)] = when(use_bias)


class Block(PureCell):
    hidden: int
    gain: Param[1.0, (hidden,)]
    query: Linear = child(Linear, hidden, hidden, use_bias=False)


class Net(PureCell):
    n_layers: int
    hidden: int
    head: Linear = child(Linear, hidden, 10)
    scale: Param[1.0, ()]
    layers: list[Block] = children(n_layers, Block, hidden)


class Cell:
    """A cell that declares nothing, as far as the pure half can see."""

    def construct(self) -> None: ...
    def cells_and_names(self) -> None: ...


def test_names_are_dotted_and_a_cell_s_own_parameters_come_first() -> None:
    """As MindSpore orders them."""
    assert names(manifest(Net, 2, 4)) == [
        "scale",
        "head.weight",
        "head.bias",
        "layers.0.gain",
        "layers.0.query.weight",
        "layers.1.gain",
        "layers.1.query.weight",
    ]


def test_an_entry_says_everything_about_its_parameter() -> None:
    """Shape in numbers and as written, who declared it where, how it starts."""

    class A(PureCell):
        n: int
        w: Any = param("normal", (n, 2 * n), "float16", trainable=False, shard=("tp", None), tags=("a", "b"))  # here

    (entry,) = manifest(A, 3)
    text = Path(__file__).read_text(encoding="utf-8").splitlines()
    line = next(k for k, each in enumerate(text, 1) if each.endswith('"b"))  # here'))
    assert entry == ManifestEntry(
        name="w",
        shape=(3, 6),
        dtype="float16",
        initializer="normal",
        trainable=False,
        expression="(n, 2 * n)",
        declared_by="A.w",
        declared_at=f"{__name__.replace('.', '/')}.py:{line}",
        shard=("tp", None),
        tags=("a", "b"),
    )


def test_the_manifest_names_class_and_hyperparameters() -> None:
    """With the values that a constructor's defaults gave."""

    class A(PureCell):
        n: int
        m: int = 2 * n
        derived = n + m

    made = manifest(A, 3)
    assert (made.model, made.hyperparameters) == ("A", {"n": 3, "m": 6})


def test_the_dtype_cascades() -> None:
    """To children that are not given their own, however deep."""

    class Mixed(PureCell):
        dtype: Any = "float16"
        w: Param["zeros", (1,)]

    class Outer(PureCell):
        a: Linear = child(Linear, 1, 1)
        b: Linear = child(Linear, 1, 1, dtype="int8")
        c: Mixed = child(Mixed)
        d: Mixed = child(Mixed, "int8")
        e: list[Linear] = children(1, Linear, 1, 1, use_bias=False)
        f: Param["zeros", (1,)]

    class Root(PureCell):
        outer: Outer = child(Outer)

    def dtypes(**kwargs: Any) -> dict[str, str]:
        return {entry.name.removeprefix("outer.")[0]: entry.dtype for entry in manifest(Root, **kwargs)}

    # A parent's default counts as given: the child's own default is for the child alone.
    assert dtypes() == {"a": "float32", "b": "int8", "c": "float32", "d": "int8", "e": "float32", "f": "float32"}
    assert dtypes(dtype="bfloat16") == {**dict.fromkeys("acef", "bfloat16"), "b": "int8", "d": "int8"}


def test_computed_buffers_are_named_only() -> None:
    """They are not saved, so they are no entries."""

    class A(PureCell):
        saved: Buffer["zeros", (2,)]
        table: Any = buffer("zeros", (2,), persistent=False)

    class B(PureCell):
        many: list[A] = children(2, A)

    assert names(manifest(B)) == ["many.0.saved", "many.1.saved"]
    assert manifest(B).computed == {"many.0.table", "many.1.table"}
    assert not manifest(B)["many.0.saved"].trainable


def test_conditions_and_positions() -> None:
    """What is absent is not listed."""

    class A(PureCell):
        n: int
        layers: Any = children(n, when(INDEX > 0, child(Linear, INDEX, 1), otherwise=child(Block, 2)))
        last: Any = when(n > 2, child(Linear, 1, 1, False))

    assert names(manifest(A, 2)) == ["layers.0.gain", "layers.0.query.weight", "layers.1.weight", "layers.1.bias"]
    assert names(manifest(A, 3))[-1] == "last.weight"
    assert names(manifest(A, 0)) == []


def test_plain_cells_are_looked_into_by_the_caller() -> None:
    """Each once, with the dtype of its parent; its names are put below the child's."""
    looked: list[Any] = []

    def plain(one: ResolvedChild, dtype: str) -> Outline:
        looked.append((one.factory, one.args, dtype))
        entry = ManifestEntry("w", (one.args[0],), dtype, "")
        return Outline((entry,), {"alias": "w"}, frozenset({"table"}))

    class Plain:
        def __init__(self, n: int) -> None: ...

    class A(PureCell):
        layers: Any = children(2, Plain, 3)
        one: Any = child(Plain, 4)

    made = manifest_of_class(A, (), {"dtype": "float16"}, plain)
    assert names(made) == ["layers.0.w", "layers.1.w", "one.w"]
    assert made.ties == {"layers.0.alias": "layers.0.w", "layers.1.alias": "layers.1.w", "one.alias": "one.w"}
    assert made.computed == {"layers.0.table", "layers.1.table", "one.table"}
    assert looked == [(Plain, (3,), "float16"), (Plain, (4,), "float16")]


def test_a_cell_with_its_own_init_is_built_to_be_seen() -> None:
    """Its constructor may do anything."""
    looked: list[Any] = []

    class Own(PureCell):
        w: Param["zeros", (2,)]

        def __init__(self, anything: int) -> None: ...

    class A(PureCell):
        own: Own = child(Own, 3)

    def plain(one: ResolvedChild, dtype: str) -> Outline:
        looked.append(one.args)
        return Outline()

    assert names(manifest_of_class(A, (), {}, plain)) == []
    assert looked == [(3,)]


def test_a_cell_among_the_hyperparameters_is_a_child() -> None:
    """MindSpore registers it when it is set as an attribute."""
    cell = Cell()

    class A(PureCell):
        given: Any
        w: Param["zeros", (1,)]

    def plain(one: ResolvedChild, dtype: str) -> Outline:
        assert one.factory() is cell
        return Outline((ManifestEntry("v", (1,), dtype, ""),))

    assert names(manifest_of_class(A, (cell,), {}, plain)) == ["w", "given.v"]


# ---------------------------------------------------------------------------------------------------------------- ties


def test_a_tie_gives_up_its_target() -> None:
    """Two levels down, and under a condition."""

    class A(PureCell):
        flag: bool
        one: Block = child(Block, 2)
        other: Block = child(Block, 2)
        tied = when(flag, tie("other.query.weight", "one.query.weight"))

    class B(PureCell):
        a: A = child(A, True)

    assert names(manifest(A, True)) == ["one.gain", "one.query.weight", "other.gain"]
    assert manifest(A, True).ties == {"other.query.weight": "one.query.weight"}
    assert manifest(A, False).ties == {}
    assert manifest(B).ties == {"a.other.query.weight": "a.one.query.weight"}


@pytest.mark.parametrize("order", [("ab", "bc"), ("bc", "ab")])
def test_a_chain_of_ties_ends_at_one_parameter(order: tuple[str, str]) -> None:
    """In whichever order it is declared."""

    class A(PureCell):
        a: Param["zeros", (1,)]
        b: Param["zeros", (1,)]
        c: Param["zeros", (1,)]
        first, second = (tie(*pair) for pair in order)

    assert names(manifest(A)) == ["c"]
    assert manifest(A).ties == {"a": "c", "b": "c"}


def test_an_outer_tie_follows_an_inner_one() -> None:
    """The parameter that an inner tie points to may be given up outside."""

    class Inner(PureCell):
        a: Param["zeros", (1,)]
        b: Param["zeros", (1,)]
        tied = tie("a", "b")

    class Outer(PureCell):
        table: Param["zeros", (1,)]
        inner: Inner = child(Inner)
        tied = tie("inner.b", "table")

    assert names(manifest(Outer)) == ["table"]
    assert manifest(Outer).ties == {"inner.a": "table", "inner.b": "table"}


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([("a", "b"), ("b", "a")], r"tie\('b', 'a'\) closes a circle: `a` is tied to `b` already"),
        ([("a", "b"), ("a", "c")], r"tie\('a', 'c'\) ties `a` a second time: it is `b` already"),
        ([("x", "b")], r"the target `x` of tie\('x', 'b'\) is not a parameter of this model"),
        ([("a", "x")], r"the source `x` of tie\('a', 'x'\) is not a parameter of this model"),
        ([("a", "d")], r"`a` is float32 \(1,\) and `d` is float32 \(2,\): only parameters of one shape and dtype"),
        ([("a", "e")], r"`a` is float32 \(1,\) and `e` is int8 \(1,\): only parameters of one shape and dtype"),
        ([("a", "f")], r"the source `f` of tie\('a', 'f'\) is not a parameter"),
    ],
)
def test_ties_that_cannot_be(pairs: list[tuple[str, str]], message: str) -> None:
    """To nowhere, in a circle, twice, between parameters that differ, to a buffer that is computed."""
    body = type(PureCell).__prepare__("A", (PureCell,))
    body["__module__"], body["__qualname__"] = __name__, "A"
    for name, spec in {
        **{name: param("zeros", (1,)) for name in "abc"},
        "d": param("zeros", (2,)),
        "e": param("zeros", (1,), "int8"),
        "f": buffer("zeros", (1,), persistent=False),
        **{f"tie{k}": tie(*pair) for k, pair in enumerate(pairs)},
    }.items():
        body[name] = spec
    A = type(PureCell)("A", (PureCell,), body)
    with pytest.raises(DeclarationError, match=message):
        manifest(A)


def test_check_tie_gives_the_name_that_is_stored() -> None:
    """Which is where the source is tied to, if it is."""
    found: Any = {"a": ((1,), "int8"), "c": ((1,), "int8")}
    assert check_tie(Tie(target="a", source="c"), found, {}) == "c"
    assert check_tie(Tie(target="a", source="b"), found, {"b": "c"}) == "c"


# ----------------------------------------------------------------------------------------------------------- arguments


def test_arguments_are_bound_as_python_does() -> None:
    """By position, by keyword, with defaults; the dtype is apart."""
    assert bind(Linear, (3,), {"out_features": 4, "dtype": "int8"}) == (
        {"in_features": 3, "out_features": 4, "use_bias": True},
        "int8",
    )
    with pytest.raises(
        TypeError, match=r"^Linear: missing a required argument: 'out_features'\. It takes \(in_f.*, dtype\)$"
    ):
        bind(Linear, (3,), {})


def test_a_child_s_arguments_are_checked_as_when_it_is_built() -> None:
    """The error names the declaration."""

    class A(PureCell):
        n: int
        part: Linear = child(Linear, n)

    with pytest.raises(DeclarationError, match=r"^A\.part: `Linear\(3\)` does not fit: missing a required argument"):
        manifest(A, 3)


def draw(shape: Any, dtype: Any) -> None: ...


@pytest.mark.parametrize(
    ("initializer", "text"), [("normal", "normal"), (1.0, "1.0"), (0, "0"), (draw, f"{__name__}.draw")]
)
def test_initializers_as_text(initializer: Any, text: str) -> None:
    """As one writes them."""
    assert initializer_text(initializer) == text


def test_an_outline_is_relative_to_its_cell() -> None:
    """The cell's own name is put before it by whoever holds the cell."""
    outline = outline_of(Block, Block(2).resolved, lambda one, dtype: Outline())
    assert names(outline.entries) == ["gain", "query.weight"]
