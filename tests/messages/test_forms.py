"""What someone is told who writes `fused`, `transposed` or `reshaped` wrongly."""

# ruff: noqa: B007, E501, F722, UP045, RUF100 - mistakes are what is tested

from lazycell import LazyCell, Param, fused, rename, reshaped, transposed

from .telling import told


@told('A: rename: `"x": reshaped("w", (hiden, 1))`:...uses `hiden`, which nothing declares...did you mean `hidden`?')
def test_reshaped_with_an_unknown_size() -> None:
    """As in any expression of a class body."""

    class A(LazyCell):
        hidden: int
        w: Param["normal", (hidden,)]
        rename({"x": reshaped("w", "hiden 1")})  # here


@told("`fused(q=n)` joins nothing...`fused(q=…, k=…, v=…)`, with two sections or more")
def test_fused_with_one_section() -> None:
    """It joins nothing."""

    class A(LazyCell):
        n: int
        w: Param["normal", (fused(q=n),)]  # here


@told('`k="k.weight"` in fused() does not go with the others...sizes for all...names for all...')
def test_fused_with_names_and_sizes() -> None:
    """Either all are sizes, or all are names."""

    class A(LazyCell):
        n: int
        w: Param["normal", (fused(q=n, k="k.weight"),)]  # here


def test_fused_with_an_axis() -> None:
    """A dimension is one; names are joined along one that is counted from 0."""

    with told("a dimension has no axis, and no section can be named `axis`...`fused(q=n, k=n)`"):

        class A(LazyCell):
            n: int
            w: Param["normal", (fused(axis=n, q=n, k=n),)]  # here

    with told("axis=-1 is not an axis counted from 0...`fused(q='q', k='k', axis=1)`"):
        fused(axis=-1, q="q", k="k")  # here


@told("A.w: two of its dimensions have a section `q`...a name of its own")
def test_two_sections_of_one_name() -> None:
    """`w[q]` could be either."""

    class A(LazyCell):
        n: int
        w: Param["normal", (fused(q=n, k=n), fused(v=n, q=n))]  # here


@told("axes=(0, 0) does not name each axis once...`axes=(1, 0, 2)`")
def test_transposed_with_an_axis_twice() -> None:
    """A permutation has an inverse."""

    transposed("w", (0, 0))  # here


@told("axes=3 does not name each axis once...`axes=(1, 0, 2)`")
def test_transposed_with_a_number_for_axes() -> None:
    """One axis alone cannot be turned."""

    transposed("w", axes=3)  # type: ignore[arg-type]  # here


@told("the shape `(-1, 3)` has a negative size...no -1 here")
def test_reshaped_with_minus_one() -> None:
    """Nothing is left over that could tell what it is."""

    reshaped("w", (-1, 3))  # here


def test_transposed_and_reshaped_of_nothing() -> None:
    """They take a name or a form, and a shape is a tuple."""

    with told('transposed() takes a name or a form, not 3...`transposed("out.weight")`'):
        transposed(3)  # here

    with told("the shape `3` is not a tuple: write `(3,)`"):
        reshaped("w", 3)  # here
