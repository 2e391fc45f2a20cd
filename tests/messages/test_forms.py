"""What someone is told who writes `fused`, `transposed` or `reshaped` wrongly."""

# ruff: noqa: B007, E501, F722, UP045, RUF100 - mistakes are what is tested

from lazycell import LazyCell, Param, direction, fused, magnitude, rename, reshaped, squeezed, transposed

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


@told("axis=-1 in squeezed() does not name axes counted from 0...write `axis=2`")
def test_squeezed_from_the_end() -> None:
    """As of all forms, axes are counted from the front."""

    squeezed("w", -1)  # here


def test_axes_that_are_not_there_or_not_of_length_1() -> None:
    """When the class is defined, or when there are numbers."""

    with told('A: rename: `"x": squeezed("w", axis=2)`: ...has the axis 2, counted from 0, and `"w"` has 2 axes'):

        class A(LazyCell):
            w: Param["normal", (3, 1)]
            rename({"x": squeezed("w", axis=2)})  # here

    class B(LazyCell):
        n: int
        w: Param["normal", (3, n)]
        rename({"x": squeezed("w", axis=1)})  # here

    with told("B: rename: ...leaves out an axis of length 1, and axis 1 of `w` (3, 2) has 2"):
        B.manifest(2)
    assert B.manifest(1).stored[0].shape == (3,)


def test_half_of_a_weight_normed_tensor() -> None:
    """The other half has a rule as well, and neither is changed by another form."""

    with told(
        'A: rename: ...it is one half of a weight-normed tensor: add a rule for the other half, `"…": direction("w", dim=1)`'
    ):

        class A(LazyCell):
            w: Param["normal", (3, 2)]
            rename({"w_g": magnitude("w", dim=1)})  # here

    with told('...`direction("w")` is one half of a weight-normed tensor, and stands outside of other forms...'):

        class B(LazyCell):
            w: Param["normal", (3, 2)]
            rename({"w_g": magnitude("w"), "w_v": transposed(direction("w"))})  # here

    with told("dim='0' in magnitude() is not an axis counted from 0...`dim=0`..."):
        magnitude("w", dim="0")  # type: ignore[arg-type]  # here

    with told('...`magnitude("w", dim=2)` has the axis 2, counted from 0, and `"w"` has 2 axes'):

        class C(LazyCell):
            w: Param["normal", (3, 2)]
            rename({"w_g": magnitude("w", dim=2), "w_v": direction("w", dim=2)})  # here
