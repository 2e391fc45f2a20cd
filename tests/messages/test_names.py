"""What someone is told who uses a name that is not there, not free, or there already."""

# ruff: noqa: B007, E501, F722, UP045, RUF100 - mistakes are what is tested

import sys

from lazycell import (
    LazyCell,
    Param,
    UnknownNameError,
    hyper,  # noqa: F401 - what is meant
)

from .telling import told


@told("A: `hiden` is not a name that this class body knows at this point; did you mean `hidden`?", UnknownNameError)
def test_a_misspelt_name() -> None:
    """The near name is suggested."""

    class A(LazyCell):
        hidden: int
        w: Param["normal", (hiden,)]  # here


@told("A: `hypr` is not a name...did you mean `hyper`?", UnknownNameError)
def test_a_misspelt_name_of_the_language() -> None:
    """What is imported counts, too."""

    class A(LazyCell):
        hidden: int = hypr(8)  # here


@told("A: `zzzzzz` is not a name that this class body knows at this point", UnknownNameError)
def test_an_unknown_name() -> None:
    """Without a near name there is no suggestion."""

    class A(LazyCell):
        total = 2 * zzzzzz  # here


@told("A: `width` is not a name that this class body knows at this point", UnknownNameError)
def test_a_name_that_is_declared_below() -> None:
    """A class body runs from the top."""

    class A(LazyCell):
        w: Param["normal", (width,)]  # here
        width: int


@told(
    "A.w: `hiden` is not a name...the annotation `Param['normal', (hiden,)]`...did you mean `hidden`?", UnknownNameError
)
def test_a_misspelt_name_in_a_string() -> None:
    """The annotation is shown as it was written."""

    class A(LazyCell):
        hidden: int
        w: "Param['normal', (hiden,)]"  # here


@told("A.w: `(hiden, 4 * hidden)` uses `hiden`, which nothing declares...did you mean `hidden`?")
def test_a_misspelt_name_in_a_shape_string() -> None:
    """The shape is shown as it was understood."""

    class A(LazyCell):
        hidden: int
        w: Param["normal", "hiden 4*hidden"]  # here


@told(
    "A.phase: `phase` is a name that every cell uses already, so this declaration would break it: write "
    "`phase_`, or a name that says more"
)
def test_a_name_that_cell_uses() -> None:
    """It would silently break the cell."""

    class A(LazyCell):
        phase: int  # here


@told("A.cells: `cells` is a name that every cell uses...write `cells_`...")
def test_a_parameter_with_a_name_that_cell_uses() -> None:
    """Whatever is declared."""

    class A(LazyCell):
        cells: Param["zeros", (3,)]  # here


@told("A.self: `self` is a name that lazycell's language uses...write `self_`...")
def test_a_hyperparameter_named_self() -> None:
    """The constructor has one already."""

    class A(LazyCell):
        self: int  # here


@told('the shape "out in": `in` is a Python keyword...write `in_features` or `in_` instead')
def test_in_as_a_name_in_a_shape_string() -> None:
    """Python itself refuses it everywhere else."""

    class A(LazyCell):
        out: int
        w: Param["normal", "out in"]  # here


@told("A.w: the annotation `Param['normal', (out, in)]` cannot be evaluated: SyntaxError...")
def test_in_as_a_name_in_a_string() -> None:
    """The annotation cannot be read."""

    class A(LazyCell):
        out: int
        w: "Param['normal', (out, in)]"  # here


def test_two_parameters_of_one_name() -> None:
    """The second would silently replace the first."""
    line = sys._getframe().f_lineno
    with told(f"A.w: declared twice in one class body, first in line {line + 4}: rename one of them"):

        class A(LazyCell):
            w: Param["zeros", (3,)]
            w: Param["ones", (3,)]  # here


def test_a_method_with_the_name_of_a_parameter() -> None:
    """As a second declaration."""
    line = sys._getframe().f_lineno
    with told(f"A.w: declared twice in one class body, first in line {line + 4}: rename one of them"):

        class A(LazyCell):
            w: Param["zeros", (3,)]

            def w(self) -> None: ...  # here
