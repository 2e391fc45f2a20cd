"""Tests of `lazycell.mismatch._cause_weight_norm`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lazycell.declaration._forms import form_text
from lazycell.declaration._halves import direction, magnitude, other_spelling
from lazycell.declaration._squeezed import squeezed
from lazycell.declaration._stored import rename
from lazycell.formats import CheckpointHeader
from lazycell.manifest._manifest import Manifest

from ..loading.models import declared, make_plan, stored
from ..loading.models import manifest as manifest_of
from ..pure import Param, PureCell, children, manifest
from .test_cause_axes import causes

Shape = tuple[int, ...]


def model_of(shapes: Mapping[str, Shape]) -> Manifest:
    """Declare weights in plain cells."""
    plain: dict[str, Any] = {"expression": None, "declared_by": None, "declared_at": None}
    return manifest_of(*(declared(name, shape, **plain) for name, shape in shapes.items()))


def halves(name: str, magnitude: Shape, direction: Shape, *, new: bool = False) -> dict[str, Any]:
    """Give both halves, as a file has them."""
    names = (f"{name}_g", f"{name}_v")
    if new:
        names = tuple(other_spelling(each) or "" for each in names)
    return {names[0]: (magnitude, "float32"), names[1]: (direction, "float32")}


@pytest.mark.parametrize("new", [False, True])
@pytest.mark.parametrize(
    ("ours", "magnitude", "direction", "form"),
    [
        ((8, 6), (8, 1), (8, 6), 'magnitude("layers.{i}.weight")'),
        ((8, 6), (1, 6), (8, 6), 'magnitude("layers.{i}.weight", dim=1)'),
        ((8, 6), (), (8, 6), 'magnitude("layers.{i}.weight", dim=None)'),
        ((8, 6, 1, 3), (8, 1, 1), (8, 6, 3), 'magnitude(squeezed("layers.{i}.weight", axis=2))'),
    ],
)
def test_following_the_advice_loads(ours: Shape, magnitude: Shape, direction: Shape, form: str, new: bool) -> None:
    """Under either of PyTorch's names, along any axis, of convolutions with an axis less."""
    names = [f"layers.{i}.weight" for i in range(3)]
    model = model_of(dict.fromkeys(names, ours) | {"head": (2, 3)})
    tensors: dict[str, Any] = {"head": ((2, 3), "float32")}
    for name in names:
        tensors |= halves(name, magnitude, direction, new=new)
    (cause,) = causes(model, stored(tensors))
    assert cause.text.startswith("3 weights of the model the checkpoint has weight-normed: a norm and a direction, ")
    assert [form_text(each) for each in cause.rename.values()] == [form, form.replace("magnitude", "direction")]
    assert len(make_plan(model, stored(tensors), rename=cause.rename).steps) == 4


def test_many_of_them_take_two_rules() -> None:
    """For any path, as long as nothing else has such a name."""
    names = [f"{a}{b}.conv.weight" for a in "xy" for b in "abcdef"]
    model = model_of(dict.fromkeys(names, (8, 6)))
    tensors = {key: spec for name in names for key, spec in halves(name, (8, 1), (8, 6)).items()}
    (cause,) = causes(model, stored(tensors))
    assert list(cause.rename) == ["{*path}.weight_g", "{*path}.weight_v"]
    assert len(make_plan(model, stored(tensors), rename=cause.rename).steps) == 12


class Normed(PureCell):
    weight_g: Param["ones", (4, 1)]
    weight_v: Param["normal", (4, 4)]


class Trained(PureCell):
    """As PyTorch trains it: the halves are parameters."""

    layers: list[Normed] = children(3, Normed)


def test_halves_of_other_names() -> None:
    """Each by its name, as parameters of their own."""
    tensors = {k: spec for i in range(3) for k, spec in halves(f"layers.{i}.weight", (4, 1), (4, 4), new=True).items()}
    (cause,) = causes(manifest(Trained), stored(tensors))
    assert "parametrizations.weight.original0 and parametrizations.weight.original1" in cause.text
    assert cause.rename == {
        "layers.{i}.parametrizations.weight.original0": "layers.{i}.weight_g",
        "layers.{i}.parametrizations.weight.original1": "layers.{i}.weight_v",
    }
    assert len(make_plan(manifest(Trained), stored(tensors), rename=cause.rename).steps) == 6


@pytest.mark.parametrize(
    ("magnitude", "direction"), [((8, 2), (8, 6)), ((8, 1), (9, 6)), ((8, 1), (8, 6, 2)), ((6, 1), (8, 6))]
)
def test_what_does_not_fit_together_is_none(magnitude: Shape, direction: Shape) -> None:
    """Norms of another shape, or a direction that is not the weight's: nothing is proposed."""
    model = model_of({"a.weight": (8, 6), "b.weight": (2, 3)})
    file: CheckpointHeader = stored(halves("a.weight", magnitude, direction) | {"b.weight": ((2, 3), "float32")})
    assert "weight norm" not in [cause.kind for cause in causes(model, file)]


class Squeezed(PureCell):
    weight: Param["normal", (8, 6, 1, 3)]
    rename({"weight": squeezed("weight", axis=2)})


def test_a_rule_for_the_weight_itself_is_passed_by() -> None:
    """What is given to a load is about the parameter."""
    file = stored(halves("weight", (8, 1, 1), (8, 6, 3)))
    (cause,) = causes(manifest(Squeezed), file)
    assert form_text(cause.rename["weight_g"]) == 'magnitude(squeezed("weight", axis=2))'
    assert len(make_plan(manifest(Squeezed), file, rename=cause.rename).steps) == 1


class Halved(PureCell):
    weight: Param["normal", (8, 6, 1, 3)]
    rename({"weight_g": magnitude("weight"), "weight_v": direction("weight")})


def test_halves_of_another_shape_are_for_the_class_body() -> None:
    """No form can be put around a half, so none is proposed as an argument."""
    (cause,) = causes(manifest(Halved), stored(halves("weight", (8, 1, 1), (8, 6, 3))))
    assert (cause.kind, dict(cause.rename)) == ("axes", {})
    assert cause.advice.startswith('change the rule for "weight_g" in the class body')


def test_behind_a_prefix_both_rules_are_for_the_class_body() -> None:
    """One alone would be half of a weight."""
    model = model_of({"a.weight": (8, 6), "a.bias": (8,), "b.bias": (3,)})
    tensors = halves("net.a.weight", (8, 1), (8, 6))
    file = stored(tensors | {"net.a.bias": ((8,), "float32"), "net.b.bias": ((3,), "float32")})
    prefix, cause = causes(model, file)
    assert prefix.rename == {"net.{*rest}": "{*rest}"}
    rules = 'rename({"a.weight_g": magnitude("a.weight"), "a.weight_v": direction("a.weight")})'
    assert cause.advice.endswith(rules)
