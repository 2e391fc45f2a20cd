"""Tests of `lazycell.declaration._declaration`: a class with its ancestors."""

import abc
from typing import Any, Generic, TypeVar

import pytest

from lazycell._errors import DeclarationError, RequirementError
from lazycell.declaration._class_body import require
from lazycell.declaration._declaration import declaration_of, names_of, parameter_specs, same, symbols_of
from lazycell.declaration._declare import Param, child, children, param, tie, when
from lazycell.declaration._symbols import INDEX, SELF, render
from tests.pure import PureCell, declaration, manifest, names

T = TypeVar("T")


class Linear(PureCell):
    in_features: int
    out_features: int
    use_bias: bool = True
    weight: Param["he_uniform", (out_features, in_features)]
    bias: Param["zeros", (out_features,)] = when(use_bias)


def test_a_class_without_one_has_no_declaration() -> None:
    """Only classes of the language have."""
    assert declaration_of(int) is None
    assert declaration_of(Linear) is declaration(Linear)


def test_a_subclass_adds() -> None:
    """What is inherited comes first, and its hyperparameters are known by name."""

    class Scaled(Linear):
        scale: float = 1.0
        gain: Param["ones", (in_features, 2)]

    assert names(declaration(Scaled).hyperparameters) == ["in_features", "out_features", "use_bias", "scale"]
    assert [(entry.name, entry.shape) for entry in manifest(Scaled, 3, 4)] == [
        ("weight", (4, 3)),
        ("bias", (4,)),
        ("gain", (3, 2)),
    ]


def test_a_subclass_overrides_in_place() -> None:
    """An overridden name keeps its position, and what uses it uses the new one."""

    class Square(Linear):
        out_features = in_features
        use_bias: bool = False
        weight: Param["normal", (in_features, in_features)]

    declared = declaration(Square)
    assert names(declared.hyperparameters) == ["in_features", "use_bias"]
    assert names(declared.members) == ["weight", "bias"]
    assert [entry.shape for entry in manifest(Square, 3, True)] == [(3, 3), (3,)]


def test_a_parameter_may_become_a_child() -> None:
    """An override is of any kind."""

    class Odd(Linear):
        bias = child(Linear, 2, 2)

    assert names(manifest(Odd, 3, 4)) == ["weight", "bias.weight", "bias.bias"]


def test_a_subclass_removes_and_a_further_one_adds_again() -> None:
    """`None` takes a declaration away; a declaration puts one back."""

    class Plain(Linear):
        bias = None

    class Again(Plain):
        bias: Param["ones", (out_features,)]

    assert names(manifest(Plain, 3, 4)) == ["weight"]
    assert manifest(Again, 3, 4)["bias"].initializer == "ones"
    assert Again(3, 4).resolved.absent == ()


def test_an_ordinary_attribute_takes_the_place_of_a_declaration() -> None:
    """A method, a property or a value of a subclass, or of a mixin that comes first."""

    class Method(Linear):
        def bias(self) -> int:
            return 1

    class Value(Linear):
        bias = 3

    class Mixin:
        bias = 4

    class Mixed(Mixin, Linear): ...

    class Mapped(Linear):
        use_bias = len

    assert Mapped(3, 4).use_bias is len, "a function from elsewhere is a value, not a method"
    for cls, value in ((Method, None), (Value, 3), (Mixed, 4)):
        assert names(manifest(cls, 3, 4)) == ["weight"]
        assert cls(3, 4).resolved.absent == ()
        assert value is None or cls(3, 4).bias == value
    assert Method(3, 4).bias() == 1


def test_a_declaration_takes_the_place_of_an_ordinary_attribute() -> None:
    """MindSpore, which asks with `hasattr` before it registers a parameter, finds nothing on the class."""

    class Mixin:
        weight = 3
        size = 4

    class A(PureCell, Mixin):
        size: int
        weight: Param["zeros", (size,)]

    class B(A, Mixin): ...

    for cls in (A, B):
        assert not hasattr(cls, "weight")
        assert names(manifest(cls, 3)) == ["weight"]
        assert cls(2).size == 2


def test_a_declaration_implements_an_abstract_attribute() -> None:
    """A class with an abstract property is complete once its name is declared."""

    class HasWeight(abc.ABC):
        @property
        @abc.abstractmethod
        def weight(self) -> Any: ...

    class A(PureCell, HasWeight):
        weight: Param["zeros", (3,)]

    class B(PureCell, HasWeight):
        other: Param["zeros", (3,)]

    assert A().resolved.parameters[0].name == "weight"
    with pytest.raises(TypeError, match="abstract"):
        B()


def test_two_bases_come_together() -> None:
    """In the order of the resolution of methods: what is furthest comes first, and the first base wins."""

    class Left(PureCell):
        shared: int = 1
        left: int = 2
        a: Param["zeros", (shared, left)]

    class Right(PureCell):
        shared: int = 3
        right: int = 4
        b: Param["zeros", (shared, right)]

    class Both(Left, Right):
        c: Param["zeros", (left, right)]

    declared = declaration(Both)
    assert names(declared.hyperparameters) == ["shared", "right", "left"]
    assert names(declared.members) == ["b", "a", "c"]
    assert [entry.shape for entry in manifest(Both)] == [(1, 4), (1, 2), (2, 4)]


def test_a_diamond_declares_once() -> None:
    """A common base is not repeated, and a requirement of it is checked once."""

    class Base(PureCell):
        n: int
        require(n > 0, "n must be positive")
        w: Param["zeros", (n,)]

    class Left(Base):
        w: Param["ones", (n,)]

    class Right(Base):
        v: Param["ones", (n,)]

    class Both(Left, Right): ...

    assert len(declaration(Both).requirements) == 1
    assert [(entry.name, entry.initializer) for entry in manifest(Both, 2)] == [("w", "ones"), ("v", "ones")]


def test_a_generic_class() -> None:
    """Type parameters do no harm."""

    class A(PureCell, Generic[T]):
        n: int
        w: Param["zeros", (n,)]

    class B(A[int]):
        v: Param["zeros", (n, 2)]

    assert names(manifest(B, 2)) == ["w", "v"]


def test_what_a_class_with_these_bases_inherits() -> None:
    """Symbols are the hyperparameters and derived values; names are all declarations."""

    class A(PureCell):
        n: int
        twice = 2 * n
        w: Param["zeros", (n,)]
        v: Param["zeros", (n,)]
        t = tie("v", "w")

    assert symbols_of((A, Linear)) == {"n", "twice", "in_features", "out_features", "use_bias"}
    assert names_of((A,)) == {"n", "twice", "w", "v", "t"}
    assert names_of((int,)) == frozenset()


def test_requirements_are_inherited() -> None:
    """A subclass cannot be what its base refuses."""

    class Base(PureCell):
        n: int
        require(n > 0, "n must be positive")

    class A(Base):
        m: int = 2 * n

    with pytest.raises(RequirementError, match="n must be positive"):
        A(-1)


def test_values_are_computed_in_the_order_they_need() -> None:
    """A default may depend on one that is declared later, a derived value on either."""

    class A(PureCell):
        a: int = 2
        b: int = a
        c: int = 3

    class B(A):
        a: int = c + 1
        total = a + b

    assert declaration(B).evaluation_order == ("c", "a", "b", "total")
    made = B()
    assert (made.a, made.b, made.c, made.total) == (4, 4, 3, 8)
    assert list(made.resolved.values) == ["a", "b", "c", "total"]


def test_same_hands_on_every_hyperparameter() -> None:
    """Those of the class that is named, under their own names."""

    class Net(Linear):
        inner: Linear = child(Linear, **same(Linear))

    assert {name: render(value) for name, value in same(Linear).items()} == {
        "in_features": "in_features",
        "out_features": "out_features",
        "use_bias": "use_bias",
    }
    assert manifest(Net, 3, 4, use_bias=False)["inner.weight"].shape == (4, 3)
    with pytest.raises(DeclarationError, match=r"^same\(\) takes a LazyCell class, and int is none"):
        same(int)


def test_every_parameter_that_may_be_there() -> None:
    """Whatever the conditions."""

    class A(PureCell):
        n: int
        a: Param["zeros", (n,)] = when(n > 1)
        b: Any = when(n > 1, param("ones", ()), otherwise=when(n > 2, param("normal", ())))
        c: Linear = child(Linear, n, n)

    assert [spec.initializer for spec in parameter_specs(declaration(A))] == ["zeros", "ones", "normal"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: {"w": param("zeros", (INDEX,))},
        lambda: {"w": param("zeros", (SELF.n,))},
        lambda: {"w": child(Linear, INDEX, 2)},
        lambda: {"w": children(INDEX, Linear, 2, 2)},
        lambda: {"w": when(INDEX > 2, child(Linear, 2, 2))},
        lambda: {"w": when(SELF.n > 2, child(Linear, 2, 2))},
        lambda: {"w": children(2, when(SELF.n > 2, child(Linear, 2, 2)))},
        lambda: {"w": SELF.n},
    ],
)
def test_special_symbols_have_their_places(make: Any) -> None:
    """INDEX in the arguments and conditions of children, SELF in the arguments of a child."""
    with pytest.raises(DeclarationError, match=r"which is only known in the arguments of"):

        class A(PureCell):
            n: int
            locals().update(make())


def test_the_dtype_keyword_is_there_unless_the_name_is_declared() -> None:
    """As a hyperparameter or as a derived value."""

    class Own(PureCell):
        dtype: Any = "float16"

    class Fixed(Own):
        dtype = "bfloat16"

    assert declaration(Linear).takes_dtype
    assert not declaration(Own).takes_dtype
    assert not declaration(Fixed).takes_dtype
