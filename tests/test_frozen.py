"""Tests of `lazycell._frozen`: what `attrs.frozen` makes, made faster."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell._frozen import frozen

VALUES = st.one_of(st.integers(0, 2), st.sampled_from(["", "a"]), st.tuples(st.integers(0, 1)), st.none())


def classes(make: Callable[..., Any]) -> dict[str, type]:
    """Define the same classes with `make`, which is `frozen` or the one it stands for."""

    @make
    class Plain:
        a: Any
        b: Any

    @make(eq=False)
    class ByIdentity:
        a: Any
        b: Any

    @make
    class Hidden:
        a: Any = attrs.field(repr=False)
        b: Any = attrs.field(eq=False)

    @make
    class WithKeys:
        a: Any = attrs.field(eq=str, repr=lambda value: f"<{value}>")
        b: Any

    @make
    class Derived(Plain):
        c: int = 3

    @make(kw_only=True, slots=False)
    class Own:
        a: Any
        b: Any

        def __repr__(self) -> str:
            return "own"

        def __eq__(self, other: object) -> bool:
            return hasattr(other, "a") and self.a == other.a

    @make
    class OwnHash:
        a: Any
        b: Any

        def __hash__(self) -> int:
            return 7

    @make
    class One:
        a: Any
        b: Any = attrs.field(eq=False, repr=False)

    @make
    class Nothing:
        a: Any = attrs.field(eq=False, repr=False)
        b: Any = attrs.field(eq=False, repr=False)

    made = [Plain, ByIdentity, Hidden, WithKeys, Derived, Own, OwnHash, One, Nothing]
    return {each.__name__: each for each in made}


OURS, THEIRS = classes(frozen), classes(attrs.frozen)


@pytest.mark.parametrize("name", THEIRS)
@given(values=st.tuples(VALUES, VALUES, VALUES, VALUES))
def test_instances_print_and_compare_as_those_of_attrs(name: str, values: tuple[Any, Any, Any, Any]) -> None:
    """Equality, inequality, hash and text: own methods, hidden fields, keys and base classes included."""
    (one, other), (their_one, their_other) = (
        (cls(a=values[0], b=values[1]), cls(a=values[2], b=values[3])) for cls in (OURS[name], THEIRS[name])
    )
    assert repr(one) == repr(their_one)
    assert (one == other) == (their_one == their_other)
    assert (one != other) == (their_one != their_other)
    assert one == one
    assert (OURS[name].__hash__ is None) == (THEIRS[name].__hash__ is None)
    if one == other and OURS[name].__hash__ is not None:
        assert hash(one) == hash(other)
    assert one != values[0]
    assert attrs.asdict(one) == attrs.asdict(their_one)


def test_a_subclass_is_not_its_base() -> None:
    """As with attrs: equality asks for one class."""
    assert OURS["Plain"](1, 2) != OURS["Derived"](1, 2)
    assert OURS["Derived"](1, 2, 4) != OURS["Derived"](1, 2)
    assert repr(OURS["Derived"](1, 2)) == "Derived(a=1, b=2, c=3)"


def test_what_is_not_hashable_says_so() -> None:
    """A field that is a list makes the instance unhashable."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(OURS["Plain"]([], 1))


def test_an_instance_that_holds_itself_prints() -> None:
    """Text has an end."""
    inner: list[Any] = []
    one = OURS["Plain"](inner, 1)
    inner.append(one)
    assert repr(one) == "Plain(a=[...], b=1)"


@frozen
class Picklable:
    """At the top of a module, where pickle finds it."""

    a: int
    b: str = "b"


def test_instances_are_attrs_objects() -> None:
    """Immutable, with fields, matched by position, copied, pickled and evolved."""
    one = Picklable(1)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        one.a = 2  # type: ignore[misc]
    assert [field.name for field in attrs.fields(Picklable)] == ["a", "b"]
    assert pickle.loads(pickle.dumps(one)) == one == copy.deepcopy(one)
    assert attrs.evolve(one, b="c") == Picklable(1, "c")
    match one:
        case Picklable(a, b):
            assert (a, b) == (1, "b")
    assert not hasattr(one, "__dict__")
