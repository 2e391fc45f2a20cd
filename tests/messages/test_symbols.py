"""What someone is told who uses a symbol where Python needs its value."""

# ruff: noqa: B007, E501, F722, UP045, RUF100 - mistakes are what is tested
# ruff: noqa: E711 - `!= None` is what is right

from typing import Any

from mindspore import nn

from lazycell import LazyCell, Param, child, children, in_, max_, min_, require, when

from .telling import Linear, told


@told(
    "`n > 2` has no value while the class body runs, so Python cannot decide `if`, `and`, `or`, `not`, `in`, "
    "`min`, `max` or a chained comparison with it. Write `when(condition, …)` for a part that may be absent, "
    '`require(condition, "…")` for a check, `&`, `|`, `~` for logic, `in_(x, (a, b))`, `min_(a, b)` and `max_(a, b)`.'
)
def test_a_symbol_in_if() -> None:
    """The expression that has no value is shown."""

    class A(LazyCell):
        n: int
        if n > 2:  # here
            w: Param["zeros", (3,)]


@told("`a` has no value...cannot decide...`and`...`&`, `|`, `~`...")
def test_a_symbol_in_and() -> None:
    """It is a choice like `if`."""

    class A(LazyCell):
        a: bool
        b: bool
        w: Param["zeros", (3,)] = when(a and b)  # here


@told(
    "`n` has no value while the class body runs, so it cannot count or index (`range`, an index into a list). "
    "Write `children(count, Cell, …)` for repeated cells."
)
def test_a_symbol_in_range() -> None:
    """There is a word for what it is mostly meant for."""

    class A(LazyCell):
        n: int
        layers = list(range(n))  # here


@told("`sizes` has no value...cannot be iterated...`children(count, Cell, …)`...")
def test_a_symbol_in_for() -> None:
    """The same."""

    class A(LazyCell):
        sizes: Any
        for size in sizes:  # here
            pass


@told("`n / 2` has no value...`int()` cannot convert it...Write `//`...")
def test_a_symbol_in_int() -> None:
    """Whole-number division is what is meant."""

    class A(LazyCell):
        n: int
        half = int(n / 2)  # here


@told("`n / 2` has no value...cannot be rounded...Write `//`...")
def test_a_symbol_in_round() -> None:
    """The same."""

    class A(LazyCell):
        n: int
        half = round(n / 2)  # here


@told(
    "`n` has no value...`float()` and `math` cannot convert it...`x ** 0.5` for a square root, or `derived(math.log, x)`."
)
def test_a_symbol_in_math() -> None:
    """Powers are there for roots."""

    import math

    class A(LazyCell):
        n: int
        scale = math.sqrt(n)  # here


@told("`sizes` has no value...`len()` is not known. Write `len_(x)`.")
def test_a_symbol_in_len() -> None:
    """There is a word for it."""

    class A(LazyCell):
        sizes: Any
        n = len(sizes)  # here


@told("`n` has no value...`abs()` cannot be taken...`max_(x, -x)`.")
def test_a_symbol_in_abs() -> None:
    """The larger of both signs."""

    class A(LazyCell):
        n: int
        m = abs(n)  # here


@told("`n` has no value...f-string would hold its name...`__post_init__`...`require` shows the values...")
def test_a_symbol_in_an_f_string() -> None:
    """It would hold a name where a value is meant."""

    class A(LazyCell):
        n: int
        require(n > 2, f"{n} is too small")  # here


@told("`kinds` has no value...`in` cannot look into it...`in_(x, sizes)`.")
def test_a_symbol_that_is_searched() -> None:
    """Comparisons do it."""

    class A(LazyCell):
        kinds: Any
        has_bias = "bias" in kinds  # here


@told("`child` has no value...cannot be called...hides a function...rename one of them.")
def test_a_symbol_that_hides_a_function() -> None:
    """The name stands for something else here."""

    class A(LazyCell):
        child: int
        inner: Linear = child(Linear, 3, 3)  # here


@told(
    "`config.to_dict` has no value...cannot be called...`derived(function, …)`...`__post_init__`...`child(make_block, config)`."
)
def test_a_method_of_a_symbol() -> None:
    """There is no object yet whose method it could be."""

    class A(LazyCell):
        config: Any
        inner: Linear = child(Linear, **config.to_dict())  # here


@told("`config` has no value...nothing can be stored in it...`__post_init__`.")
def test_a_symbol_that_is_changed() -> None:
    """There is nothing to change yet."""

    class A(LazyCell):
        config: Any
        config.hidden = 3  # here


@told("A.construct: a default...is the symbol `n`...no value...write `None`...from `self`...")
def test_a_symbol_as_a_method_s_default() -> None:
    """It would be the symbol for ever."""

    class A(LazyCell):
        n: int

        def construct(self, x: Any, k: Any = n) -> None: ...  # here


def test_min_of_one_value() -> None:
    """Two at least."""

    with told("min_() takes two or more values, not 1: write `min_(a, b)`"):

        class A(LazyCell):
            n: int
            m = min_(n)  # here

    assert (min_(1, 2), max_(1, 2)) == (1, 2)


@told("`k` has no value...`is` has one answer for every net. Write `k != None` for `k is not None`...")
def test_a_symbol_that_is_asked_whether_it_is_none() -> None:
    """A symbol never is, so there would always be a bias."""

    class A(LazyCell):
        k: int | None = None
        w: Param["zeros", (3,)] = when(k is not None)  # here


@told("`config` has no value...`is` has one answer for every net...")
def test_a_part_of_a_symbol_that_is_asked_whether_it_is_none() -> None:
    """Neither is a part of it; a choice of Python's is compiled to a jump, where `is` is not seen any more."""

    class A(LazyCell):
        config: Any
        window: int = 3 if config.text.window is None else 4  # here


@told("`k` has no value...`isinstance` has one answer for every net...`in_(k, (a, b))`...a hyperparameter of its own.")
def test_a_symbol_that_is_asked_for_its_class() -> None:
    """It is a symbol."""

    class A(LazyCell):
        k: int | str
        w: Param["zeros", (3,)] = when(isinstance(k, str))  # here


TABLE = {"gelu": 1}


@told(
    '`kind` has no value...no dict and no set can look it up. Write `in_(kind, ("a", "b"))`...`when(kind == "a", 1,...'
)
def test_a_symbol_that_is_a_key() -> None:
    """A KeyError would only name it."""

    class A(LazyCell):
        kind: str
        n = TABLE[kind]  # here


@told("`kind` has no value...no dict and no set can look it up...")
def test_a_symbol_that_is_looked_up_with_a_default() -> None:
    """The default would be there for every net."""

    class A(LazyCell):
        kind: str
        n = TABLE.get(kind, 2)  # here


@told("`kind` has no value...no dict and no set can look it up...")
def test_a_symbol_that_is_searched_in_a_set() -> None:
    """Nothing asks whether it is equal to what is in there."""

    class A(LazyCell):
        kind: str
        w: Param["zeros", (3,)] = when(kind in {"gelu", "silu"})  # here


BIASED = True


@told(
    "A: Python has decided the condition of this when(): it is True for every net, since `is`, `isinstance`, `not` "
    "and `in` do not wait for the value of a hyperparameter. Write `k != None` for `k is not None`, `in_(k, (a, b))` "
    "for `k in (a, b)`, `~k` for `not k`, and Python's `if` for what no hyperparameter decides"
)
def test_a_condition_that_is_decided() -> None:
    """It says nothing about the instance that is built."""

    class A(LazyCell):
        n: int
        w: Param["zeros", (3,)] = when(BIASED)  # here


@told("A: Python has decided the condition of this require(): it is False for every net...`k != None`...")
def test_a_requirement_that_is_decided() -> None:
    """It would hold never, or always."""

    class A(LazyCell):
        kind: str
        require(object() is None, "a kind is needed")  # here


@told("A: the condition of this when() is `(a, b)`, which is True for every net...`in_(k, (a, b))`...`a & b`...")
def test_a_condition_that_is_a_tuple() -> None:
    """It is true whatever is in it."""

    class A(LazyCell):
        a: bool
        b: bool
        w: Param["zeros", (3,)] = when((a, b))  # here


@told("in_(value, container) cannot look into 3: write `in_(n, (a, b))`")
def test_in_a_number() -> None:
    """Parentheses alone make no tuple."""

    class A(LazyCell):
        n: int
        m = in_(n, (3))  # here


@told("a declaration cannot be an argument of a child: all instances would share it...builds the whole child...")
def test_a_child_in_a_list_for_a_plain_cell() -> None:
    """The cell would get a declaration for a cell."""

    class A(LazyCell):
        n: int
        both: nn.Cell = child(nn.SequentialCell, [child(Linear, n, n), child(nn.ReLU)])  # here


@told("a Dense that is built already cannot be an argument of a child...builds the whole child...")
def test_a_cell_in_a_dict_for_a_plain_cell() -> None:
    """Each of them would get the same one."""

    class A(LazyCell):
        n: int
        both: nn.Cell = children(n, nn.CellDict, {"up": nn.Dense(2, 2)})  # here
