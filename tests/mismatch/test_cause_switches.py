"""Tests of `lazycell.mismatch._cause_switches`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lazycell import SELF, Param, child, require, tie, when
from lazycell._errors import CheckpointMismatchError
from lazycell.manifest._manifest import Manifest
from lazycell.mismatch._cause_switches import parted
from lazycell.mismatch._problems import Cause, Problem

from ..loading.models import make_plan, stored
from ..pure import PureCell, manifest
from .transformer import Again

F = "float32"


class Linear(PureCell):
    size: int
    use_bias: bool = True

    weight: Param["normal", (size, 3)]
    bias: Param["zeros", (size,)] = when(use_bias)


class Head(PureCell):
    config: Any
    decoder: Linear = child(Linear, config.size)
    bias: Param["zeros", (config.size,)]
    one_bias = when(config.tie_bias, tie("decoder.bias", "bias"))


class Net(PureCell):
    size: int = 5
    tie_words: bool = True
    tie_bias: bool = tie_words
    frozen: bool = False
    strict: bool = False
    require(tie_words | ~strict, "strict means tied")

    table: Linear = child(Linear, size, False)
    head: Head = child(Head, SELF)
    one_table = when(tie_words, tie("head.decoder.weight", "table.weight"))


def refused(names: list[str], **hyperparameters: Any) -> list[Cause]:
    """Give the causes of the mismatch with a checkpoint of these names."""
    model = manifest(Net, **hyperparameters)
    shapes = {name: ((5, 3) if name.endswith("weight") else (5,), F) for name in names}
    with pytest.raises(CheckpointMismatchError) as caught:
        make_plan(model, stored(shapes), again=again(model))
    return list(caught.value.causes)


def again(model: Manifest) -> Any:
    """Give what builds the manifest with other switches."""
    return Again(Net, model.hyperparameters)


ALL = ["table.weight", "head.decoder.weight", "head.decoder.bias", "head.bias"]


@pytest.mark.parametrize(
    ("lacking", "settings", "text"),
    [
        (ALL[1], {"tie_words": True}, "with tie_words=True `head.decoder.weight` is `table.weight`"),
        (ALL[0], {"tie_words": True}, "with tie_words=True `table.weight` is `head.decoder.weight`"),
        (ALL[2], {"tie_bias": True}, "with tie_bias=True `head.decoder.bias` is `head.bias`"),
        (ALL[3], {"tie_bias": True}, "with tie_bias=True `head.bias` is `head.decoder.bias`"),
    ],
)
def test_one_of_two_is_there(lacking: str, settings: dict[str, bool], text: str) -> None:
    """The switch that makes them one, whichever of the two is there, and in a cell below."""
    (cause,) = refused([name for name in ALL if name != lacking], tie_words=False)
    assert (cause.kind, cause.settings) == ("tie", settings)
    assert cause.text == f"{text}, which the checkpoint has"
    assert cause.explains == {lacking}


def test_each_lack_has_its_switch() -> None:
    """Both are told."""
    causes = refused(["table.weight", "head.bias"], tie_words=False)
    assert [cause.settings for cause in causes] == [{"tie_words": True}, {"tie_bias": True}]


def test_neither_is_there() -> None:
    """Then no switch helps."""
    assert [cause for cause in refused(["head.decoder.bias", "head.bias"], tie_words=False) if cause.settings] == []


def differing(source: str, copy: str | None) -> Problem:
    """Say that a parameter differs from its copy."""
    tensor = None if copy is None else stored([copy]).tensors[copy]
    return Problem("tie", source, f"`{source}` and `{copy}` differ", None, tensor)


@pytest.mark.parametrize("copy", ["head.decoder.weight", "another name", None])
def test_two_that_differ(copy: str | None) -> None:
    """The switch that parts them; of two that do, the one that parts nothing else."""
    model = manifest(Net)
    (cause,) = parted([differing("table.weight", copy)], model, again(model))
    assert (cause.settings, cause.explains) == ({"tie_words": False}, {"table.weight"})
    assert cause.text == (
        "with tie_words=False `head.decoder.weight` and `table.weight` are two parameters, as in the checkpoint"
    )
    (cause,) = parted([differing("head.bias", "head.decoder.bias")], model, again(model))
    assert cause.settings == {"tie_bias": False}


def test_a_switch_that_the_class_refuses_is_none() -> None:
    """What stands in the way of a proposal is not raised in its place."""
    model = manifest(Net, strict=True)
    assert parted([differing("table.weight", "head.decoder.weight")], model, again(model)) == []

    def fails(changed: Mapping[str, Any]) -> Manifest:
        raise ZeroDivisionError

    assert parted([differing("head.bias", "head.decoder.bias")], model, fails) == []


def test_where_nothing_is_wrong_with_names_nothing_is_built() -> None:
    """Another model costs something."""

    class Never(Again):
        def __call__(self, changed: Mapping[str, Any], /) -> Manifest:
            raise AssertionError(changed)

    of, shapes = manifest(Net), {"table.weight": ((5, 4), F), "head.bias": ((5,), F)}
    with pytest.raises(CheckpointMismatchError):
        make_plan(of, stored(shapes), again=Never(Net, of.hyperparameters))


def test_what_a_switch_gives_or_takes_away() -> None:
    """A bias in every layer, or none: if the checkpoint has all of it, and what it has fits."""

    class Wide(PureCell):
        biased: bool = True
        first: Linear = child(Linear, 5, biased)
        second: Linear = child(Linear, 5, biased)

    def causes(names: dict[str, tuple[int, ...]], *, biased: bool) -> list[tuple[str, dict[str, Any]]]:
        of, shapes = manifest(Wide, biased=biased), {name: (shape, F) for name, shape in names.items()}
        with pytest.raises(CheckpointMismatchError) as caught:
            make_plan(of, stored(shapes), again=Again(Wide, of.hyperparameters))
        return [(cause.text, dict(cause.settings)) for cause in caught.value.causes if cause.kind == "switch"]

    weights: dict[str, tuple[int, ...]] = {"first.weight": (5, 3), "second.weight": (5, 3)}
    both: dict[str, tuple[int, ...]] = {"first.bias": (5,), "second.bias": (5,)}
    more = "with biased=True the model has `first.bias`, `second.bias`, as in the checkpoint"
    assert causes(weights | both, biased=False) == [(more, {"biased": True})]
    less = "with biased=False the model has no `first.bias`, `second.bias`, as in the checkpoint"
    assert causes(weights, biased=True) == [(less, {"biased": False})]
    assert causes(weights | {"first.bias": (5,)}, biased=False) == []
    assert causes(weights | {**both, "second.bias": (6,)}, biased=False) == []
