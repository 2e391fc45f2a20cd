"""What someone is told who makes a mistake in a class body, or gives a model wrong values: the whole text of each message.

File and line are found in this file's own source. Nothing here is in strings unless a test is about strings.
"""

# ruff: noqa: B007, E501, F722, UP045, RUF100 - mistakes are what is tested

import inspect
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Optional

import pytest
from attrs.validators import in_, instance_of
from mindspore import Parameter, nn
from mindspore.common.initializer import Normal

from lazycell import (
    INDEX,
    SELF,
    Buffer,
    DeclarationError,
    HyperparameterError,
    LazyCell,
    Param,
    RequirementError,
    UnknownNameError,
    buffer,
    child,
    children,
    hyper,
    max_,
    min_,
    param,
    require,
    same,
    tie,
    when,
)


class Linear(LazyCell):
    in_features: int
    out_features: int
    use_bias: bool = True
    weight: Param["he_uniform", (out_features, in_features)]
    bias: Param["zeros", (out_features,)] = when(use_bias)


def told(make: Callable[[], Any], at: str, text: str, error: type[Exception] = DeclarationError) -> None:
    """Check that `make` raises `error` with this text, and shows the one line of `make` that holds `at`."""
    lines, first = inspect.getsourcelines(make)
    (number,) = (k for k, line in enumerate(lines) if at in line)
    with pytest.raises(Exception) as caught:  # noqa: B017, PT011
        make()
    assert str(caught.value) == f'{text}\n  File "{__file__}", line {first + number}\n    {lines[number].strip()}'
    assert type(caught.value) is error


def told_here(make: Callable[[], Any], text: str, error: type[Exception] = DeclarationError) -> None:
    """Check that `make` raises `error` with this text, and shows the line of the calling test that ends with `# here`."""
    lines, first = inspect.getsourcelines(sys._getframe(1).f_code)
    (number,) = (k for k, line in enumerate(lines) if line.rstrip().endswith("# here"))
    with pytest.raises(Exception) as caught:  # noqa: B017, PT011
        make()
    assert str(caught.value) == f'{text}\n  File "{__file__}", line {first + number}\n    {lines[number].strip()}'
    assert type(caught.value) is error


# --------------------------------------------------------------------------------------------------------------- names


def test_a_misspelt_name() -> None:
    """The near name is suggested."""

    def make() -> None:
        class A(LazyCell):
            hidden: int
            w: Param["normal", (hiden,)]

    told(
        make,
        "(hiden,)",
        "A: `hiden` is not a name that this class body knows at this point; did you mean `hidden`?",
        UnknownNameError,
    )


def test_a_misspelt_name_of_the_language() -> None:
    """What is imported counts, too."""

    def make() -> None:
        class A(LazyCell):
            hidden: int = hypr(8)

    told(
        make,
        "hypr(8)",
        "A: `hypr` is not a name that this class body knows at this point; did you mean `hyper`?",
        UnknownNameError,
    )


def test_an_unknown_name() -> None:
    """Without a near name there is no suggestion."""

    def make() -> None:
        class A(LazyCell):
            total = 2 * zzzzzz

    told(make, "zzzzzz", "A: `zzzzzz` is not a name that this class body knows at this point", UnknownNameError)


def test_a_name_that_is_declared_below() -> None:
    """A class body runs from the top."""

    def make() -> None:
        class A(LazyCell):
            w: Param["normal", (width,)]
            width: int

    told(make, "(width,)", "A: `width` is not a name that this class body knows at this point", UnknownNameError)


def test_a_misspelt_name_in_a_string() -> None:
    """The annotation is shown as it was written."""

    def make() -> None:
        class A(LazyCell):
            hidden: int
            w: "Param['normal', (hiden,)]"

    told(
        make,
        "(hiden,)",
        "A.w: `hiden` is not a name that the annotation `Param['normal', (hiden,)]` can use; did you mean `hidden`?",
        UnknownNameError,
    )


def test_a_misspelt_name_in_a_shape_string() -> None:
    """The shape is shown as it was understood."""

    def make() -> None:
        class A(LazyCell):
            hidden: int
            w: Param["normal", "hiden 4*hidden"]

    told(
        make,
        "w: Param",
        "A.w: `(hiden, 4 * hidden)` uses `hiden`, which nothing declares; did you mean `hidden`?",
    )


def test_a_name_that_cell_uses() -> None:
    """It would silently break the cell."""

    def make() -> None:
        class A(LazyCell):
            phase: int

    told(
        make,
        "phase: int",
        "A.phase: `phase` is a name that every cell uses already, so this declaration would break it: "
        "write `phase_`, or a name that says more",
    )


def test_a_parameter_with_a_name_that_cell_uses() -> None:
    """Whatever is declared."""

    def make() -> None:
        class A(LazyCell):
            cells: Param["zeros", (3,)]

    told(
        make,
        "cells: Param",
        "A.cells: `cells` is a name that every cell uses already, so this declaration would break it: "
        "write `cells_`, or a name that says more",
    )


def test_a_hyperparameter_named_self() -> None:
    """The constructor has one already."""

    def make() -> None:
        class A(LazyCell):
            self: int

    told(
        make,
        "self: int",
        "A.self: `self` is a name that lazycell's language uses already, so this declaration would break it: "
        "write `self_`, or a name that says more",
    )


def test_in_as_a_name_in_a_shape_string() -> None:
    """Python itself refuses it everywhere else."""

    def make() -> None:
        class A(LazyCell):
            out: int
            w: Param["normal", "out in"]

    told(
        make,
        "w: Param",
        'the shape "out in": `in` is a Python keyword, so no hyperparameter can have that name: '
        "write `in_features` or `in_` instead",
    )


def test_in_as_a_name_in_a_string() -> None:
    """The annotation cannot be read."""

    def make() -> None:
        class A(LazyCell):
            out: int
            w: "Param['normal', (out, in)]"

    told(
        make,
        "w:",
        "A.w: the annotation `Param['normal', (out, in)]` cannot be evaluated: SyntaxError: invalid syntax",
    )


def test_two_parameters_of_one_name() -> None:
    """The second would silently replace the first."""

    def make() -> None:
        class A(LazyCell):
            w: Param["zeros", (3,)]
            w: Param["ones", (3,)]

    first = inspect.getsourcelines(make)[1] + 2
    told(make, '"ones"', f"A.w: declared twice in one class body, first in line {first}: rename one of them")


def test_a_method_with_the_name_of_a_parameter() -> None:
    """As a second declaration."""

    def make() -> None:
        class A(LazyCell):
            w: Param["zeros", (3,)]

            def w(self) -> None: ...

    first = inspect.getsourcelines(make)[1] + 2
    told(make, "def w", f"A.w: declared twice in one class body, first in line {first}: rename one of them")


# ------------------------------------------------------------------------------------------- symbols where values are due


NO_VALUE = "has no value while the class body runs, so"
DECIDE = (
    "Python cannot decide `if`, `and`, `or`, `not`, `in`, `min`, `max` or a chained comparison with it. "
    'Write `when(condition, …)` for a part that may be absent, `require(condition, "…")` for a check, '
    "`&`, `|`, `~` for logic, `min_(a, b)` and `max_(a, b)`."
)
REPEAT = "Write `children(count, Cell, …)` for repeated cells."
WHOLE = "Write `//` for a whole number."


def test_a_symbol_in_if() -> None:
    """The expression that has no value is shown."""

    def make() -> None:
        class A(LazyCell):
            n: int
            if n > 2:
                w: Param["zeros", (3,)]

    told(make, "if n > 2", f"`n > 2` {NO_VALUE} {DECIDE}")


def test_a_symbol_in_and() -> None:
    """It is a choice like `if`."""

    def make() -> None:
        class A(LazyCell):
            a: bool
            b: bool
            w: Param["zeros", (3,)] = when(a and b)

    told(make, "a and b", f"`a` {NO_VALUE} {DECIDE}")


def test_a_symbol_in_range() -> None:
    """There is a word for what it is mostly meant for."""

    def make() -> None:
        class A(LazyCell):
            n: int
            layers = list(range(n))

    told(make, "range(n)", f"`n` {NO_VALUE} it cannot count or index (`range`, an index into a list). {REPEAT}")


def test_a_symbol_in_for() -> None:
    """The same."""

    def make() -> None:
        class A(LazyCell):
            sizes: Any
            for size in sizes:
                pass

    told(make, "for size", f"`sizes` {NO_VALUE} it cannot be iterated. {REPEAT}")


def test_a_symbol_in_int() -> None:
    """Whole-number division is what is meant."""

    def make() -> None:
        class A(LazyCell):
            n: int
            half = int(n / 2)

    told(make, "int(n / 2)", f"`n / 2` {NO_VALUE} `int()` cannot convert it. {WHOLE}")


def test_a_symbol_in_round() -> None:
    """The same."""

    def make() -> None:
        class A(LazyCell):
            n: int
            half = round(n / 2)

    told(make, "round(n / 2)", f"`n / 2` {NO_VALUE} it cannot be rounded. {WHOLE}")


def test_a_symbol_in_math() -> None:
    """Powers are there for roots."""

    def make() -> None:
        import math

        class A(LazyCell):
            n: int
            scale = math.sqrt(n)

    told(
        make,
        "math.sqrt(n)",
        f"`n` {NO_VALUE} `float()` and `math` cannot convert it. Write `x ** 0.5` for a square root.",
    )


def test_a_symbol_in_len() -> None:
    """A length can be an argument."""

    def make() -> None:
        class A(LazyCell):
            sizes: Any
            n = len(sizes)

    told(make, "len(sizes)", f"`sizes` {NO_VALUE} `len()` is not known. Give the length a hyperparameter of its own.")


def test_a_symbol_in_abs() -> None:
    """The larger of both signs."""

    def make() -> None:
        class A(LazyCell):
            n: int
            m = abs(n)

    told(make, "abs(n)", f"`n` {NO_VALUE} `abs()` cannot be taken. Write `max_(x, -x)`.")


def test_a_symbol_in_an_f_string() -> None:
    """It would hold a name where a value is meant."""

    def make() -> None:
        class A(LazyCell):
            n: int
            require(n > 2, f"{n} is too small")

    told(
        make,
        "require(n > 2",
        f"`n` {NO_VALUE} an f-string would hold its name. "
        "Make the text in `__post_init__`; `require` shows the values by itself.",
    )


def test_a_symbol_that_is_searched() -> None:
    """Comparisons do it."""

    def make() -> None:
        class A(LazyCell):
            kinds: Any
            has_bias = "bias" in kinds

    told(make, "in kinds", f"`kinds` {NO_VALUE} `in` cannot look into it. Write `(x == a) | (x == b)`.")


def test_a_symbol_that_hides_a_function() -> None:
    """The name stands for something else here."""

    def make() -> None:
        class A(LazyCell):
            child: int
            inner: Linear = child(Linear, 3, 3)

    told(
        make,
        "child(Linear",
        f"`child` {NO_VALUE} it cannot be called. In this class body the name stands for a hyperparameter or a "
        "derived value, and hides a function that goes by the same name: rename one of them.",
    )


def test_a_method_of_a_symbol() -> None:
    """There is no object yet whose method it could be."""

    def make() -> None:
        class A(LazyCell):
            config: Any
            inner: Linear = child(Linear, **config.to_dict())

    told(
        make,
        "config.to_dict()",
        f"`config.to_dict` {NO_VALUE} it cannot be called. "
        "Call it in `__post_init__`, or in a function that builds the cell: `child(make_block, config)`.",
    )


def test_a_symbol_that_is_changed() -> None:
    """There is nothing to change yet."""

    def make() -> None:
        class A(LazyCell):
            config: Any
            config.hidden = 3

    told(
        make, "config.hidden", f"`config` {NO_VALUE} nothing can be stored in it. Change the value in `__post_init__`."
    )


def test_a_symbol_as_a_method_s_default() -> None:
    """It would be the symbol for ever."""

    def make() -> None:
        class A(LazyCell):
            n: int

            def construct(self, x: Any, k: Any = n) -> None: ...

    told(
        make,
        "def construct",
        "A.construct: a default of this method is the symbol `n`, which has no value in a class body: "
        "write `None` there, and compute it from `self` in the method",
    )


def test_min_of_one_value() -> None:
    """Two at least."""

    def make() -> None:
        class A(LazyCell):
            n: int
            m = min_(n)

    told(make, "min_(n)", "min_() takes two or more values, not 1: write `min_(a, b)`")
    assert (min_(1, 2), max_(1, 2)) == (1, 2)


# --------------------------------------------------------------------------------------------- shapes, counts and dtypes


def test_a_shape_with_a_float() -> None:
    """Division gives floats, even when it comes out even."""

    class A(LazyCell):
        n: int
        m: int = 2
        w: Param["zeros", (m, n / m)]  # here

    told_here(
        lambda: A(8),
        "A.w: dimension 1 of the shape `(m, n / m)` is 4.0 with n=8, m=2: a size is a whole number. "
        "Write `//` instead of `/`",
    )


def test_a_shape_with_a_negative_size() -> None:
    """The values that make it are shown."""

    class A(LazyCell):
        n: int
        w: Param["zeros", (3, n - 5)]  # here

    told_here(
        lambda: A(3),
        "A.w: dimension 1 of the shape `(3, n - 5)` is -2 with n=3: a size is at least 1. "
        "Write `when(…)` for a parameter that may be absent",
    )


def test_a_shape_with_zero() -> None:
    """An empty parameter is none."""

    class A(LazyCell):
        n: int
        w: Param["zeros", (n,)]  # here

    told_here(
        lambda: A(0),
        "A.w: dimension 0 of the shape `(n,)` is 0 with n=0: a size is at least 1. "
        "Write `when(…)` for a parameter that may be absent",
    )


def test_a_shape_with_a_truth_value() -> None:
    """Though Python counts with it."""

    class A(LazyCell):
        n: Any
        w: Param["zeros", (n,)]  # here

    told_here(
        lambda: A(True),
        "A.w: dimension 0 of the shape `(n,)` is True with n=True, a bool: a size is a whole number",
    )


def test_a_shape_that_is_no_tuple() -> None:
    """The comma is what is missing."""

    def make() -> None:
        class A(LazyCell):
            n: int
            w: Param["zeros", n]

    told(make, "w: Param", "the shape `n` is not a tuple: write `(n,)`")


def test_a_shape_string_with_spaces() -> None:
    """They separate dimensions."""

    def make() -> None:
        class A(LazyCell):
            n: int
            w: Param["zeros", "4 * n"]

    told(
        make,
        "w: Param",
        'the shape "4 * n": `*` is not an expression of names, numbers and `+ - * // % **`; '
        "spaces separate dimensions, so write none inside one",
    )


def test_a_count_that_is_no_whole_number() -> None:
    """A count is 0 or more."""

    class A(LazyCell):
        n: int
        layers: list[Linear] = children(n / 2, Linear, 3, 3)  # here

    told_here(
        lambda: A(8),
        "A.layers: the count `n / 2` is 4.0 with n=8: it is a whole number, 0 or more",
    )


def test_arithmetic_that_fails() -> None:
    """Expression, values, and what Python says."""

    class A(LazyCell):
        hidden: int
        n_heads: int
        head_dim: int = hidden // n_heads  # here

    told_here(
        lambda: A(8, 0),
        "A.head_dim: `hidden // n_heads` cannot be computed with hidden=8, n_heads=0: "
        "ZeroDivisionError: integer division or modulo by zero",
    )


def test_a_config_without_the_attribute() -> None:
    """The near attribute is suggested."""

    class A(LazyCell):
        config: Any
        w: Param["zeros", (config.hiden_size,)]  # here

    config = SimpleNamespace(hidden_size=8)
    told_here(
        lambda: A(config),
        "A.w: `(config.hiden_size,)` cannot be computed with config=namespace(hidden_size=8): AttributeError: "
        "'types.SimpleNamespace' object has no attribute 'hiden_size'; did you mean `hidden_size`?",
    )


def test_an_unknown_dtype_of_a_parameter() -> None:
    """The known ones are listed."""

    class A(LazyCell):
        kind: Any
        w: Param["zeros", (3,), kind]  # here

    told_here(
        lambda: A("flaot32"),
        "A.w: the dtype `kind` with kind='flaot32': 'flaot32' is not a dtype that lazycell knows; it knows "
        + KNOWN_DTYPES,
    )


KNOWN_DTYPES = (
    "bool, uint8, int8, uint16, int16, uint32, int32, uint64, int64, float8_e4m3fn, float8_e5m2, float16, bfloat16, "
    "float32, float64, complex64, complex128"
)


def test_an_unknown_dtype_of_the_cell() -> None:
    """It is the constructor's argument."""
    with pytest.raises(DeclarationError) as caught:
        Linear(3, 4, dtype="flaot32")
    assert str(caught.value) == (
        "Linear: dtype='flaot32': 'flaot32' is not a dtype that lazycell knows; it knows " + KNOWN_DTYPES
    )


# ------------------------------------------------------------------------------------------------------ hyperparameters


def test_a_required_one_after_a_defaulted_one() -> None:
    """As in Python's own signatures."""

    def make() -> None:
        class A(LazyCell):
            a: int = 1
            b: int

    told(
        make,
        "b: int",
        "A.b: `b` has no default, but stands after `a` which has one (1): give `b` a default, or declare it first",
    )


def test_a_required_one_after_an_inherited_default() -> None:
    """The base's come first, so there is one way out."""

    def make() -> None:
        class Scaled(Linear):
            scale: float

    told(
        make,
        "scale: float",
        "Scaled.scale: `scale` has no default, but stands after `use_bias`, inherited from Linear, which has one "
        "(True): give `scale` a default",
    )


def test_a_circular_default() -> None:
    """The whole circle is shown."""

    def make() -> None:
        class Base(LazyCell):
            a: int = 1
            b: int = a

        class A(Base):
            a: int = 2 * b

    told(
        make,
        "2 * b",
        "A.a: the value of `a` depends on itself: a → b → a. Write one of them without the others, "
        "or give the new value a name of its own",
    )


def test_a_hyperparameter_that_is_increased() -> None:
    """It would be its own default."""

    def make() -> None:
        class A(LazyCell):
            n: int = 3
            n += 1

    told(
        make,
        "n += 1",
        "A.n: the value of `n` depends on itself: n → n. Write one of them without the others, "
        "or give the new value a name of its own",
    )


def test_a_requirement_that_does_not_hold() -> None:
    """The user's text, the condition, the values."""

    class A(LazyCell):
        hidden: int
        n_heads: int
        require(hidden % n_heads == 0, "hidden must be divisible by n_heads")  # here

    told_here(
        lambda: A(65, 8),
        "A: hidden must be divisible by n_heads: `hidden % n_heads == 0` does not hold with hidden=65, n_heads=8",
        RequirementError,
    )


def test_require_elsewhere() -> None:
    """It needs a class body."""

    def make() -> None:
        require(True, "text")

    told(
        make,
        "require(True",
        "require(condition, message) belongs in the body of a LazyCell class: write an `if` and a `raise` elsewhere",
    )


def test_require_with_a_string() -> None:
    """A string is always true."""

    def make() -> None:
        class A(LazyCell):
            n: int
            require("n > 2", "n is more than 2")

    told(
        make,
        "require(",
        "require(condition, message) takes the condition as an expression, not as text: "
        'write `require(hidden > 0, "…")`',
    )


def test_a_removed_hyperparameter_that_is_used() -> None:
    """Where it is used, and what to do instead."""

    def make() -> None:
        class A(Linear):
            use_bias = None

    lines, first = inspect.getsourcelines(Linear)
    number = next(k for k, line in enumerate(lines) if "bias: Param" in line)
    with pytest.raises(DeclarationError) as caught:
        make()
    assert str(caught.value) == (
        "Linear.bias: it uses `use_bias`, which A removed: give it a value (`use_bias = …`) instead, or "
        f'override this as well\n  File "{__file__}", line {first + number}\n    {lines[number].strip()}'
    )


def test_a_parameter_used_as_a_size() -> None:
    """Only hyperparameters are known when a class is defined."""

    def make() -> None:
        class A(LazyCell):
            w: Param["zeros", (3,)]
            v: Param["zeros", (w, 2)]

    told(
        make,
        "v: Param",
        "A.v: `(w, 2)` uses `w`, which is declared as a parameter or a cell: only hyperparameters and values derived "
        "from them are known here",
    )


def test_a_misspelt_option_of_hyper() -> None:
    """Python's own message is enough."""
    with pytest.raises(TypeError, match=r"^hyper\(\) got an unexpected keyword argument 'defualt'"):
        hyper(defualt=8)  # type: ignore[call-overload]


def test_same_of_another_class() -> None:
    """Only a LazyCell has hyperparameters."""

    def make() -> None:
        class A(LazyCell):
            inner: Any = child(Linear, **same(nn.Dense))

    told(make, "same(nn.Dense)", "same() takes a LazyCell class, and Dense is none: write `**same(Options)`")


# ----------------------------------------------------------------------------------------------------------- parameters


def test_param_with_one_argument() -> None:
    """An example is shown."""

    def make() -> None:
        class A(LazyCell):
            w: Param["zeros"]

    told(
        make,
        "w: Param",
        "`Param[…]` takes an initializer and a shape, and a dtype if it needs its own: "
        'write `Param["normal", (out_features, in_features)]`',
    )


def test_param_with_four_arguments() -> None:
    """The same."""

    def make() -> None:
        class A(LazyCell):
            w: Buffer["zeros", (3,), "int32", True]

    told(
        make,
        "w: Buffer",
        "`Buffer[…]` takes an initializer and a shape, and a dtype if it needs its own: "
        'write `Buffer["normal", (out_features, in_features)]`',
    )


def test_param_without_brackets() -> None:
    """It would be an argument of the constructor."""

    def make() -> None:
        class A(LazyCell):
            w: Param

    told(
        make,
        "w: Param",
        'A.w: `Param` needs an initializer and a shape: write `w: Param["normal", (out_features, in_features)]`',
    )


def test_param_called() -> None:
    """`param` is the function."""

    def make() -> None:
        class A(LazyCell):
            w: Any = Param("zeros", (3,))

    told(
        make,
        "w: Any",
        "`Param` is written in brackets, as an annotation: "
        'write `weight: Param["normal", (out_features, in_features)]`, or `param(…)` after `=`',
    )


def test_param_with_a_value() -> None:
    """Its value comes from the initializer."""

    def make() -> None:
        class A(LazyCell):
            w: Param["zeros", (3,)] = 4

    told(
        make,
        "w: Param",
        "A.w: an annotation `Param[…]` takes no value, but `4` was assigned: write `= when(condition)` for a "
        "parameter that may be absent, or the initializer in the brackets",
    )


def test_param_with_a_declaration() -> None:
    """One of both spellings, not both."""

    def make() -> None:
        class A(LazyCell):
            w: Param["zeros", (3,)] = param("zeros", (3,))

    told(
        make,
        "w: Param",
        "A.w: an annotation `Param[…]` takes no value, but `param(…)` was assigned: write `= when(condition)` for a "
        "parameter that may be absent, or the initializer in the brackets",
    )


def test_param_or_none() -> None:
    """What other libraries write for something that may be absent."""

    def make() -> None:
        class A(LazyCell):
            flag: bool
            w: Param["zeros", (3,)] | None = when(flag)

    told(
        make,
        "w: Param",
        "`Param[…] | None` is no annotation: write `bias: Param[…] = when(use_bias)` for one that may be absent",
    )


def test_optional_param() -> None:
    """The same, in older words."""

    def make() -> None:
        class A(LazyCell):
            flag: bool
            w: "Optional[Param['zeros', (3,)]]" = when(flag)

    with pytest.raises((DeclarationError, TypeError)) as caught:
        make()
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

    def make() -> None:
        class A(LazyCell):
            w: Param["nromal", (3,)]

    with pytest.raises(DeclarationError) as caught:
        make()
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


def test_an_initializer_class() -> None:
    """An instance is wanted."""

    def make() -> None:
        class A(LazyCell):
            w: Param[Normal, (3,)]

    told(make, "w: Param", "Normal is a class, not an initializer: write `Normal()`")


def test_values_as_an_initializer() -> None:
    """They would take memory at once."""

    def make() -> None:
        class A(LazyCell):
            w: Param[[1.0, 2.0], (2,)]

    told(
        make,
        "w: Param",
        'list is not an initializer: values made beforehand take memory at once: write a name ("normal"), a number, '
        "an Initializer (Normal(0.02)) or a function (shape, dtype) -> array",
    )


def test_a_shard_of_the_wrong_length() -> None:
    """One entry a dimension."""

    def make() -> None:
        class A(LazyCell):
            n: int
            w: Parameter = param("zeros", (n, 2 * n), shard=("tp",))

    told(
        make,
        "w: Parameter",
        "shard=('tp',) has length 1, and the shape (n, 2 * n) has 2 dimensions: write one entry a dimension: a mesh axis, "
        "a tuple of axes, or None",
    )


def test_a_shard_that_is_no_tuple() -> None:
    """A string has a length, too."""

    def make() -> None:
        class A(LazyCell):
            w: Parameter = param("zeros", (3, 3), shard="tp")

    told(make, "w: Parameter", "shard='tp' is not a tuple: write `shard=('tp',)`, one entry a dimension")


def test_tags_that_are_no_tuple() -> None:
    """A string would be taken letter by letter."""

    def make() -> None:
        class A(LazyCell):
            w: Parameter = buffer("zeros", (3,), tags="cache")

    told(make, "w: Parameter", "tags='cache' is not a tuple: write `tags=('cache',)`")


# ----------------------------------------------------------------------------------------------------------- conditions


def test_when_alone() -> None:
    """It does not say what is there."""

    def make() -> None:
        class A(LazyCell):
            flag: bool
            w: Any = when(flag)

    told(
        make,
        "w: Any",
        'A.w: `when(condition)` alone does not say what is declared: write `when(condition, param("zeros", (n,)))`, '
        "or annotate with `Param[…]`",
    )


def test_when_alone_inside_another() -> None:
    """The same."""

    def make() -> None:
        class A(LazyCell):
            a: bool
            b: bool
            w: Param["zeros", (3,)] = when(a, when(b))

    told(
        make,
        "when(a, when(b))",
        "a `when(condition)` inside another does not say what is declared: write `when(one & other)`",
    )


def test_when_with_a_string() -> None:
    """A string is always true."""

    def make() -> None:
        class A(LazyCell):
            flag: bool
            w: Param["zeros", (3,)] = when("flag")

    told(
        make,
        'when("flag")',
        "the condition of when() is an expression, not text: write `when(use_bias)` without the quotes",
    )


def test_when_between_a_value_and_a_declaration() -> None:
    """Either or."""

    def make() -> None:
        class A(LazyCell):
            flag: bool
            w: Any = when(flag, child(Linear, 3, 3), otherwise=5)

    told(
        make,
        "otherwise=5",
        "`5` is not a declaration, but the other part of this when() is: write `child(…)` or `param(…)` for both, or None",
    )


def test_when_with_a_hyperparameter() -> None:
    """An argument is there or not."""

    def make() -> None:
        class A(LazyCell):
            flag: bool
            n: int = when(flag, hyper(3))

    told(
        make,
        "hyper(3)",
        "a hyperparameter is there under every condition: write `window: int = when(local, 4096, otherwise=0)`",
    )


# ------------------------------------------------------------------------------------------------------------- children


def test_a_plain_list_of_cells_in_the_body() -> None:
    """MindSpore would not register them."""

    def make() -> None:
        class A(LazyCell):
            n: int
            layers: list[Linear] = [child(Linear, n, n), child(Linear, n, n)]

    told(
        make,
        "layers:",
        "A.layers: what is in a plain list is not registered, so its parameters would be lost: "
        "write `layers: list[Block] = children(count, Block, …)`, or a name for each",
    )


def test_a_plain_list_of_cells_in_post_init() -> None:
    """MindSpore would not register them either."""

    def make() -> None:
        class A(LazyCell):
            def __post_init__(self) -> None:
                self.layers = [Linear(3, 3)]

        A()

    told(
        make,
        "self.layers =",
        "A.layers: cells in a plain list are not registered, so their parameters would be lost: write "
        "`layers: list[Block] = children(count, Block, …)` in the class body, or `self.layers = nn.CellList(…)`",
    )


def test_a_plain_dict_of_cells_in_post_init() -> None:
    """The same."""

    def make() -> None:
        class A(LazyCell):
            def __post_init__(self) -> None:
                self.parts = {"a": nn.Dense(3, 3)}

        A()

    told(
        make,
        "self.parts =",
        "A.parts: cells in a plain dict are not registered, so their parameters would be lost: write "
        "`parts: list[Block] = children(count, Block, …)` in the class body, or `self.parts = nn.CellList(…)`",
    )


def test_a_lazy_cell_built_in_the_body() -> None:
    """Its arguments have no values yet."""

    def make() -> None:
        class A(LazyCell):
            n: int
            part: Linear = Linear(n, n)

    told(
        make,
        "Linear(n, n)",
        "Linear: `in_features` was given the symbol `n`: inside a class body a cell is declared, not built. "
        "Write `child(Linear, …)`",
    )


def test_a_plain_cell_built_in_the_body() -> None:
    """All instances would share it."""

    def make() -> None:
        class A(LazyCell):
            act: nn.Cell = nn.ReLU()

    told(
        make,
        "nn.ReLU()",
        "A.act: this ReLU is built already, once for all instances: write `act: ReLU = child(ReLU, …)`",
    )


def test_child_of_an_instance() -> None:
    """The class is wanted."""

    def make() -> None:
        class A(LazyCell):
            part: Linear = child(Linear(3, 3))

    told(
        make,
        "child(Linear(3, 3))",
        "child() takes the class and its arguments, not a cell that is built already: write `child(Linear, …)`",
    )


def test_children_of_an_instance() -> None:
    """The same."""

    def make() -> None:
        class A(LazyCell):
            parts: list[Linear] = children(3, Linear(3, 3))

    told(
        make,
        "children(3",
        "children() takes the class and its arguments, not a cell that is built already: "
        "write `children(count, Linear, …)`",
    )


def test_a_cell_as_an_argument_of_a_child() -> None:
    """All instances would share its parameters; a cell without any may be shared."""

    def make() -> None:
        class A(LazyCell):
            part: nn.Cell = child(nn.SequentialCell, nn.Dense(3, 3), nn.ReLU())

    told(
        make,
        "nn.Dense(3, 3)",
        "a Dense that is built already cannot be an argument of a child: all instances would share it: "
        "write a function that builds the whole child, `child(make_stack, hidden)`",
    )
    assert child(nn.Dense, 3, 3, activation=nn.ReLU()) is not None


def test_a_declaration_as_an_argument_of_a_child() -> None:
    """Declarations are not nested."""

    def make() -> None:
        class A(LazyCell):
            parts: Any = children(2, nn.SequentialCell, child(nn.Dense, 3, 3))

    told(
        make,
        "nn.SequentialCell",
        "a declaration cannot be an argument of a child: all instances would share it: "
        "write a function that builds the whole child, `child(make_stack, hidden)`",
    )


def test_child_of_something_else() -> None:
    """It has to be called."""

    def make() -> None:
        class A(LazyCell):
            part: Any = child("Linear", 3, 3)

    told(make, "child(", "child() takes a class or a function, not 'Linear': write `child(Block, hidden)`")


def test_children_of_a_parameter() -> None:
    """Only cells are repeated."""

    def make() -> None:
        class A(LazyCell):
            parts: Any = children(3, param("zeros", (3,)))

    told(
        make,
        "children(3",
        "children() repeats cells, and nothing else: write `children(count, child(Block, hidden))`",
    )


def test_children_of_a_child_with_arguments() -> None:
    """They belong to the child."""

    def make() -> None:
        class A(LazyCell):
            parts: Any = children(3, child(Linear, 3), 4)

    told(
        make,
        "children(3",
        "children(count, child(…)) takes no further arguments: write `children(count, child(Block, hidden))`",
    )


def test_a_position_without_a_cell() -> None:
    """A list has no holes."""

    class A(LazyCell):
        n: int
        parts: Any = children(n, when(INDEX > 0, child(Linear, 3, 3)))  # here

    told_here(
        lambda: A(2),
        "A.parts: nothing is declared for position 0: write `otherwise=child(…)`",
    )


def test_wrong_arguments_for_a_child() -> None:
    """The call with its values, and what the class takes; the same when only a manifest is made."""

    class A(LazyCell):
        n: int
        part: Linear = child(Linear, n, use_bia=False)  # here

    text = (
        "A.part: `Linear(3, use_bia=False)` does not fit: missing a required argument: 'out_features'. "
        "It takes (in_features, out_features, use_bias, dtype)"
    )
    told_here(lambda: A(3), text)
    told_here(lambda: A.manifest(3), text)


def test_wrong_arguments_for_a_plain_cell() -> None:
    """The same."""

    class A(LazyCell):
        part: nn.Cell = child(nn.ReLU, 1, 2, 3)  # here

    told_here(
        lambda: A(),
        "A.part: `ReLU(1, 2, 3)` does not fit: too many positional arguments. It takes "
        f"({', '.join(inspect.signature(nn.ReLU).parameters)})",
    )


def test_a_child_that_is_no_cell() -> None:
    """Whatever the factory gives is checked; the same when only a manifest is made."""

    class A(LazyCell):
        part: Any = child(dict, a=1)  # here

    text = "A.part: `dict(a=1)` gave a dict: a child has to be an nn.Cell"
    told_here(lambda: A(), text)
    told_here(lambda: A.manifest(), text)


def test_index_elsewhere() -> None:
    """Only `children` counts."""

    def make() -> None:
        class A(LazyCell):
            part: Linear = child(Linear, INDEX, 3)

    told(
        make,
        "INDEX",
        "A.part: `(INDEX, 3)` uses `INDEX`, which is only known in the arguments of children(…)",
    )


def test_self_elsewhere() -> None:
    """A parameter's shape names hyperparameters directly."""

    def make() -> None:
        class A(LazyCell):
            n: int
            w: Param["zeros", (SELF.n,)]

    told(
        make,
        "SELF",
        "A.w: `(SELF.n,)` uses `SELF`, which is only known in the arguments of child(…) and children(…)",
    )


# ----------------------------------------------------------------------------------------------------------------- ties


def test_a_tie_to_nowhere() -> None:
    """The near name is suggested."""

    class A(LazyCell):
        head: Linear = child(Linear, 3, 4)
        embed: Linear = child(Linear, 3, 4)
        tied = tie("head.weight", "embed.wieght")  # here

    text = (
        "A.tied: the source `embed.wieght` of tie('head.weight', 'embed.wieght') is not a parameter of this model; "
        "did you mean `embed.weight`?"
    )
    told_here(lambda: A(), text)
    told_here(lambda: A.manifest(), text)


def test_a_tie_from_nowhere() -> None:
    """The same at the other end."""

    class A(LazyCell):
        embed: Linear = child(Linear, 3, 4)
        tied = tie("haed.weight", "embed.weight")  # here

    text = (
        "A.tied: the target `haed.weight` of tie('haed.weight', 'embed.weight') is not a parameter of this model; "
        "did you mean `embed.weight`?"
    )
    told_here(lambda: A(), text)


def test_a_tie_of_different_shapes() -> None:
    """Both are shown."""

    class A(LazyCell):
        head: Linear = child(Linear, 3, 4)
        embed: Linear = child(Linear, 4, 3)
        tied = tie("head.weight", "embed.weight")  # here

    text = (
        "A.tied: `head.weight` is float32 (4, 3) and `embed.weight` is float32 (3, 4): "
        "only parameters of one shape and dtype can be tied"
    )
    told_here(lambda: A(), text)
    told_here(lambda: A.manifest(), text)


def test_ties_in_a_circle() -> None:
    """Nothing would be stored."""

    class A(LazyCell):
        a: Param["zeros", (1,)]
        b: Param["zeros", (1,)]
        one = tie("a", "b")
        other = tie("b", "a")  # here

    text = "A.other: tie('b', 'a') closes a circle: `a` is tied to `b` already"
    told_here(lambda: A(), text)
    told_here(lambda: A.manifest(), text)


def test_a_name_that_is_tied_twice() -> None:
    """It can mean one parameter."""

    class A(LazyCell):
        a: Param["zeros", (1,)]
        b: Param["zeros", (1,)]
        c: Param["zeros", (1,)]
        one = tie("a", "b")
        other = tie("a", "c")  # here

    text = "A.other: tie('a', 'c') ties `a` a second time: it is `b` already"
    told_here(lambda: A(), text)
    told_here(lambda: A.manifest(), text)


def test_a_tie_to_itself() -> None:
    """That is no tie."""

    def make() -> None:
        class A(LazyCell):
            tied = tie("a", "a")

    told(make, "tie(", "tie('a', 'a') ties a name to itself: write `tie(\"head.weight\", \"embed.weight\")`")


def test_a_tie_of_parameters() -> None:
    """Names are wanted: the parameters are not there yet."""

    def make() -> None:
        class A(LazyCell):
            a: Param["zeros", (1,)]
            b: Param["zeros", (1,)]
            tied = tie(a, b)

    told(make, "tie(a, b)", 'tie(target, source) takes two dotted names: write `tie("head.weight", "embed.weight")`')


def test_a_tie_without_a_name() -> None:
    """It would silently not be made."""

    def make() -> None:
        class A(LazyCell):
            a: Param["zeros", (1,)]
            b: Param["zeros", (1,)]
            tie("a", "b")

    told(make, "tie(", "A: this tie(…) has no name, so the class would not have it: write `tied = tie(…)`")


def test_a_value_that_a_validator_refuses() -> None:
    """The validator's own words come with class, name and value."""

    def make() -> None:
        class A(LazyCell):
            act: str = hyper("gelu", validator=[instance_of(str), in_(("gelu", "relu"))])

        A("mish")

    told(
        make,
        "validator=",
        "A.act: act='mish' is refused: 'act' must be in ('gelu', 'relu') (got 'mish')",
        HyperparameterError,
    )


def test_a_value_that_a_converter_refuses() -> None:
    """So do a converter's."""

    def make() -> None:
        class A(LazyCell):
            heads: int = hyper(8, converter=int)

        A("many")

    told(
        make,
        "converter=",
        "A.heads: heads='many' is refused: invalid literal for int() with base 10: 'many'",
        HyperparameterError,
    )


def test_an_init_that_makes_nothing() -> None:
    """A hand-written `__init__` has to call `__lazy_init__`."""

    def make() -> None:
        class A(LazyCell):
            n: int = 2
            w: Param["zeros", (n,)]

            def __init__(self) -> None:
                super().__init__()

        A()  # built

    told(
        make,
        "# built",
        "A: this class writes its own `__init__`, which did not call `self.__lazy_init__(…)`: nothing that is declared "
        "was made",
    )
