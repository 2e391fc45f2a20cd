"""Tests of `lazycell.declaration._annotations`: annotations that are strings mean what they mean unquoted."""

# ruff: noqa: UP045 - quotes and `Optional` are what is tested

from __future__ import annotations

import typing
from typing import Any

import pytest

from lazycell._errors import DeclarationError, UnknownNameError
from lazycell.declaration._declare import Buffer, Param, buffer, child, children, hyper, when
from tests.pure import PureCell, declaration, manifest, names, run

P = Param
SIZE = 5


class Config:
    """A type for annotations."""


BODIES = {
    "hyperparameters and a parameter": """
        class A(PureCell):
            n: int
            m: int = 2 * n
            w: Param["zeros", (n, m)]
    """,
    "a condition": """
        class A(PureCell):
            n: int
            flag: bool = True
            w: Param["zeros", (n,)] = when(flag)
            v: Buffer["zeros", "n n"] = when(~flag)
    """,
    "an inherited name": """
        class Base(PureCell):
            n: int
        class A(Base):
            w: Param["zeros", (n, 3)]
    """,
    "a class variable": """
        from typing import ClassVar
        class A(PureCell):
            k: ClassVar[int] = 3
            n: int
            w: Param["zeros", (n, k)]
    """,
    "a quoted annotation": """
        class A(PureCell):
            n: "int"
            w: "Param['zeros', (n,)]"
    """,
    "a local of the enclosing function": """
        def make(size):
            class A(PureCell):
                n: int
                w: Param["zeros", (n, size)]
            return A
        A = make(6)
    """,
    "a loop variable": """
        for size in (4, 5):
            class A(PureCell):
                n: int
                w: Param["zeros", (n, size)]
    """,
    "a class of the enclosing function": """
        def make():
            class Inner(PureCell):
                n: int
                w: Param["zeros", (n,)]
            class A(PureCell):
                n: int
                inner: Inner = child(Inner, 2 * n)
            return A
        A = make()
    """,
    "a child called like its class": """
        class Norm(PureCell):
            n: int
            w: Param["zeros", (n,)]
        class A(PureCell):
            n: int
            Norm: Norm = child(Norm, n)
    """,
    "a hyperparameter called like a type": """
        class Inner(PureCell):
            n: int
            w: Param["zeros", (n,)]
        class A(PureCell):
            list: int
            inner: list[Inner] = children(2, Inner, list)
    """,
    "a builtin in a shape": """
        class A(PureCell):
            n: int
            w: Param["zeros", (n, len("abc"), max(2, 3))]
    """,
    "a conditional expression over plain values": """
        class A(PureCell):
            n: int
            w: Param["zeros" if 1 > 0 else "ones", (n,)]
    """,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_strings_mean_what_they_mean_unquoted(body: str) -> None:
    """The same class, with and without `from __future__ import annotations`, has the same manifest."""
    eager, strings = (run(body, strings=strings)["A"] for strings in (False, True))
    assert len(manifest(eager, 3)) >= 1
    assert manifest(eager, 3) == manifest(strings, 3)
    assert declaration(eager).hyperparameters == declaration(strings).hyperparameters


def test_this_module_s_annotations_are_strings() -> None:
    """The tests below are of strings."""

    class A(PureCell):
        n: int
        w: Param["zeros", (n,)]

    assert A.__init__.__annotations__["n"] is int
    assert test_this_module_s_annotations_are_strings.__annotations__ == {"return": "None"}


def test_a_quoted_annotation_is_a_string_in_a_string() -> None:
    """It is evaluated until it is no string any more."""

    class A(PureCell):
        n: "int"
        w: "Param['zeros', (n,)]"

    assert A(3).resolved.parameters[0].shape == (3,)


def test_an_annotation_is_found_under_any_name() -> None:
    """Through a module, or under another name."""
    import lazycell.declaration._declare as declare

    class A(PureCell):
        n: int
        w: P["zeros", (n,)]
        v: declare.Buffer["zeros", (n,)]

    assert names(declaration(A).members) == ["w", "v"]


def test_the_inner_scope_of_a_comprehension_sees_the_symbols() -> None:
    """On every Python: the scope is one dictionary."""

    class A(PureCell):
        n: int
        w: Param["zeros", tuple(n * k for k in (1, 2))]
        v: Param["zeros", (lambda: (n, SIZE))()]

    assert [each.shape for each in A(3).resolved.parameters] == [(3, 6), (3, 5)]


def test_a_name_may_be_declared_below() -> None:
    """Strings are evaluated when the body has run."""

    class A(PureCell):
        w: Param["zeros", (n,)]
        n: int

    assert A(3).resolved.parameters[0].shape == (3,)


def test_an_inherited_hyperparameter_hides_a_global() -> None:
    """As it does where annotations are not strings."""

    class Base(PureCell):
        SIZE: int

    class A(Base):
        w: Param["zeros", (SIZE,)]

    assert A(2).resolved.parameters[0].shape == (2,)


def test_a_type_that_cannot_be_found_stays_a_string() -> None:
    """A hyperparameter's type is for readers; it may be known to a type checker only."""

    class A(PureCell):
        config: Nowhere
        free: "the width of it" = 3  # noqa: F722

    assert [item.type for item in declaration(A).hyperparameters] == ["Nowhere", "the width of it"]
    assert A(1).free == 3


def test_types_are_resolved() -> None:
    """What can be found is the type itself, also through a name of the enclosing function."""

    class Local: ...

    class A(PureCell):
        a: Config
        b: Local
        c: list[int]
        d: typing.Optional[int] = None

    assert [item.type for item in declaration(A).hyperparameters] == [Config, Local, list[int], typing.Optional[int]]


def test_every_annotation_is_written_back() -> None:
    """Whoever asks the class gets objects, not strings."""

    class A(PureCell):
        n: int
        w: Param["zeros", (n,)]

    assert A.__annotations__["n"] is int
    assert not isinstance(A.__annotations__["w"], str)


@pytest.mark.parametrize(
    "annotation",
    [
        'Param["zeros", (missing,)]',
        'declare.Param["zeros", (missing,)]',
        'P["zeros", (missing,)]',
        'Buffer["zeros", tuple(missing for k in (1,))]',
        'Optional[Param["zeros", (missing,)]]',
    ],
)
def test_an_unknown_name_in_a_parameter_is_an_error(annotation: str) -> None:
    """A parameter cannot stay a string."""
    import lazycell.declaration._declare as declare

    known = {"declare": declare, "P": Param, "Optional": typing.Optional}
    with pytest.raises(UnknownNameError, match=r"^A\.w: `missing` is not a name that the annotation"):
        run(f"class A(PureCell):\n    w: {annotation}", strings=True, **known)


@pytest.mark.parametrize(
    "annotation", ["Param['zeros', (in,)]", "Param['zeros', (3,)] + 1", "Param['zeros', (1 // 0,)]"]
)
def test_a_parameter_that_cannot_be_evaluated_is_an_error(annotation: str) -> None:
    """Whatever evaluating it raises is named, with the annotation."""
    with pytest.raises(DeclarationError, match=r"^A\.w: the annotation `.*` cannot be evaluated: \w+Error: "):
        run(f'class A(PureCell):\n    w: "{annotation}"', strings=True)


def test_a_spec_in_a_string_knows_its_line() -> None:
    """The line is that of the annotation, also in an error that its evaluation raises."""

    class A(PureCell):
        n: int
        w: Param["zeros", (n,)]

    place = declaration(A).members[0].location
    assert place is not None
    assert place.source == 'w: Param["zeros", (n,)]'
    with pytest.raises(DeclarationError, match=r'(?s)is not a tuple.*test_annotations.py.*v: Param\["zeros", n\]'):

        class B(PureCell):
            n: int
            v: Param["zeros", n]


def test_everything_at_once() -> None:
    """The language of this module's classes is not a smaller one."""

    class Inner(PureCell):
        n: int
        w: Param["normal", (n, SIZE)]

    class A(PureCell):
        n: int = hyper(2)
        deep: bool = False
        one: Inner = child(Inner, n)
        many: list[Inner] = children(n, Inner, n)
        maybe: Inner | None = when(deep, child(Inner, n))
        mean: Any = buffer("zeros", (n,))
        var: Buffer["ones", (n,)] = when(n > 1)

    assert names(manifest(A).entries) == ["mean", "var", "one.w", "many.0.w", "many.1.w"]
