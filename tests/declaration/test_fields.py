"""Tests of `lazycell.declaration._fields`."""

import pytest

from lazycell.declaration._declare import Hyperparameter, Param, ParameterSpec, child, tie
from lazycell.declaration._fields import Fields, fields
from tests.pure import PureCell, declaration, names


class A(PureCell):
    count: int
    index: int = 3
    total = count + index
    weight: Param["zeros", (count,)]
    inner: PureCell = child(PureCell)
    tied = tie("inner.x", "weight")


def test_every_declaration_is_a_field() -> None:
    """Hyperparameters, derived values, members, ties."""
    assert names(fields(A)) == ["count", "index", "total", "weight", "inner", "tied"]
    assert tuple(fields(A))[:2] == declaration(A).hyperparameters


def test_a_field_goes_by_its_name() -> None:
    """Also where tuples have a method of that name."""
    assert isinstance(fields(A).weight, ParameterSpec)
    assert isinstance(fields(A).count, Hyperparameter)
    assert fields(A).index.default == 3


def test_an_instance_has_the_fields_of_its_class() -> None:
    """As with `dataclasses.fields`."""
    assert fields(A(3)) == fields(A)


def test_fields_of_a_class_without_a_field_of_that_name_are_a_tuple() -> None:
    """`count` and `index` are tuple's own then."""
    assert Fields().count(3) == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("weigth", "nothing named `weigth` is declared; did you mean `weight`?"),
        ("zzz", "nothing named `zzz` is declared: there are count, index, total, weight, inner, tied"),
    ],
)
def test_an_unknown_field(name: str, message: str) -> None:
    """The near name, or all names."""
    with pytest.raises(AttributeError) as caught:
        getattr(fields(A), name)
    assert str(caught.value) == message


def test_a_class_that_declares_nothing() -> None:
    """It has no fields; another class has none to ask for."""
    assert fields(PureCell) == ()
    with pytest.raises(AttributeError, match="the class declares nothing"):
        fields(PureCell).weight
    with pytest.raises(TypeError, match=r"^<class 'int'> is not a LazyCell class: it declares nothing"):
        fields(int)
