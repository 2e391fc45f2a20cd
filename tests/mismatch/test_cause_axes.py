"""Tests of `lazycell.mismatch._cause_axes`."""

from __future__ import annotations

from typing import Any

import pytest

from lazycell._errors import CheckpointMismatchError
from lazycell.declaration._forms import Reshaped
from lazycell.declaration._squeezed import Expanded, Squeezed, squeezed
from lazycell.declaration._stored import rename
from lazycell.formats import CheckpointHeader
from lazycell.manifest._manifest import Manifest
from lazycell.mismatch._cause_axes import form_between
from lazycell.mismatch._problems import Cause

from ..loading.models import declared, make_plan, stored
from ..loading.models import manifest as manifest_of
from ..pure import Param, PureCell, children, manifest

Shape = tuple[int, ...]


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ((4, 6, 1, 3), (4, 6, 3), Squeezed("w", (2,))),
        ((4, 6, 1, 1), (4, 6, 1), Squeezed("w", (2,))),
        ((4, 6), (4, 6, 1, 1), Expanded("w", (2, 3))),
        ((), (1,), Expanded("w", (0,))),
        ((1, 8), (8,), Squeezed("w", (0,))),
        ((3, 1, 4), (3, 4, 1), Reshaped("w", (3, 4, 1))),
        ((4, 6), (4, 6), "w"),
        ((1, 8), (8, 1), None),
        ((4, 6, 3), (6, 4, 3), None),
        ((12,), (3, 4), None),
    ],
)
def test_axes_of_length_1(ours: Shape, theirs: Shape, expected: Any) -> None:
    """The first that will do; the same elements in another division are another matter, and so is a transposed row."""
    make = form_between(ours, theirs)
    assert (None if make is None else make("w")) == expected


def causes(model: Manifest, file: CheckpointHeader, **options: Any) -> tuple[Cause, ...]:
    """Give the causes of a load that fails."""
    with pytest.raises(CheckpointMismatchError) as caught:
        make_plan(model, file, **options)
    return caught.value.causes  # type: ignore[attr-defined, no-any-return]


def convolutions(*names: str) -> tuple[Manifest, CheckpointHeader]:
    """Give a model with 1-D convolutions in four axes, and a file that has three."""
    plain: dict[str, Any] = {"expression": None, "declared_by": None, "declared_at": None}
    model = manifest_of(*(declared(name, (4, 4, 1, 3), **plain) for name in names), declared("head.weight", (5, 4)))
    return model, stored(dict.fromkeys(names, ((4, 4, 3), "float32")) | {"head.weight": ((5, 4), "float32")})


@pytest.mark.parametrize(
    ("names", "rules"),
    [
        (["layers.0.conv.weight", "layers.1.conv.weight"], ["layers.{i}.conv.weight"]),
        (["conv.weight"], ["conv.weight"]),
        ([f"{letter}.conv.weight" for letter in "abcdefghijk"], ["{*path}.conv.weight"]),
    ],
)
def test_following_the_advice_loads(names: list[str], rules: list[str]) -> None:
    """In one rule for all layers, and for any path where that takes too many; never one that matches others."""
    model, file = convolutions(*names)
    (cause,) = causes(model, file)
    assert cause.text.startswith(f"{len(names)} tensor")
    assert "reshaped, differing in axes of length 1 alone (as PyTorch has 1-D convolutions)" in cause.text
    assert cause.rename == {rule: Squeezed(rule, (2,)) for rule in rules}
    assert cause.advice == (
        'or declare it in the class that holds them: rename({"conv.weight": squeezed("conv.weight", axis=2)})'
    )
    assert len(make_plan(model, file, rename=cause.rename).steps) == len(model)


class Conv(PureCell):
    weight: Param["normal", (4, 4, 1, 3)]


class Declared(PureCell):
    layers: list[Conv] = children(3, Conv)
    rename({"layers.{i}.weight": squeezed("layers.{i}.weight", axis=2)})


def test_in_the_class_body_it_loads_as_well() -> None:
    """And a file that has all axes is told to change the rule, which already says something of the name."""
    model = manifest(Declared)
    names = [f"layers.{i}.weight" for i in range(3)]
    assert len(make_plan(model, stored(dict.fromkeys(names, ((4, 4, 3), "float32")))).steps) == 3
    (cause,) = causes(model, stored(dict.fromkeys(names, ((4, 4, 1, 3), "float32"))))
    assert not cause.rename
    assert cause.advice.startswith('change the rule for "layers.0.weight" in the class body: ')


def test_behind_a_prefix_it_is_for_the_class_body() -> None:
    """As an argument it would match what the prefix's rule matches: with `rename` given, too."""
    model, file = convolutions("layers.0.conv.weight", "layers.1.conv.weight")
    below = stored({f"net.{name}": (tensor.shape, tensor.dtype) for name, tensor in file.tensors.items()})
    prefix, axes = causes(model, below)
    assert prefix.rename == {"net.{*rest}": "{*rest}"}
    (again,) = causes(model, below, rename=prefix.rename)
    for cause in (axes, again):
        assert not cause.rename
        assert 'rename({"layers.{i}.conv.weight": squeezed("layers.{i}.conv.weight", axis=2)})' in cause.advice
