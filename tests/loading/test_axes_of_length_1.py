"""`squeezed` and `expanded`, from the class body to the arrays and back."""

from __future__ import annotations

import numpy as np

from lazycell.declaration._declare import Param
from lazycell.declaration._squeezed import expanded, squeezed
from lazycell.declaration._stored import fused, rename, transposed
from lazycell.inference._infer import solve_shapes

from ..pure import PureCell, manifest
from .test_fit_layouts import file_of, loaded, plan, same, values


class Net(PureCell):
    """A 1-D convolution in four axes, a linear layer that is stored as one, and two that are stored as one tensor."""

    n: int = 4
    conv: Param["normal", (n, 2 * n, 1, 3)]
    proj: Param["normal", (n, 6)]
    a: Param["normal", (1, n)]
    b: Param["normal", (n,)]
    rename(
        {
            "conv": squeezed("conv", axis=2),
            "proj": expanded(transposed("proj"), axis=(2, 3)),
            "ab": fused(a=squeezed("a", axis=0), b="b"),
        }
    )


def test_they_are_loaded_and_saved_again() -> None:
    """The same elements in the same order, alone and inside of other forms."""
    model = manifest(Net)
    file = file_of(model)
    assert {name: array.shape for name, array in file.items()} == {"conv": (4, 8, 3), "proj": (6, 4, 1, 1), "ab": (8,)}
    np.testing.assert_array_equal(file["proj"][:, :, 0, 0], values(model)["proj"].T)
    found = plan(model, file)
    same(loaded(found), values(model))
    same(file_of(model, found.layout), file)


def test_as_an_argument_of_the_load() -> None:
    """For a model that says nothing of it."""

    class Plain(PureCell):
        conv: Param["normal", (4, 8, 1, 3)]
        scale: Param["ones", ()]

    model = manifest(Plain)
    file = {"conv": values(model)["conv"][:, :, 0], "scale": values(model)["scale"][None]}
    rules = {"conv": squeezed("conv", axis=2), "scale": expanded("scale", axis=0)}
    found = plan(model, file, rename=rules)
    same(loaded(found), values(model))
    assert {stored.name: stored.shape for stored in found.layout} == {"conv": (4, 8, 3), "scale": (1,)}


def test_a_file_tells_the_sizes() -> None:
    """As without such rules."""
    shapes = {name: array.shape for name, array in file_of(manifest(Net, 5)).items()}
    assert solve_shapes(Net, shapes, {}).determined == {"n": 5}
