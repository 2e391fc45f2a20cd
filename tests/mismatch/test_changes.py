"""Tests of `lazycell.mismatch._changes`."""

from __future__ import annotations

from lazycell.mismatch._axis import Axis, Change
from lazycell.mismatch._changes import Solver
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
    """A third as much, if it would be right no more; what the hyperparameter is not in says nothing."""
    axes = {Axis("hidden", 8, 12): [["a", "b", "c"]]}
    for expression in ("hidden", "2 * hidden"):
        right = Axis(expression, 8 if expression == "hidden" else 16, 8 if expression == "hidden" else 16)
        assert solver(hidden=8).best(axes, {right: 2}) is None
        assert solver(hidden=8).best(axes, {right: 1}) is not None
    assert solver(hidden=8).best(axes, {Axis("width", 8, 8): 9, Axis(None, 8, 8): 9}) is not None


def test_a_change_is_made_once() -> None:
    """Another value for the same hyperparameter is not proposed beside it."""
    (setting,) = settings_of({"hidden": 8})
    assert solver(hidden=8).best({Axis("hidden", 8, 12): [["a"]]}, {}, [Change(setting, 9)]) is None


def test_a_value_alone_names_nothing() -> None:
    """Two hyperparameters, one or none of the size, and an expression that names none of them."""
    for expression in (None, "out_features"):
        assert solver(hidden=8, width=8).best({Axis(expression, 8, 12): [["a"]]}, {}) is None
        assert solver(hidden=8).best({Axis(expression, 8, 12): [["a"]]}, {}) is None


def test_what_shapes_tell_of_a_product() -> None:
    """Either number may differ, unless another shape tells one of them."""
    product, alone = Axis("heads * dim", 8, 12), Axis("dim", 4, 4)
    solving = solver(heads=2, dim=4)
    assert solving.solve({product: [["a"]]}, {}) == []
    assert solving.options(product) == {"heads": 3, "dim": 6}
    assert (solving.told, solving.untold) == (set(), {"heads", "dim"})
    ((found,),) = [solver(heads=2, dim=4).solve({product: [["a"]]}, {alone: 1})]
    assert (found.change.setting.label, found.change.value) == ("heads", 3)


def test_changes_one_after_the_other() -> None:
    """The second is looked for as if the first were made, and may not undo it."""
    product, alone = Axis("heads * dim", 8, 18), Axis("dim", 4, 6)
    found = solver(heads=2, dim=4).solve({product: [["a", "b"]], alone: [["c"]]}, {})
    assert [(each.change.setting.label, each.change.value) for each in found] == [("dim", 6), ("heads", 3)]
