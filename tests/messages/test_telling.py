"""`told` can fail: at other words, another place, another kind of error, and where there is none."""

import pytest

from lazycell import DeclarationError, HyperparameterError, LazyCell, Param

from .telling import assert_says, told


def fail(wanted: str, error: type[Exception] = DeclarationError) -> None:
    """Make a mistake, and expect something."""
    with told(wanted, error):

        class A(LazyCell):
            w: Param["zeros", 3]  # here


def test_the_whole_text_or_what_matters_of_it() -> None:
    """Any words stand where the dots are, and nowhere else."""
    fail("the shape `3` is not a tuple: write `(3,)`")
    fail("...`3` is not a tuple...`(3,)`")
    for wanted in ("the shape `3` is not a tuple", "...`(3,)`...`3` is not a tuple", "...`4` is not a tuple..."):
        with pytest.raises(AssertionError, match="what is told"):
            fail(wanted)


def test_a_list_that_is_cut_off() -> None:
    """Its dots are themselves."""
    assert_says("a:\n  b\n  ... and 2 more\nc d e", "a:\n  b\n  ... and 2 more\nc...e")
    with pytest.raises(AssertionError, match="what is told"):
        assert_says("a:\n  b\n  c\n  d and 2 more", "a:\n  b\n  ... and 2 more")


def test_the_kind_of_error() -> None:
    """Exactly."""
    for kind in (HyperparameterError, ValueError, Exception):
        with pytest.raises(AssertionError, match="DeclarationError"):
            fail("...", kind)


def test_the_place() -> None:
    """The line that is marked, and the next one if there are several."""
    with pytest.raises(AssertionError, match="assert"), told("..."):

        class A(LazyCell):
            n: int  # here
            w: Param["zeros", n]

    with told("..."):

        class B(LazyCell):
            w: Param["zeros", 3]  # here


def test_an_error_there_is() -> None:
    """What raises nothing has told nothing."""
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"), told("..."):
        pass  # here
