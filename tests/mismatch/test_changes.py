"""Tests of `lazycell.mismatch._changes`."""

from __future__ import annotations

from lazycell.mismatch._changes import Axis, Change, Solver
from lazycell.mismatch._settings import settings_of


def solver(**hyperparameters: int) -> Solver:
    """Make a solver for a model with these numbers."""
    return Solver(hyperparameters, settings_of(hyperparameters))


def test_the_change_that_makes_most_axes_right() -> None:
    """With the axes that it makes right; what is left is for the next."""
    one, two = Axis("hidden", 8, 12), Axis("4 * hidden", 32, 48)
    other = Axis("inner", 6, 7)
    found = solver(hidden=8, inner=6).best({one: [["a", "b"]], two: [["c"]], other: [["d"]]}, {}, [])
    assert found is not None
    change, right, rivals = found
    assert (change.setting.label, change.value) == ("hidden", 12)
    assert right == [one, two]
    assert rivals == []


def test_what_is_right_already_speaks_against_a_change() -> None:
    """By name, and by its value where no other hyperparameter has it; a few do not: they may be a constant's."""
    axes = {Axis("out_features", 8, 12): [["a", "b", "c"]]}
    for expression in ("hidden", "in_features", None):
        assert solver(hidden=8).best(axes, {(expression, 8): 2}, []) is None
        assert solver(hidden=8).best(axes, {(expression, 8): 1}, []) is not None
    assert solver(hidden=8, width=8).best(axes, {("in_features", 8): 2}, []) is not None


def test_a_change_is_made_once() -> None:
    """Another value for the same hyperparameter is not proposed beside it."""
    solving = solver(hidden=8)
    (setting,) = settings_of({"hidden": 8})
    assert solving.best({Axis("n", 8, 12): [["a"]]}, {}, [Change(setting, 9)]) is None


def test_changes_that_do_as_well() -> None:
    """Two hyperparameters of one value, and an expression that names neither."""
    found = solver(hidden=8, width=8).best({Axis(None, 8, 12): [["a"]]}, {}, [])
    assert found is not None
    assert [rival.setting.label for rival in found[2]] == ["width"]
