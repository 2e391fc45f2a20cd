"""Tests of `lazycell.loading._composing`: weight-normed tensors, from the class body to the arrays and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from lazycell._dtypes import numpy_dtype
from lazycell._errors import CheckpointMismatchError
from lazycell.declaration._declare import Param, child, children
from lazycell.declaration._halves import direction, magnitude, other_spelling
from lazycell.declaration._squeezed import squeezed
from lazycell.declaration._stored import fused, rename, transposed
from lazycell.inference._infer import solve_shapes
from lazycell.loading._load_report import LoadReport
from lazycell.manifest._manifest import Manifest
from lazycell.system._allocate import Array

from ..pure import PureCell, manifest
from .test_fit_layouts import file_of, loaded, plan, problems, same, values


class Conv(PureCell):
    """As PyTorch stores a 1-D convolution with weight norm, of a weight that has an axis more here."""

    n: int
    weight: Param["normal", (n, n, 1, 3)]
    bias: Param["zeros", (n,)]
    rename({"weight_g": magnitude(squeezed("weight", axis=2)), "weight_v": direction(squeezed("weight", axis=2))})


class Net(PureCell):
    """Three of them, and one weight of several parts, with a norm for each column."""

    n: int = 4
    layers: list[Conv] = children(3, Conv, n)
    q: Param["normal", (n, n)]
    k: Param["normal", (n, n)]
    rename(
        {
            "qk_g": magnitude(transposed(fused(q="q", k="k")), dim=1),
            "qk_v": direction(transposed(fused(q="q", k="k")), dim=1),
        }
    )


NET = manifest(Net)


def spelled_anew(file: Mapping[str, Array], which: str = "gv") -> dict[str, Array]:
    """Give a file with PyTorch's newer names for some halves."""
    names = {name: other_spelling(name) if name[-2:] in {f"_{each}" for each in which} else name for name in file}
    return {names[name] or name: array for name, array in file.items()}


@pytest.mark.parametrize("which", ["", "gv", "g"])
def test_either_spelling_is_loaded_and_saved_again(which: str) -> None:
    """As they were; so is a mixture. Parts of a weight are taken out of what is composed."""
    file = spelled_anew(file_of(NET), which)
    found = plan(NET, file)
    same(loaded(found), values(NET))
    same(file_of(NET, found.layout), file)


def test_norms_make_the_weight() -> None:
    """Another norm is another weight."""
    file = {name: array * 3 if name.endswith("_g") else array for name, array in file_of(NET).items()}
    found = loaded(plan(NET, file))
    for name, array in values(NET).items():
        np.testing.assert_allclose(found[name], array if name.endswith("bias") else 3 * array, rtol=1e-6)


def test_a_weight_may_be_there_as_it_is() -> None:
    """Without norms, under its own name."""
    found = plan(NET, values(NET))
    same(loaded(found), values(NET))
    assert found.layout == ()


def test_the_plan_and_the_report_say_so() -> None:
    """In one row for all layers."""
    found = plan(NET, file_of(NET))
    row = "layers.{0..2}.weight_g + layers.{0..2}.weight_v (composed, reshaped)"
    assert row in str(found)
    assert row in str(LoadReport.of(found, 0.0))
    assert "qk_g + qk_v (composed, split, transposed)" in str(found)


def test_as_an_argument_of_the_load() -> None:
    """For a model that says nothing of norms."""

    class Plain(PureCell):
        weight: Param["normal", (3, 5)]

    model = manifest(Plain)
    weight = values(model)["weight"]
    file = {"w_g": np.sqrt(np.square(weight).sum(1, keepdims=True)), "w_v": weight}
    rules = {"w_g": magnitude("weight"), "w_v": direction("weight")}
    found = plan(model, file, rename=rules)
    same(loaded(found), {"weight": weight})
    assert [stored.name for stored in found.layout] == ["w_g", "w_v"]
    half = {"w_v": direction("weight")}
    text = (
        '`"w_v": direction("weight")` of `rename` gives half of a weight-normed tensor: add a rule for the other half'
    )
    assert problems(model, {"w_v": weight}, rename=half) == [("rename", "w_v", text)]


@pytest.mark.parametrize("which", ["g", "v"])
def test_a_half_alone_is_refused(which: str) -> None:
    """And there is no advice to let the other be missing, which would not help."""
    file = file_of(NET)
    del file[f"layers.1.weight_{which}"]
    with pytest.raises(CheckpointMismatchError) as caught:
        plan(NET, file)
    assert f"layers.1.weight_{which}" in str(caught.value)
    assert "there are other parts of the parameter" in str(caught.value)
    assert "missing=" not in str(caught.value)
    with pytest.raises(CheckpointMismatchError, match="it has to be there whole"):
        plan(NET, file, missing="init")


def test_a_half_of_another_shape_is_one_problem() -> None:
    """Nothing is said of the other half."""
    file = file_of(NET)
    file["layers.1.weight_g"] = np.ones((5, 1, 1), np.float32)
    assert [each[:2] for each in problems(NET, file)] == [("shape", "layers.1.weight_g")]


def test_a_half_that_is_there_twice_is_refused() -> None:
    """Which counts cannot be told; as a declared tensor and by an argument."""
    file = file_of(NET)
    file["again"] = file["layers.1.weight_g"]
    rules = {"again": magnitude(squeezed("layers.1.weight", axis=2))}
    assert ("twice", "layers.1.weight") in [each[:2] for each in problems(NET, file, rename=rules)]


def test_the_dtype_is_that_of_the_direction() -> None:
    """It is what was the weight's: whatever the policy."""
    half = {
        name: array.astype(np.float16) if not name.endswith("_g") else array for name, array in file_of(NET).items()
    }
    assert {step.dtype for step in plan(NET, half, dtype="checkpoint").steps} == {"float16"}
    assert {step.source for step in plan(NET, half).steps} == {"float16"}
    assert {each[0] for each in problems(NET, half, dtype="strict")} == {"dtype"}
    whole = {name: array.astype(np.int32) for name, array in file_of(NET).items()}
    assert ("dtype", "layers.0.weight") in [each[:2] for each in problems(NET, whole)]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_it_is_computed_in_float32_and_rounded_once(dtype: str) -> None:
    """From half precision too, of which a product alone would be rounded twice."""

    class Half(PureCell):
        weight: Param["normal", (3, 50), dtype]
        rename({"weight_g": magnitude("weight"), "weight_v": direction("weight")})

    rng, kind = np.random.default_rng(0), numpy_dtype(dtype)
    file = {"weight_g": rng.random((3, 1)).astype(kind), "weight_v": rng.normal(size=(3, 50)).astype(kind)}
    exact = {name: array.astype(np.float64) for name, array in file.items()}
    norm = np.sqrt(np.square(exact["weight_v"]).sum(1, keepdims=True))
    expected = exact["weight_v"] * (exact["weight_g"] / norm)
    found = loaded(plan(manifest(Half), file))["weight"]
    assert found.dtype == kind
    tolerance = {"float16": 2**-11, "bfloat16": 2**-8, "float64": 1e-15}[dtype] * 1.001
    np.testing.assert_allclose(found.astype(np.float64), expected, rtol=tolerance)


def test_manifests_hold_them() -> None:
    """As JSON, with another digest than a model without norms."""

    class Plain(PureCell):
        n: int = 4
        layers: list[Any] = children(2, Conv, n)
        last: Conv = child(Conv, n)

    class Bare(Conv):
        rename({"weight_g": None, "weight_v": None})

    model = manifest(Plain)
    assert Manifest.from_json(model.to_json()) == model
    assert manifest(Bare, 4).digest != manifest(Conv, 4).digest
    assert not model.diff(Manifest.from_json(model.to_json()))


@pytest.mark.parametrize("which", ["", "gv"])
def test_a_file_tells_the_sizes(which: str) -> None:
    """Under either spelling; and a comparison of the model with the file says that they are alike."""
    file = spelled_anew(file_of(NET), which)
    found = solve_shapes(Net, {name: array.shape for name, array in file.items()}, {})
    assert (found.determined, found.conflicts) == ({"n": 4}, ())
    assert not NET.diff(Manifest.of_checkpoint(file))
