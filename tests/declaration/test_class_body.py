"""Tests of `lazycell.declaration._class_body`: what a name means while a class body runs. Its annotations are not strings."""

import sys
from typing import Any, ClassVar

import pytest

from lazycell._errors import DeclarationError, UnknownNameError
from lazycell.declaration._class_body import ClassBody, is_class_variable, what_was_said
from lazycell.declaration._declare import Param, child, hyper, param, tie, when
from lazycell.declaration._symbols import render
from tests.pure import PureCell, declaration, names, run

width = 77  # a global that hyperparameters hide


def derived(cls: type) -> dict[str, str]:
    """Give the text of each derived value."""
    return {item.name: render(item.value) for item in declaration(cls).derived}


def test_a_hyperparameter_reads_as_its_symbol() -> None:
    """With or without a default, made by an annotation or by `hyper`."""

    class A(PureCell):
        a: int
        b: int = hyper()
        c: int = 8
        d = hyper(4)
        total = a + b + c + d

    assert derived(A) == {"total": "a + b + c + d"}


def test_a_derived_value_reads_as_its_symbol() -> None:
    """Its formula is not repeated where it is used."""

    class A(PureCell):
        a: int
        twice = 2 * a
        sizes = (a, twice)
        last = sizes[1]

    assert derived(A) == {"twice": "2 * a", "sizes": "(a, twice)", "last": "sizes[1]"}


def test_a_hyperparameter_hides_a_global_of_the_same_name() -> None:
    """In its own class, and in a subclass."""

    class A(PureCell):
        width: int
        twice = 2 * width

    class B(A):
        thrice = 3 * width

    assert derived(B) == {"twice": "2 * width", "thrice": "3 * width"}


def test_a_global_is_itself_elsewhere() -> None:
    """Names that are no hyperparameters mean what they mean in Python."""

    class A(PureCell):
        a: int
        total = a + width
        length = a * len("abc")

    assert derived(A) == {"total": "a + 77", "length": "a * 3"}


def test_a_local_of_the_enclosing_function_is_itself() -> None:
    """The class body reads it as any class body does."""
    factor = 5

    class A(PureCell):
        a: int
        scaled = factor * a

    assert derived(A) == {"scaled": "5 * a"}


def test_a_constant_keeps_its_value_and_stays_on_the_class() -> None:
    """An unannotated value without symbols is an ordinary class attribute."""

    class A(PureCell):
        factor = 3
        a: int
        scaled = factor * a

    assert A.factor == 3
    assert derived(A) == {"scaled": "3 * a"}


def test_a_class_variable_is_none_of_our_business() -> None:
    """`ClassVar` keeps a name out of the constructor, and its value a plain value."""

    class A(PureCell):
        factor: ClassVar[int] = 3
        bare: ClassVar = 4
        a: int
        scaled = factor * a * bare

    assert A.factor == 3
    assert names(declaration(A).hyperparameters) == ["a"]
    assert derived(A) == {"scaled": "3 * a * 4"}


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (ClassVar, True),
        (ClassVar[int], True),
        ("ClassVar", True),
        ("ClassVar[int]", True),
        ("typing.ClassVar[int]", True),
        ("'ClassVar[int]'", True),
        ("t.ClassVar", True),
        (int, False),
        ("list[ClassVar]", False),
        ("ClassVariable", False),
    ],
)
def test_class_variables_are_told_by_their_annotation(annotation: Any, expected: bool) -> None:
    """As a type, as a string, quoted in a string, through any module name."""
    assert is_class_variable(annotation) is expected


@pytest.mark.parametrize("name", ["id", "type", "input", "list", "len", "config", "shape", "index", "_hidden", "größe"])
def test_any_name_may_be_a_hyperparameter(name: str) -> None:
    """Names of builtins too: in the class body the hyperparameter wins."""
    for strings in (False, True):
        A = run(
            f"""
            class A(PureCell):
                {name}: int
                twice = 2 * {name}
                w: Param["zeros", ({name}, 3)]
            """,
            strings=strings,
        )["A"]
        assert derived(A) == {"twice": f"2 * {name}"}
        assert A(4).resolved.parameters[0].shape == (4, 3)


def test_a_hyperparameter_that_hides_a_helper_is_refused_when_called() -> None:
    """`child` as a hyperparameter makes `child(…)` a call of a symbol."""
    with pytest.raises(DeclarationError, match=r"^`child` has no value .* it cannot be called.*rename one of them"):

        class A(PureCell):
            child: int
            mlp: Any = child(PureCell, 3)


def test_an_unknown_name_is_a_name_error() -> None:
    """Handlers of NameError see it, and nothing is left half defined."""
    with pytest.raises(NameError) as caught:

        class A(PureCell):
            hidden: int
            twice = 2 * hiden

    assert isinstance(caught.value, UnknownNameError)


def test_a_comprehension_iterates_over_what_the_body_knows() -> None:
    """Python evaluates the outermost iterable in the class body; the rest of a comprehension sees no class."""

    class A(PureCell):
        a: int
        sizes = tuple(size for size in (a, 2 * a))

    assert derived(A) == {"sizes": "(a, 2 * a)"}


def test_a_loop_variable_stays_an_ordinary_attribute() -> None:
    """As in any class body; a deleted one leaves no trace."""

    class A(PureCell):
        a: int
        for factor in (2, 3):
            last = factor * a
        for gone in (1, 2):  # noqa: B007
            pass
        del gone

    assert A.factor == 3
    assert derived(A) == {"last": "3 * a"}
    assert not hasattr(A, "gone")


def test_a_default_may_be_assigned_later() -> None:
    """As in any class body, the last assignment counts."""

    class A(PureCell):
        a: int = 3
        a = 4

    assert A().a == 4


@pytest.mark.parametrize(
    "body",
    [
        'w: Param["zeros", (n,)]\n    w: Param["ones", (n,)]',
        'w: Param["zeros", (n,)]\n    w: int = 3',
        'w = param("zeros", (n,))\n    w = param("ones", (n,))',
        "w: int = 3\n    w: int = 4",
        'w: Param["zeros", (n,)]\n    def w(self): ...',
        "w: int = 3\n    def w(self): ...",
        "def w(self): ...\n    w: int",
        "w: int\n    @property\n    def w(self): ...",
        "w: int\n    @staticmethod\n    def w(): ...",
        "w = child(PureCell)\n    def w(self): ...",
    ],
)
def test_a_name_is_declared_once(body: str) -> None:
    """A second declaration, or a method, would silently replace the first."""
    for strings in (False, True):
        with pytest.raises(DeclarationError, match=r"^A\.w: declared twice in one class body, first in line 3: rename"):
            run(f"class A(PureCell):\n    n: int\n    {body}", strings=strings)


def test_a_function_may_be_a_default() -> None:
    """Only a method that the body itself defines is taken for a mistake."""

    def relu(x: Any) -> Any:
        return x

    class A(PureCell):
        activation: Any = relu
        other: Any = lambda x: x

    assert A().activation is relu


def test_either_branch_may_declare_a_name() -> None:
    """Only what runs counts."""

    class A(PureCell):
        a: int
        if width > 3:
            w: Param["zeros", (a,)]
        else:
            w: Param["zeros", (a, a)]

    assert A(2).resolved.parameters[0].shape == (2,)


def test_a_nested_class_does_not_see_the_outer_one() -> None:
    """As in Python: neither in its body nor in annotations that are strings."""
    for strings in (False, True):
        with pytest.raises(UnknownNameError, match="`inner_width` is not a name"):
            run(
                """
                class A(PureCell):
                    inner_width: int = 8
                    class B(PureCell):
                        w: Param["zeros", (inner_width,)]
                """,
                strings=strings,
            )


def test_a_method_sees_its_class() -> None:
    """`super()` and `__class__` work: the body's closure cell arrives at `type.__new__`."""

    class A(PureCell):
        a: int

        def double(self) -> int:
            return 2 * self.a

    class B(A):
        def double(self) -> int:
            return super().double() + 1

    assert B(3).double() == 7


def test_a_tie_needs_a_name() -> None:
    """One without a name would silently not be made, also inside `when`."""
    for statement in ('tie("a", "b")', 'when(n > 2, tie("a", "b"))'):
        with pytest.raises(DeclarationError, match=r"^A: this tie\(…\) has no name.*write `tied = tie\(…\)`"):
            run(f"class A(PureCell):\n    n: int\n    {statement}", strings=False)


def test_ties_with_names_are_fine() -> None:
    """Also those in a condition's branches."""

    class A(PureCell):
        n: int
        one = tie("a", "b")
        other = when(n > 2, tie("a", "c"), otherwise=when(n > 1, tie("a", "d")))

    assert names(declaration(A).ties) == ["one", "other"]


def test_what_was_said_is_in_order() -> None:
    """Names in order of first appearance, each with its annotation, value and line."""
    body = ClassBody("A", (), sys._getframe())
    exec("a: int\nb = 2\nc: str = 'x'\ndel b", {}, body)
    assert [(said.name, said.annotation) for said in what_was_said(body) if said.name != "__annotations__"] == [
        ("a", int),
        ("c", str),
    ]


def test_a_spec_made_elsewhere_can_be_declared() -> None:
    """A parameter is where its name is given."""
    shared: Any = param("zeros", (3,))

    class A(PureCell):
        w = shared
        v = child(PureCell)

    assert names(declaration(A).members) == ["w", "v"]


def test_a_class_with_type_parameters_sees_the_function_around_it() -> None:
    """Python 3.12 runs such a class in a scope of its own, between it and the function; Generic does not."""
    head = "class A[T](PureCell)" if sys.version_info >= (3, 12) else "class A(PureCell, Generic[T])"
    A = run(
        f"""
        from typing import Generic, TypeVar
        T = TypeVar("T")
        def make(size):
            {head}:
                item: T
                w: Param["zeros", (size,)]
            return A
        A = make(3)
        """,
        strings=True,
    )["A"]
    assert A(0).resolved.parameters[0].shape == (3,)
