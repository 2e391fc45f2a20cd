"""Tests of `lazycell.manifest._resolve`: a declaration with values. The texts of its errors are in `tests/messages`."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lazycell._errors import DeclarationError
from lazycell.declaration._declare import Buffer, Param, buffer, child, children, param, tie, when
from lazycell.declaration._symbols import INDEX, SELF
from lazycell.manifest._resolve import resolve
from tests.pure import PureCell, declaration, names


class Linear(PureCell):
    in_features: int
    out_features: int
    use_bias: bool = True
    weight: Param["he_uniform", (out_features, in_features)]
    bias: Param["zeros", (out_features,)] = when(use_bias)


# ---------------------------------------------------------------------------------------------------------- parameters
def test_a_scalar() -> None:
    """`()` and the empty string."""

    class A(PureCell):
        a: Param[1.0, ()]
        b: Param[1.0, ""]  # noqa: F722

    assert [each.shape for each in A().resolved.parameters] == [(), ()]


def test_an_attribute_of_an_object_is_a_size() -> None:
    """A hyperparameter may be a whole config."""

    class A(PureCell):
        config: Any
        w: Param["zeros", (config.width, config.sizes[-1])]

    assert A(SimpleNamespace(width=3, sizes=[1, 2])).resolved.parameters[0].shape == (3, 2)


def test_initializers_and_dtypes_may_be_hyperparameters() -> None:
    """They are evaluated as shapes are."""

    class A(PureCell):
        start: Any
        kind: Any = None
        w: Param[start, (2,), kind]

    (made,) = A("ones", "float16").resolved.parameters
    assert (made.initializer, made.dtype) == ("ones", "float16")
    assert A("ones").resolved.parameters[0].dtype == "float32", "None is the cell's default"


def test_the_default_dtype() -> None:
    """The keyword, else float32; a parameter that names its own keeps it."""

    class A(PureCell):
        w: Param["zeros", (2,)]
        v: Param["zeros", (2,), "int32"]
        u: Buffer["zeros", (2,)]

    def dtypes(made: A) -> list[str]:
        return [each.dtype for each in made.resolved.parameters]

    assert dtypes(A()) == ["float32", "int32", "float32"]
    assert dtypes(A(dtype="bfloat16")) == ["bfloat16", "int32", "bfloat16"]
    assert dtypes(A(dtype=np.float16)) == ["float16", "int32", "float16"]


def test_a_hyperparameter_named_dtype_is_the_default() -> None:
    """There is no second keyword then."""

    class A(PureCell):
        dtype: Any = "float16"
        w: Param["zeros", (2,)]

    class B(A):
        dtype = "bfloat16"

    class C(PureCell):
        dtype = "float64"
        w: Param["zeros", (2,)]

    assert [cls().resolved.dtype for cls in (A, B, C)] == ["float16", "bfloat16", "float64"]
    assert A("int8").resolved.parameters[0].dtype == "int8"
    assert A(None).resolved.dtype == "float32"


# ---------------------------------------------------------------------------------------------------------- conditions


def test_conditions_choose() -> None:
    """Nested, with `otherwise`, and of any kind of declaration."""

    class A(PureCell):
        n: int
        w: Any = when(
            n > 2,
            when(n > 3, child(Linear, n, n), otherwise=param("ones", (n,))),
            otherwise=when(n > 1, children(n, Linear, n, n)),
        )

    kinds = {n: A(n).resolved for n in (1, 2, 3, 4)}
    assert kinds[1].absent == ("w",)
    assert len(kinds[2].children["w"]) == 2
    assert kinds[3].parameters[0].shape == (3,)
    assert kinds[4].children["w"].args == (4, 4)


def test_what_is_absent_is_listed() -> None:
    """Parameters, children, and what a subclass removed."""

    class A(PureCell):
        flag: bool
        a: Param["zeros", (1,)] = when(flag)
        b: Linear = when(flag, child(Linear, 1, 1))
        c: Linear = when(flag, None, otherwise=child(Linear, 1, 1))
        d: Param["zeros", (1,)]

    class B(A):
        d = None

    assert set(B(False).resolved.absent) == {"a", "b", "d"}
    assert set(B(True).resolved.absent) == {"c", "d"}


@pytest.mark.parametrize("value", [1, "x", [0], True])
def test_a_condition_is_any_true_value(value: Any) -> None:
    """As in Python."""

    class A(PureCell):
        given: Any = None
        w: Param["zeros", (1,)] = when(given)

    assert len(A(value).resolved.parameters) == 1
    assert len(A().resolved.parameters) == 0


def test_ties_may_depend_on_a_condition() -> None:
    """Only those that hold are there."""

    class A(PureCell):
        n: int
        one = when(n > 2, tie("a", "b"))
        other = when(n > 2, None, otherwise=tie("c", "d"))

    assert [each.target for each in A(3).resolved.ties] == ["a"]
    assert [each.target for each in A(2).resolved.ties] == ["c"]


# ------------------------------------------------------------------------------------------------------------ children


@pytest.mark.parametrize("count", [0, 1, 3, np.int32(2)])
def test_children_are_counted(count: Any) -> None:
    """Zero is a count."""

    class A(PureCell):
        n: int
        layers: list[Linear] = children(n, Linear, 2, 2)

    assert len(A(count).resolved.children["layers"]) == count


@pytest.mark.parametrize("count", [-1, 1.0, True, "2", None])
def test_nothing_else_is_a_count(count: Any) -> None:
    """The message shows expression and value."""

    class A(PureCell):
        n: Any
        layers: list[Linear] = children(n, Linear, 2, 2)

    with pytest.raises(DeclarationError, match=r"^A\.layers: the count `n` is .* with n=.*a whole number, 0 or more"):
        A(count)


@pytest.mark.parametrize(
    ("n", "told"),
    [
        (2**60, r"A\.w: the shape `\(n, 2\)` is \(1152921504606846976, 2\) .*no memory can have"),
        (100_001, r"A\.layers: the count `n` is 100001 .*more than 100,000 cells in a list are not built"),
    ],
)
def test_no_machine_has_so_much(n: int, told: str) -> None:
    """A config may come from anywhere: it is refused before anything is made."""

    class A(PureCell):
        n: int
        w: Param["ones", (n, 2)]
        layers: list[Linear] = children(n, Linear, 2, 2)

    with pytest.raises(DeclarationError, match=told):
        A(n)


def test_too_many_dimensions() -> None:
    """No array can have them."""

    class A(PureCell):
        w: Param["ones", (1,) * 33]

    with pytest.raises(DeclarationError, match=r"has 33 dimensions: an array has at most 32"):
        A()


def test_index_is_the_position() -> None:
    """In arithmetic, in keywords, and in conditions."""

    class A(PureCell):
        n: int
        layers: Any = children(n, Linear, INDEX + 1, 2 * n, use_bias=INDEX == 0)
        mixed: Any = children(n, when(INDEX % 2 == 0, child(Linear, INDEX, 1), otherwise=child(PureCell)))

    made = A(3).resolved.children
    assert [(each.args, each.kwargs["use_bias"]) for each in made["layers"]] == [
        ((1, 6), True),
        ((2, 6), False),
        ((3, 6), False),
    ]
    assert [each.factory for each in made["mixed"]] == [Linear, PureCell, Linear]


def test_children_that_are_alike_are_resolved_once() -> None:
    """Hundreds of layers cost one evaluation."""

    class A(PureCell):
        same: Any = children(3, Linear, 2, 2)
        each: Any = children(3, Linear, INDEX, 2)

    made = A().resolved.children
    assert len({id(each) for each in made["same"]}) == 1
    assert len({id(each) for each in made["each"]}) == 3


def test_self_is_all_values() -> None:
    """As one object, derived values included, in arguments and in the factory."""

    class A(PureCell):
        n: int
        block: Any = Linear
        twice = 2 * n
        one: Any = child(SELF.block, SELF.n, out_features=SELF)
        many: Any = children(2, Linear, SELF, SELF.twice + INDEX)

    made = A(3).resolved.children
    assert (made["one"].factory, made["one"].args) == (Linear, (3,))
    assert made["one"].kwargs["out_features"] == SimpleNamespace(n=3, block=Linear, twice=6)
    assert [each.args[1] for each in made["many"]] == [6, 7]
    assert not hasattr(made["many"][0].args[0], "INDEX")


def test_resolving_needs_no_instance() -> None:
    """A declaration and values are enough."""
    resolved = resolve(declaration(Linear), {"in_features": 3, "out_features": 4, "use_bias": True}, "float16")
    assert [(each.name, each.shape, each.dtype) for each in resolved.parameters] == [
        ("weight", (4, 3), "float16"),
        ("bias", (4,), "float16"),
    ]


def test_a_buffer_is_resolved_as_a_parameter_is() -> None:
    """Whether it is saved is on its spec."""

    class A(PureCell):
        n: int
        table: Any = buffer("zeros", (n,), "int64", persistent=False)

    (only,) = A(3).resolved.parameters
    assert (only.shape, only.dtype, only.spec.persistent) == ((3,), "int64", False)
    assert names([only]) == ["table"]
