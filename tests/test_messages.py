"""What someone is told who makes a mistake in a class body, or gives a model wrong values: the whole text of each message.

File and line are found in this file's own source. Nothing here is in strings unless a test is about strings.
"""

# ruff: noqa: B007, E501, F722, UP045, RUF100 - mistakes are what is tested

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
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
    CheckpointMismatchError,
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
from lazycell.declaration._stored import fused, rename, reshaped, transposed

from .formats.files import write_tensors


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


# ------------------------------------------------------------------------------------------------- names in checkpoints


def test_rename_of_a_misspelt_name() -> None:
    """The near name is suggested; what the cells below are stored as counts."""

    def make() -> None:
        class A(LazyCell):
            out: Linear = child(Linear, 2, 2)
            rename({"c_proj.weight": transposed("out.weigth")})

    told(
        make,
        "rename(",
        'A: rename: `"c_proj.weight": transposed("out.weigth")`: nothing below this cell is called `out.weigth`; did '
        "you mean `out.weight`?",
    )


def test_rename_of_a_name_like_no_other() -> None:
    """Then what there is is listed."""

    def make() -> None:
        class A(LazyCell):
            layers: list[Linear] = children(2, Linear, 2, 2)
            rename({"x": "zzzzzz"})

    told(
        make,
        "rename(",
        'A: rename: `"x": "zzzzzz"`: nothing below this cell is called `zzzzzz`: there are `layers.{i}.weight`, '
        "`layers.{i}.bias`",
    )


def test_rename_where_nothing_is_declared() -> None:
    """There is nothing to suggest."""

    def make() -> None:
        class A(LazyCell):
            rename({"x": "y"})

    told(make, "rename(", 'A: rename: `"x": "y"`: nothing below this cell is called `y`: nothing is declared')


def test_rename_with_a_star() -> None:
    """It is no wildcard."""

    def make() -> None:
        class A(LazyCell):
            blocks: list[Linear] = children(2, Linear, 2, 2)
            rename({"layers.*": "blocks.*"})

    told(
        make,
        "rename(",
        'A: rename: `"layers.*": "blocks.*"`: nothing below this cell is called `blocks.*`; `*` is no wildcard here: '
        "write `{i}` for one segment, `{*rest}` for several",
    )


def test_rename_without_inverse() -> None:
    """Both sides have the same captures."""

    def make() -> None:
        class A(LazyCell):
            layers: list[Linear] = children(2, Linear, 2, 2)
            rename({"weight": "layers.{i}.weight"})

    told(
        make,
        "rename(",
        'A: rename: `"weight": "layers.{i}.weight"`: it has no inverse: "weight" does not have the capture `{i}`, as '
        "its counterpart does. Write the same captures on both sides",
    )


def test_rename_with_a_capture_that_leads_nowhere() -> None:
    """Nor the other way round, nor with another kind of capture."""

    def make() -> None:
        class A(LazyCell):
            out: Linear = child(Linear, 2, 2)
            rename({"h.{i}.weight": "out.weight"})

    told(
        make,
        "rename(",
        'A: rename: `"h.{i}.weight": "out.weight"`: it has no inverse: "out.weight" does not have the capture `{i}`, as '
        "its counterpart does. Write the same captures on both sides",
    )

    def make() -> None:
        class A(LazyCell):
            out: Linear = child(Linear, 2, 2)
            rename({"o.{rest}": "out.{*rest}"})

    told(
        make,
        "rename(",
        'A: rename: `"o.{rest}": "out.{*rest}"`: it has no inverse: "o.{rest}" does not have the capture `{*rest}`, as '
        "its counterpart does. Write the same captures on both sides",
    )


def test_rename_with_a_brace_too_few() -> None:
    """The pattern is shown, on either side."""

    def make() -> None:
        class A(LazyCell):
            out: Linear = child(Linear, 2, 2)
            rename({"o.{i": "out.weight"})

    told(
        make,
        "rename(",
        """A: rename: `"o.{i": "out.weight"`: 'o.{i': a capture is written {name} (one segment) or {*name} (several """
        "segments)",
    )


def test_rename_to_brackets_without_a_section() -> None:
    """Both spellings are shown."""

    def make() -> None:
        class A(LazyCell):
            w: Param["normal", (2,)]
            rename({"x": "w[0]"})

    told(
        make,
        "rename(",
        """A: rename: `"x": "w[0]"`: 'w[0]' is not a name: write `qkv.weight`, or `qkv.weight[q]` for one of its """
        "sections",
    )


def test_rename_of_one_parameter_twice() -> None:
    """Two rules, or one."""

    def make() -> None:
        class A(LazyCell):
            out: Linear = child(Linear, 2, 2)
            rename({"x": "out.weight", "o.{*rest}": "out.{*rest}"})

    told(
        make,
        "rename(",
        'A: rename: `"o.{*rest}": "out.{*rest}"`: `out.weight` is taken here and by `"x": "out.weight"`: a parameter is '
        "stored once",
    )

    def make() -> None:
        class A(LazyCell):
            w: Param["normal", (2,)]
            rename({"x": fused(a="w", b="w")})

    told(make, "rename(", 'A: rename: `"x": fused(a="w", b="w")`: `w` is taken twice: a parameter is stored once')


def test_rename_of_what_a_base_renames() -> None:
    """Another stored name does not replace a rule of a base; None takes it back."""

    class Base(LazyCell):
        w: Param["normal", (2,)]
        rename({"x": "w"})

    def make() -> None:
        class A(Base):
            rename({"y": "w"})

    told(
        make,
        "rename(",
        'A: rename: `"y": "w"`: `w` is taken here and by `"x": "w"`: a parameter is stored once; to replace that rule, '
        'add `"x": None`',
    )


def test_rename_of_a_section_twice() -> None:
    """A section is stored once, too, and not with the whole."""

    def make() -> None:
        class A(LazyCell):
            n: int
            w: Param["normal", (fused(q=n, k=n),)]
            rename({"q": "w[q]", "k": "w[q]"})

    told(
        make,
        "rename(",
        'A: rename: `"k": "w[q]"`: `w[q]` is taken here and by `"q": "w[q]"`: a parameter is stored once',
    )

    def make() -> None:
        class A(LazyCell):
            n: int
            w: Param["normal", (fused(q=n, k=n),)]
            rename({"q": "w[q]", "w": "w"})

    told(
        make,
        "rename(",
        'A: rename: `"w": "w"`: `w` is taken here and by `"q": "w[q]"`: a parameter is stored once',
    )


def test_rename_of_some_sections() -> None:
    """Those that would be stored nowhere are named."""

    def make() -> None:
        class A(LazyCell):
            n: int
            qkv: Param["normal", (fused(q=n, k=n, v=n), n)]
            rename({"q": "qkv[q]"})

    told(
        make,
        "rename(",
        'A: rename: `"q": "qkv[q]"`: `qkv[k]`, `qkv[v]` is stored nowhere: give every section of `qkv` a rule, or none',
    )


def test_rename_of_a_misspelt_section() -> None:
    """The near name is suggested, or the names there are."""

    def make() -> None:
        class A(LazyCell):
            n: int
            w: Param["normal", (fused(gate=n, up=n), n)]
            rename({"g": "w[gat]", "u": "w[up]"})

    told(make, "rename(", 'A: rename: `"g": "w[gat]"`: `w` has no section `gat`; did you mean `gate`?')

    def make() -> None:
        class A(LazyCell):
            n: int
            w: Param["normal", (fused(gate=n, up=n), n)]
            rename({"g": "w[q]", "u": "w[up]"})

    told(make, "rename(", 'A: rename: `"g": "w[q]"`: `w` has no section `q`: its sections are gate, up')


def test_rename_of_a_section_of_what_has_none() -> None:
    """The declaration to write is shown."""

    def make() -> None:
        class A(LazyCell):
            n: int
            w: Param["normal", (2 * n, n)]
            rename({"g": "w[gate]", "u": "w[up]"})

    told(
        make,
        "rename(",
        'A: rename: `"g": "w[gate]"`: `w` has no section `gate`: it has none: write a dimension of its shape as '
        "`fused(q=…, k=…)`, with a size for each",
    )


def test_rename_to_a_name_that_is_kept() -> None:
    """Two things would be stored under it."""

    def make() -> None:
        class A(LazyCell):
            a: Param["normal", (2,)]
            b: Param["normal", (2,)]
            rename({"a": "b"})

    told(make, "rename(", 'A: rename: `"a": "b"`: `b` would be stored as `a`, and `a` keeps that name')


def test_rename_of_two_to_one_name() -> None:
    """Found through the captures."""

    def make() -> None:
        class A(LazyCell):
            a: Linear = child(Linear, 2, 2)
            b: Linear = child(Linear, 2, 2)
            rename({"x.{n}": "a.{n}", "{*path}.weight": "b.weight", "x.{*path}": "b.{*path}"})

    told(
        make,
        "rename(",
        'A: rename: `"{*path}.weight": "b.weight"`: it has no inverse: "b.weight" does not have the capture `{*path}`, as '
        "its counterpart does. Write the same captures on both sides",
    )

    def make() -> None:
        class A(LazyCell):
            a: Linear = child(Linear, 2, 2)
            b: Linear = child(Linear, 2, 2)
            rename({"x.{n}": "a.{n}", "x.{*path}": "b.{*path}"})

    told(
        make,
        "rename(",
        'A: rename: `"x.{*path}": "b.{*path}"`: `b.weight` would be stored as `x.weight`, and `a.weight` is too, by '
        '`"x.{n}": "a.{n}"`',
    )


def test_rename_of_what_is_tied() -> None:
    """The other end is what is stored."""

    def make() -> None:
        class A(LazyCell):
            embed: Linear = child(Linear, 2, 2)
            head: Linear = child(Linear, 2, 2)
            tied = tie("head.weight", "embed.weight")
            rename({"lm_head": "head.weight"})

    told(
        make,
        "rename(",
        'A: rename: `"lm_head": "head.weight"`: `head.weight` is tied to `embed.weight`, which is what is stored: give '
        "that a rule instead",
    )


def test_rename_with_axes_of_another_matrix() -> None:
    """As far as the number of axes is known."""

    def make() -> None:
        class A(LazyCell):
            out: Linear = child(Linear, 2, 2)
            rename({"x": transposed("out.weight", (0, 2, 1))})

    told(
        make,
        "rename(",
        'A: rename: `"x": transposed("out.weight", (0, 2, 1))`: axes=(0, 2, 1) orders 3 axes, and `"out.weight"` has 2 '
        "axes",
    )

    def make() -> None:
        class A(LazyCell):
            a: Linear = child(Linear, 2, 2)
            b: Linear = child(Linear, 2, 2)
            rename({"x": fused(axis=1, a="a.bias", b="b.bias")})

    told(
        make,
        "rename(",
        'A: rename: `"x": fused(axis=1, a="a.bias", b="b.bias")`: axis=1 is counted from 0, and what is joined has 1 axis',
    )

    def make() -> None:
        class A(LazyCell):
            out: Linear = child(Linear, 2, 2)
            rename({"x": fused(w="out.weight", b="out.bias")})

    told(
        make,
        "rename(",
        'A: rename: `"x": fused(w="out.weight", b="out.bias")`: what is joined has the same number of axes, and here `w` '
        "has 2, `b` has 1",
    )


def test_rename_twice_in_one_body() -> None:
    """A dictionary would keep the last one."""

    def make() -> None:
        class A(LazyCell):
            a: Param["normal", (2,)]
            b: Param["normal", (2,)]
            rename({"x": "a"})
            rename({"x": "b"})

    told(make, '"b"})', 'A: rename: "x" is stored twice: join the two rules into one')


def test_rename_that_takes_back_nothing() -> None:
    """The near rule is suggested."""

    class Base(LazyCell):
        w: Param["normal", (2,)]
        rename({"weight": "w"})

    def make() -> None:
        class A(Base):
            rename({"wieght": None})

    told(
        make,
        "rename(",
        'A: rename: `"wieght": None`: no base has a rule for "wieght" to take back; did you mean `weight`?',
    )


def test_rename_with_something_else() -> None:
    """A mapping from names to names and forms."""

    def make() -> None:
        class A(LazyCell):
            rename("weight")

    told(
        make,
        "rename(",
        """A: rename: it takes a mapping, not 'weight': write `rename({"c_proj.weight": "out.weight"})`""",
    )

    def make() -> None:
        class A(LazyCell):
            rename({1: "w"})

    told(make, "rename(", "A: rename: a stored name is a string, not 1")

    def make() -> None:
        class A(LazyCell):
            n: int
            rename({"x": n})

    told(
        make,
        "rename(",
        'A: rename: "x": n is not a name: write "out.weight", `transposed("out.weight")`, or None',
    )


def test_rename_elsewhere() -> None:
    """A load has an argument of that name."""

    def make() -> None:
        rename({"a": "b"})

    told(
        make,
        "rename(",
        "rename({…}) belongs in the body of a LazyCell class: give a load its own rules as the argument `rename`",
    )


def test_reshaped_with_an_unknown_size() -> None:
    """As in any expression of a class body."""

    def make() -> None:
        class A(LazyCell):
            hidden: int
            w: Param["normal", (hidden,)]
            rename({"x": reshaped("w", "hiden 1")})

    told(
        make,
        "rename(",
        'A: rename: `"x": reshaped("w", (hiden, 1))`: `(hiden, 1)` uses `hiden`, which nothing declares; did you mean '
        "`hidden`?",
    )


def test_fused_with_one_section() -> None:
    """It joins nothing."""

    def make() -> None:
        class A(LazyCell):
            n: int
            w: Param["normal", (fused(q=n),)]

    told(make, "fused(", "`fused(q=n)` joins nothing: write `fused(q=…, k=…, v=…)`, with two sections or more")


def test_fused_with_names_and_sizes() -> None:
    """Either all are sizes, or all are names."""

    def make() -> None:
        class A(LazyCell):
            n: int
            w: Param["normal", (fused(q=n, k="k.weight"),)]

    told(
        make,
        "fused(",
        '`k="k.weight"` in fused() does not go with the others: write sizes for all sections of a dimension, or names '
        "for all sections of a stored tensor",
    )


def test_fused_with_an_axis() -> None:
    """A dimension is one; names are joined along one that is counted from 0."""

    def make() -> None:
        class A(LazyCell):
            n: int
            w: Param["normal", (fused(axis=n, q=n, k=n),)]

    told(
        make,
        "fused(",
        "a dimension has no axis, and no section can be named `axis`: write `fused(q=n, k=n)`",
    )

    def make() -> None:
        fused(axis=-1, q="q", k="k")

    told(make, "fused(", "axis=-1 is not an axis counted from 0: write `fused(q='q', k='k', axis=1)`")


def test_two_sections_of_one_name() -> None:
    """`w[q]` could be either."""

    def make() -> None:
        class A(LazyCell):
            n: int
            w: Param["normal", (fused(q=n, k=n), fused(v=n, q=n))]

    told(make, "w: Param", "A.w: two of its dimensions have a section `q`: give each a name of its own")


def test_transposed_with_an_axis_twice() -> None:
    """A permutation has an inverse."""

    def make() -> None:
        transposed("w", (0, 0))

    told(
        make,
        "transposed(",
        "axes=(0, 0) does not name each axis once: write a permutation, as in `axes=(1, 0, 2)`",
    )


def test_transposed_with_a_number_for_axes() -> None:
    """One axis alone cannot be turned."""

    def make() -> None:
        transposed("w", axes=3)  # type: ignore[arg-type]

    told(make, "transposed(", "axes=3 does not name each axis once: write a permutation, as in `axes=(1, 0, 2)`")


def test_reshaped_with_minus_one() -> None:
    """Nothing is left over that could tell what it is."""

    def make() -> None:
        reshaped("w", (-1, 3))

    told(
        make,
        "reshaped(",
        "the shape `(-1, 3)` has a negative size: write what is stored: a shape has no -1 here",
    )


def test_transposed_and_reshaped_of_nothing() -> None:
    """They take a name or a form, and a shape is a tuple."""

    def make() -> None:
        transposed(3)

    told(make, "transposed(", 'transposed() takes a name or a form, not 3: write `transposed("out.weight")`')

    def make() -> None:
        reshaped("w", 3)

    told(make, "reshaped(", "the shape `3` is not a tuple: write `(3,)`")


# ----------------------------------------------------------------------------------------------------------- checkpoints


class Layer(LazyCell):
    hidden: int
    query: Linear = child(Linear, hidden, hidden)
    up: Linear = child(Linear, hidden, 2 * hidden, use_bias=False)


class Stack(LazyCell):
    hidden: int = 4
    n_layers: int = 2
    n_outputs: int = 3
    layers: list[Layer] = children(n_layers, Layer, hidden)
    head: Linear = child(Linear, hidden, n_outputs)


def refused(folder: Path, shapes: dict[str, tuple[int, ...]], *lines: str, net: LazyCell | None = None) -> None:
    """Check what a load of a checkpoint with these shapes says; `{weight}` and `{bias}` stand for the declarations."""
    path = write_tensors(folder / "net.safetensors", shapes)
    with pytest.raises(CheckpointMismatchError) as caught:
        (net or Stack()).load_checkpoint(path)
    declared = Linear.manifest(1, 1)
    shown = {
        "weight": f"declared (out_features, in_features) by Linear.weight at {declared['weight'].declared_at}",
        "bias": f"declared (out_features,) by Linear.bias at {declared['bias'].declared_at}",
    }
    text = "\n".join(lines)
    for name, what in shown.items():
        text = text.replace(f"<{name}>", what)
    assert str(caught.value) == text.replace("<file>", str(path))


def stack(**hyperparameters: int) -> dict[str, tuple[int, ...]]:
    """Give what a checkpoint of the model holds."""
    return {entry.name: entry.shape for entry in Stack.manifest(**hyperparameters)}


def test_a_checkpoint_with_other_layers(tmp_path: Path) -> None:
    """How many each side has, and what to set."""
    refused(
        tmp_path,
        stack(n_layers=4),
        "<file> does not fit Stack: 6 tensors unexpected",
        "likely cause: the checkpoint has 4 layers (`layers.{0..3}`), the model 2",
        "unexpected in the checkpoint: the model declares no such parameter:",
        "  layers.{2..3}.query.weight: float32 (4, 4)",
        "  layers.{2..3}.query.bias: float32 (4,)",
        "  layers.{2..3}.up.weight: float32 (8, 4)",
        "what to do:",
        "  build the model with `n_layers=4`",
        '  unexpected="ignore", or a list of name patterns, leaves tensors out',
    )


def test_a_checkpoint_of_another_size(tmp_path: Path) -> None:
    """The number that explains every shape."""
    refused(
        tmp_path,
        stack(hidden=6),
        "<file> does not fit Stack: 7 shapes differ",
        "likely cause: the model has hidden=4, the checkpoint 6: that explains 7 shapes",
        "shape differs:",
        "  layers.{0..1}.query.weight: the checkpoint has (6, 6), the model (4, 4); <weight>",
        "  layers.{0..1}.query.bias: the checkpoint has (6,), the model (4,); <bias>",
        "  layers.{0..1}.up.weight: the checkpoint has (12, 6), the model (8, 4); <weight>",
        "  head.weight: the checkpoint has (3, 6), the model (3, 4); <weight>",
        "what to do:",
        "  build the model with `hidden=6`",
    )


def test_a_checkpoint_with_a_prefix_and_another_head(tmp_path: Path) -> None:
    """All that has to be passed, in one line."""
    shapes = {f"bert.{name}": shape for name, shape in stack().items() if not name.startswith("head.")}
    refused(
        tmp_path,
        {**shapes, "cls.weight": (2, 4)},
        "<file> does not fit Stack: 8 parameters missing, 7 tensors unexpected",
        "likely cause: the checkpoint has the missing parameters under `bert.`",
        "likely cause: the rest of the model fits: only the model has `head.*`, only the checkpoint has `cls.*`",
        "missing from the checkpoint:",
        "  layers.{0..1}.query.weight: float32 (4, 4); <weight>",
        "  layers.{0..1}.query.bias: float32 (4,); <bias>",
        "  layers.{0..1}.up.weight: float32 (8, 4); <weight>",
        "  ... and 2 more in 2 groups",
        "unexpected in the checkpoint: the model declares no such parameter:",
        "  bert.layers.{0..1}.query.weight: float32 (4, 4)",
        "  bert.layers.{0..1}.query.bias: float32 (4,)",
        "  bert.layers.{0..1}.up.weight: float32 (8, 4)",
        "  cls.weight: float32 (2, 4)",
        "what to do:",
        '  pass rename={"bert.{*rest}": "{*rest}"}, missing=["head.*"], unexpected=["cls.*"]',
    )


def test_a_checkpoint_with_other_outputs(tmp_path: Path) -> None:
    """Either the model is built so, or it begins with a new head."""
    refused(
        tmp_path,
        stack(n_outputs=7),
        "<file> does not fit Stack: 2 shapes differ",
        "likely cause: the model has n_outputs=3, the checkpoint 7: that explains 2 shapes",
        "likely cause: the rest of the model fits: only `head` has 7 outputs in the checkpoint and 3 in the model",
        "shape differs:",
        "  head.weight: the checkpoint has (7, 4), the model (3, 4); <weight>",
        "  head.bias: the checkpoint has (7,), the model (3,); <bias>",
        "what to do:",
        "  build the model with `n_outputs=7`",
        '  to begin with a new `head`: rename={"head.{*rest}": "other.head.{*rest}"}, missing=["head.*"], '
        'unexpected=["other.*"]',
    )


def test_a_checkpoint_with_a_misspelt_name(tmp_path: Path) -> None:
    """The near name, and no cause."""
    shapes = {name.replace("query.bias", "query.bais"): shape for name, shape in stack().items()}
    refused(
        tmp_path,
        shapes,
        "<file> does not fit Stack: 2 parameters missing, 2 tensors unexpected",
        "missing from the checkpoint:",
        "  layers.{0..1}.query.bias: float32 (4,); <bias>",
        "    did you mean the checkpoint's `layers.{0..1}.query.bais`?",
        "unexpected in the checkpoint: the model declares no such parameter:",
        "  layers.{0..1}.query.bais: float32 (4,)",
        "what to do:",
        '  missing="init", or a list of name patterns, leaves parameters to their initializers',
        '  unexpected="ignore", or a list of name patterns, leaves tensors out',
    )


def test_another_model_s_checkpoint(tmp_path: Path) -> None:
    """First, and briefly."""
    shapes = {f"transformer.h.{i}.{part}.w": (4, 4) for i in range(40) for part in ("a", "b", "c", "d", "e")}
    refused(
        tmp_path,
        shapes,
        "<file> does not fit Stack: 8 parameters missing, 200 tensors unexpected",
        "likely cause: another model's checkpoint: of the model's 8 parameters it has none; its names begin with "
        "`transformer.h`",
        "missing from the checkpoint:",
        "  layers.{0..1}.query.weight: float32 (4, 4); <weight>",
        "  layers.{0..1}.query.bias: float32 (4,); <bias>",
        "  layers.{0..1}.up.weight: float32 (8, 4); <weight>",
        "  ... and 2 more in 2 groups",
        "unexpected in the checkpoint: the model declares no such parameter:",
        "  transformer.h.{0..39}.a.w: float32 (4, 4)",
        "  transformer.h.{0..39}.b.w: float32 (4, 4)",
        "  transformer.h.{0..39}.c.w: float32 (4, 4)",
        "  ... and 80 more in 2 groups",
        "what to do:",
        "  load it into the model that it was saved from; if it is the same model under other names, pass `rename`",
    )


def test_a_checkpoint_with_transposed_matrices(tmp_path: Path) -> None:
    """One sentence for all, and what turns them round."""
    shapes = {name: shape[::-1] if ".up." in name else shape for name, shape in stack().items()}
    turned = "transposed: the checkpoint stores (in, out) where the model has (out, in), or the reverse"
    refused(
        tmp_path,
        shapes,
        "<file> does not fit Stack: 2 shapes differ",
        "likely cause: 2 matrices are stored transposed: (in, out) where the model has (out, in), or the reverse; square "
        "ones (`layers.{0..1}.query.weight`) may be too: their shape cannot tell",
        "shape differs:",
        f"  layers.{{0..1}}.up.weight: the checkpoint has (4, 8), the model (8, 4); <weight>; {turned}",
        "what to do:",
        '  pass rename={"layers.{i}.up.weight": transposed("layers.{i}.up.weight")}',
        '  or declare it in the class that holds them: rename({"up.weight": transposed("up.weight")})',
    )


def test_a_checkpoint_that_joins_parameters(tmp_path: Path) -> None:
    """What `fused` to write, with the warning that shapes do not tell the order of rows."""

    class Heads(LazyCell):
        q: Linear = child(Linear, 4, 4, False)
        k: Linear = child(Linear, 4, 2, False)
        v: Linear = child(Linear, 4, 2, False)
        out: Linear = child(Linear, 4, 4, False)

    refused(
        tmp_path,
        {"qkv.weight": (8, 4), "out.weight": (4, 4)},
        "<file> does not fit Heads: 3 parameters missing, 1 tensor unexpected",
        "likely cause: the checkpoint joins what the model has apart: `qkv.weight`, by their sizes; in which order the "
        "rows are, or whether heads alternate, shapes cannot tell",
        "missing from the checkpoint:",
        "  q.weight: float32 (4, 4); <weight>",
        "  k.weight: float32 (2, 4); <weight>",
        "  v.weight: float32 (2, 4); <weight>",
        "unexpected in the checkpoint: the model declares no such parameter:",
        "  qkv.weight: float32 (8, 4)",
        "what to do:",
        '  pass rename={"qkv.weight": fused(q="q.weight", k="k.weight", v="v.weight")}',
        "  make sure of the order of the rows: a wrong one loads without an error, and computes nonsense",
        net=Heads(),
    )
