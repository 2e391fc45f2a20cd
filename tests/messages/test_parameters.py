"""What someone is told who declares a parameter wrongly, or the condition under which it is there."""

# ruff: noqa: B007, E501, F722, UP045, RUF100 - mistakes are what is tested

from typing import Any, Optional

import pytest
from mindspore import Parameter
from mindspore.common.initializer import Normal

from lazycell import Buffer, DeclarationError, LazyCell, Param, buffer, child, hyper, param, when

from .telling import Linear, told


@told(
    '`Param[…]` takes an initializer and a shape, and a dtype if it needs its own: write `Param["normal", '
    "(out_features, in_features)]`"
)
def test_param_with_one_argument() -> None:
    """An example is shown."""

    class A(LazyCell):
        w: Param["zeros"]  # here


@told('`Buffer[…]` takes an initializer and a shape...write `Buffer["normal", (out_features, in_features)]`')
def test_param_with_four_arguments() -> None:
    """The same."""

    class A(LazyCell):
        w: Buffer["zeros", (3,), "int32", True]  # here


@told('A.w: `Param` needs an initializer and a shape...`w: Param["normal", (out_features, in_features)]`')
def test_param_without_brackets() -> None:
    """It would be an argument of the constructor."""

    class A(LazyCell):
        w: Param  # here


@told(
    '`Param` is written in brackets...`weight: Param["normal", (out_features, in_features)]`, or `param(…)` after `=`'
)
def test_param_called() -> None:
    """`param` is the function."""

    class A(LazyCell):
        w: Any = Param("zeros", (3,))  # here


@told("A.w:...`Param[…]` takes no value, but `4` was assigned...`= when(condition)`...the initializer in the brackets")
def test_param_with_a_value() -> None:
    """Its value comes from the initializer."""

    class A(LazyCell):
        w: Param["zeros", (3,)] = 4  # here


@told(
    "A.w:...`Param[…]` takes no value, but `param(…)` was assigned...`= when(condition)`...the initializer in "
    "the brackets"
)
def test_param_with_a_declaration() -> None:
    """One of both spellings, not both."""

    class A(LazyCell):
        w: Param["zeros", (3,)] = param("zeros", (3,))  # here


@told("`Param[…] | None` is no annotation...`bias: Param[…] = when(use_bias)`...")
def test_param_or_none() -> None:
    """What other libraries write for something that may be absent."""

    class A(LazyCell):
        flag: bool
        w: Param["zeros", (3,)] | None = when(flag)  # here


def test_optional_param() -> None:
    """The same, in older words."""

    with pytest.raises((DeclarationError, TypeError)) as caught:

        class A(LazyCell):
            flag: bool
            w: "Optional[Param['zeros', (3,)]]" = when(flag)

    # Python 3.10 has an opinion of its own about what may stand in Optional[…].
    assert str(caught.value).startswith(
        (
            "A.w: `Param[…]` cannot stand inside another annotation: write `w: Param[…] = when(condition)` for a "
            "parameter that may be absent\n",
            "A.w: the annotation `Optional[Param['zeros', (3,)]]` cannot be evaluated: TypeError: ",
        )
    )
    assert Optional[int] is not None


def test_an_initializer_that_nobody_registered() -> None:
    """The near one, and all."""

    with pytest.raises(DeclarationError) as caught:

        class A(LazyCell):
            w: Param["nromal", (3,)]

    first, second, *_ = str(caught.value).splitlines()
    assert first == "A.w: no initializer is registered as 'nromal'; did you mean `normal`?"
    assert second.startswith("Known are ")
    assert {"normal", "zeros", "he_uniform"} <= set(second.removeprefix("Known are ").split(";")[0].split(", "))
    assert second.endswith("; @register_initializer('nromal') adds one")


def test_an_initializer_that_came_out_of_a_hyperparameter() -> None:
    """It is known when an instance is built."""

    class A(LazyCell):
        start: Any
        w: Param[start, (3,)]

    with pytest.raises(
        DeclarationError, match=r"^A\.w: no initializer is registered as 'zreos'; did you mean `zeros`\?"
    ):
        A("zreos")


@told("Normal is a class, not an initializer...`Normal()`")
def test_an_initializer_class() -> None:
    """An instance is wanted."""

    class A(LazyCell):
        w: Param[Normal, (3,)]  # here


@told('list is not an initializer...memory at once...("normal"), a number...(Normal(0.02))...(shape, dtype) -> array')
def test_values_as_an_initializer() -> None:
    """They would take memory at once."""

    class A(LazyCell):
        w: Param[[1.0, 2.0], (2,)]  # here


@told("shard=('tp',) has length 1...the shape (n, 2 * n) has 2 dimensions...one entry a dimension...")
def test_a_shard_of_the_wrong_length() -> None:
    """One entry a dimension."""

    class A(LazyCell):
        n: int
        w: Parameter = param("zeros", (n, 2 * n), shard=("tp",))  # here


@told("shard='tp' is not a tuple...`shard=('tp',)`...")
def test_a_shard_that_is_no_tuple() -> None:
    """A string has a length, too."""

    class A(LazyCell):
        w: Parameter = param("zeros", (3, 3), shard="tp")  # here


@told("tags='cache' is not a tuple...`tags=('cache',)`")
def test_tags_that_are_no_tuple() -> None:
    """A string would be taken letter by letter."""

    class A(LazyCell):
        w: Parameter = buffer("zeros", (3,), tags="cache")  # here


@told(
    'A.w: `when(condition)` alone does not say what is declared...`when(condition, param("zeros", (n,)))`, '
    "or...`Param[…]`"
)
def test_when_alone() -> None:
    """It does not say what is there."""

    class A(LazyCell):
        flag: bool
        w: Any = when(flag)  # here


@told("...`when(condition)` inside another does not say what is declared...`when(one & other)`")
def test_when_alone_inside_another() -> None:
    """The same."""

    class A(LazyCell):
        a: bool
        b: bool
        w: Param["zeros", (3,)] = when(a, when(b))  # here


@told("the condition of when() is...not text...`when(use_bias)` without the quotes")
def test_when_with_a_string() -> None:
    """A string is always true."""

    class A(LazyCell):
        flag: bool
        w: Param["zeros", (3,)] = when("flag")  # here


@told("`5` is not a declaration, but the other part...`child(…)` or `param(…)` for both, or None")
def test_when_between_a_value_and_a_declaration() -> None:
    """Either or."""

    class A(LazyCell):
        flag: bool
        w: Any = when(flag, child(Linear, 3, 3), otherwise=5)  # here


@told("a hyperparameter is there under every condition...`window: int = when(local, 4096, otherwise=0)`")
def test_when_with_a_hyperparameter() -> None:
    """An argument is there or not."""

    class A(LazyCell):
        flag: bool
        n: int = when(flag, hyper(3))  # here
