"""Tests of `lazycell.declaration._read_body`: which declaration each name of a class body makes."""

# ruff: noqa: UP045 - `Optional` is tested, too

from typing import Any, Optional

import pytest

from lazycell._errors import DeclarationError
from lazycell.declaration._declare import (
    Buffer,
    Hyperparameter,
    Param,
    ParameterSpec,
    buffer,
    child,
    children,
    hyper,
    param,
    tie,
    when,
)
from lazycell.declaration._symbols import render
from tests.pure import PureCell, declaration, manifest, names, run


class Cell:
    """What a cell looks like to the pure half."""

    def construct(self) -> None: ...
    def cells_and_names(self) -> None: ...


class Inner(PureCell):
    n: int
    w: Param["zeros", (n,)]


def test_each_name_is_what_it_declares() -> None:
    """Hyperparameters, derived values, parameters, children and ties, each in order; the rest stays on the class."""

    class A(PureCell):
        n: int
        flag: bool = True
        twice = 2 * n
        w: Param["zeros", (n,)]
        v: Any = param("zeros", (n,))
        u = Param["zeros", (n,)]
        t: Buffer["zeros", (n,)] = when(flag)
        s: Any = buffer("zeros", (n,))
        one: Inner = child(Inner, n)
        many: list[Inner] = children(2, Inner, n)
        tied = tie("many.0.w", "one.w")
        constant = 3

        def method(self) -> None: ...

        @property
        def prop(self) -> int:
            return 4

        class Nested: ...

    declared = declaration(A)
    assert names(declared.hyperparameters) == ["n", "flag"]
    assert names(declared.derived) == ["twice"]
    assert names(declared.members) == ["w", "v", "u", "t", "s", "one", "many"]
    assert names(declared.ties) == ["tied"]
    assert (A.constant, A(1).prop) == (3, 4)
    for name in ("n", "flag", "twice", "w", "v", "u", "t", "s", "one", "many", "tied"):
        assert not hasattr(A, name), "no spec is left on the class"


def test_every_declaration_is_signed() -> None:
    """Name, class and line are on it, and on what is inside it."""

    class A(PureCell):
        n: int
        maybe: Any = when(n > 2, child(Inner, n), otherwise=when(n > 1, child(Inner, 1)))
        many: Any = children(n, when(n > 2, child(Inner, n), otherwise=child(Inner, 1)))

    maybe, many = declaration(A).members
    inside = [maybe, maybe.present, maybe.otherwise, maybe.otherwise.present, many, many.each, many.each.otherwise]
    assert {(each.owner, each.name) for each in inside} == {("A", "maybe"), ("A", "many")}
    assert all(each.location is not None and each.location.filename == __file__ for each in inside)


def test_a_hyperparameter_keeps_type_and_default() -> None:
    """The annotation is its type, the value its default; `hyper()` without one has the type Any."""

    class A(PureCell):
        a: int
        b: str | None = None
        c: float = hyper(0.5)
        d = hyper(4)

    assert [(item.type, item.default) for item in declaration(A).hyperparameters[1:]] == [
        (Optional[str], None),
        (float, 0.5),
        (Any, 4),
    ]


@pytest.mark.parametrize(
    "value", [Cell(), [Cell()], (Cell(),), {"a": Cell()}, [child(Inner, 3)], {"a": child(Inner, 3)}]
)
@pytest.mark.parametrize("annotation", ["", ": Any"])
def test_cells_that_are_built_in_the_body_are_refused(value: Any, annotation: str) -> None:
    """One cell would be shared by all instances, and a plain container of cells loses their parameters."""
    with pytest.raises(DeclarationError, match=r"^A\.part: (this Cell is built already|what is in a plain )"):
        run(f"class A(PureCell):\n    part{annotation} = value", strings=False, value=value, Any=Any)


def test_a_class_may_be_a_default() -> None:
    """It is not a cell that is built."""

    class A(PureCell):
        block: Any = Cell

    assert A().block is Cell


@pytest.mark.parametrize("name", ["self", "INDEX", "SELF", "phase", "construct"])
def test_names_that_are_taken(name: str) -> None:
    """Those of the framework, and those that mean something in the language."""
    with pytest.raises(DeclarationError, match=rf"^A\.{name}: `{name}` is a name that"):
        run(f"class A(PureCell):\n    {name}: int", strings=False)


def test_a_child_may_be_called_self() -> None:
    """Checkpoints have such names; it is no argument of the constructor."""

    class A(PureCell):
        self: Inner = child(Inner, 3)

    assert names(manifest(A)) == ["self.w"]


def test_methods_may_have_names_of_the_framework() -> None:
    """Every cell defines `construct`."""

    class A(PureCell):
        def construct(self) -> int:
            return 1

    assert A().construct() == 1


@pytest.mark.parametrize(
    "method",
    [
        "def f(self, k=n): ...",
        "def f(self, *, k=n): ...",
        "def f(self, k=(1, n)): ...",
        "@staticmethod\n    def f(k=n): ...",
        "@classmethod\n    def f(cls, k=n): ...",
        "f = lambda self, k=n: k",
    ],
)
def test_symbols_do_not_leak_into_defaults_of_methods(method: str) -> None:
    """A method's default is evaluated in the class body, where nothing has a value."""
    with pytest.raises(DeclarationError, match=r"^A\.f: a default of this method is the symbol"):
        run(f"class A(PureCell):\n    n: int\n    {method}", strings=False)


@pytest.mark.parametrize(
    "annotation",
    [
        'Optional[Param["zeros", (n,)]]',
        'Param["zeros", (n,)] | None',
        'None | Param["zeros", (n,)]',
        'list[Param["zeros", (n,)]]',
    ],
)
def test_a_parameter_is_no_part_of_a_type(annotation: str) -> None:
    """A parameter that may be absent is spelt with `when`."""
    for strings in (False, True):
        # Python 3.10 has an opinion of its own about what may stand in Optional[…].
        with pytest.raises(TypeError, match=r"write `\w+: Param\[…\] = when\(\w+\)`|requires a single type"):
            run(f"class A(PureCell):\n    n: int\n    w: {annotation}", strings=strings, Optional=Optional)


def test_fixing_an_inherited_hyperparameter() -> None:
    """A plain value in a subclass takes the place of the argument."""

    class A(PureCell):
        n: int = 2
        m: int = 3
        w: Param["zeros", (n, m)]

    class B(A):
        n = 5
        m = 2 * n

    declared = declaration(B)
    assert names(declared.hyperparameters) == []
    assert [(item.name, render(item.value)) for item in declared.derived] == [("n", "5"), ("m", "2 * n")]
    assert manifest(B)["w"].shape == (5, 10)


def test_none_removes_what_is_inherited_only() -> None:
    """Elsewhere it is an ordinary class attribute."""

    class A(PureCell):
        n: int
        nothing = None
        w: Param["zeros", (n,)]

    class B(A):
        w = None

    assert A.nothing is None
    assert names(manifest(B, 3)) == []
    assert B(3).resolved.absent == ("w",)
    assert not hasattr(B, "w")


def test_the_namespace_has_no_spec() -> None:
    """`Hyperparameter` and `ParameterSpec` objects are in the declaration alone."""

    class A(PureCell):
        n: int = hyper(3)
        w: Param["zeros", (n,)]

    assert not any(isinstance(value, (Hyperparameter, ParameterSpec)) for value in vars(A).values())
