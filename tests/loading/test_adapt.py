"""Tests of `lazycell.loading._adapt`, through plans: former names, leftovers, and bases of other heads."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell._errors import CheckpointMismatchError
from lazycell.layout import BaseModel, Leftover
from lazycell.loading import LoadPlan

from .models import declared, make_plan, manifest, stored

BASE = ("embed", "norm.weight", "pooler.weight")
HEAD = ("bert.embed", "bert.norm.weight", "classifier.weight")


def base(*names: str, heads: tuple[str, ...] = ("pooler",), prefix: str = "bert") -> Any:
    return attrs.evolve(manifest(*map(declared, names)), base=BaseModel(prefix, heads))


def sources(plan: LoadPlan) -> dict[str, str]:
    return {step.parameter: step.key for step in plan.steps}


def test_a_head_from_a_base() -> None:
    """The prefix is added; the head is new, and the base's own head is left out."""
    plan = make_plan(base(*HEAD, heads=("bert.pooler",)), stored(BASE), partial=True)
    assert sources(plan) == {"bert.embed": "embed", "bert.norm.weight": "norm.weight"}
    assert plan.initialize == plan.new_head == ("classifier.weight",)
    assert plan.other_head == ("pooler.weight",)
    assert plan.layout == ()  # what is saved has the model's own names


def test_a_base_from_a_head() -> None:
    """The prefix is stripped, what is outside is left out, and a pooler that is not there is a new head."""
    plan = make_plan(base(*BASE), stored(HEAD), partial=True)
    assert sources(plan) == {"embed": "bert.embed", "norm.weight": "bert.norm.weight"}
    assert plan.new_head == ("pooler.weight",)
    assert plan.other_head == ("classifier.weight",)


def test_another_head() -> None:
    """Nothing is renamed; one head is left out and the other is new, if it is only of another shape too."""
    model = base(*HEAD)
    plan = make_plan(model, stored([*HEAD[:2], "lm_head.weight"]), partial=True)
    assert (plan.new_head, plan.other_head) == (("classifier.weight",), ("lm_head.weight",))
    header = stored(dict.fromkeys(HEAD[:2], ((2, 3), "float32")) | {"classifier.weight": ((5, 3), "float32")})
    plan = make_plan(model, header, partial=True)
    assert (plan.new_head, plan.other_head) == (("classifier.weight",), ("classifier.weight",))
    with pytest.raises(CheckpointMismatchError, match=r"pass partial=True"):
        make_plan(model, header, partial="new")


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (HEAD, ("bert.embed", "classifier.weight")),  # of the base something is missing
        (HEAD, (*HEAD, "bert.more")),  # the base has something that the model has not
        (HEAD, ("other.embed", "other.norm.weight")),  # another prefix than the one that is declared
        (BASE, ("embed", "pooler.weight")),
        (BASE, (*BASE, "embed.more")),
        (BASE, ("bert.embed", "pooler.weight")),
        (HEAD, tuple(f"model.{name}" for name in HEAD)),
    ],
)
def test_nothing_else_is_lenient(model: tuple[str, ...], names: tuple[str, ...]) -> None:
    """All of the base has to be there, and nothing more of it."""
    with pytest.raises(CheckpointMismatchError):
        make_plan(base(*model), stored(names), partial=True)


def test_both_layouts_in_one_file_stay_as_they_are() -> None:
    """Where the prefix could be meant or not, nothing is guessed."""
    with pytest.raises(CheckpointMismatchError, match=r"2 tensors unexpected"):
        make_plan(base(*BASE), stored([*BASE, *HEAD]), partial=True)


@given(
    st.sampled_from([(HEAD, BASE), (BASE, HEAD), (HEAD, HEAD), (BASE, BASE)]),
    st.sets(st.sampled_from([*HEAD, *BASE, "lm_head.weight", "bert.pooler.weight"])),
    st.booleans(),
)
def test_whatever_the_file_has(sides: Any, more: set[str], renamed: bool) -> None:
    """Each parameter of the base comes from the file, and each key is used once or accounted for."""
    ours, theirs = sides
    header = stored([*dict.fromkeys((*theirs, *sorted(more)))])
    rename = {"lm_head.weight": "head.weight"} if renamed and "lm_head.weight" in more else None
    try:
        plan = make_plan(base(*ours), header, partial=True, rename=rename)
    except CheckpointMismatchError:
        return
    assert {*sources(plan), *plan.initialize} == {*ours}
    assert all("embed" not in name and "norm" not in name for name in plan.initialize)
    keys = [*sources(plan).values(), *plan.other_head, *plan.unused]
    assert sorted(keys) == sorted(header.tensors)


def test_without_partial_the_one_cause_is_told() -> None:
    """Whoever reads it passes one argument; a class that says nothing of a base has no such way out."""
    with pytest.raises(CheckpointMismatchError) as caught:
        make_plan(base(*HEAD), stored(BASE[:2]))
    (cause,) = caught.value.causes
    assert cause.kind == "head"  # type: ignore[attr-defined]
    text = str(caught.value)
    assert "likely cause: all of the base fits; only the model has `classifier`" in text
    assert text.splitlines()[-1] == "  to begin with a new `classifier`, which has to be trained, pass partial=True"
    with pytest.raises(CheckpointMismatchError) as caught:
        make_plan(manifest(*map(declared, HEAD)), stored(BASE[:2]), partial=True)
    assert "partial" not in str(caught.value)


@pytest.mark.parametrize("names", [HEAD, BASE])
@pytest.mark.parametrize("partial", [True, "new"])
def test_what_has_nothing_of_the_base_is_no_head(names: tuple[str, ...], partial: object) -> None:
    """What another program wrote before all names is found and proposed, whether heads may differ or not."""
    wrapped = stored([f"module.{name}" for name in names])
    for model in (base(*HEAD), base(*BASE)):
        with pytest.raises(CheckpointMismatchError, match=r"module\.") as caught:
            make_plan(model, wrapped, partial=partial)
        with pytest.raises(CheckpointMismatchError) as strict:
            make_plan(model, wrapped)
        assert str(caught.value) == str(strict.value)
        with pytest.raises(CheckpointMismatchError, match=r"unexpected"):
            make_plan(model, wrapped, partial=partial, missing="init")


def test_former_names_and_leftovers() -> None:
    """Read without a word, listed; a tensor that is there under its present name is not taken from a former one."""
    leftovers = (Leftover("{*path}.gamma", "{*path}.weight"), Leftover("{*path}.mask"))
    model = attrs.evolve(manifest(declared("norm.weight")), leftovers=leftovers)
    plan = make_plan(model, stored(["norm.gamma", "norm.mask"]))
    assert sources(plan) == {"norm.weight": "norm.gamma"}
    assert (plan.unused, plan.ignored, plan.layout) == (("norm.mask",), (), ())
    assert "leave out: unused" in str(plan)
    with pytest.raises(CheckpointMismatchError, match=r"unexpected"):
        make_plan(model, stored(["norm.gamma", "norm.weight"]))
    with pytest.raises(CheckpointMismatchError):
        make_plan(model, stored(["norm.weight", "other.gamma"]))  # nothing is stored as other.weight


def test_leftovers_below_a_prefix() -> None:
    """The prefix first, the former name then."""
    model = attrs.evolve(
        base("bert.norm.weight", "head"),
        leftovers=(Leftover("bert.norm.gamma", "bert.norm.weight"), Leftover("bert.mask"), Leftover("bert.norm.mask")),
    )
    plan = make_plan(model, stored(["norm.gamma", "norm.mask"]), partial=True)
    assert sources(plan) == {"bert.norm.weight": "norm.gamma"}
    assert plan.unused == ("norm.mask",)


@pytest.mark.parametrize("partial", ["all", 1, None, "True"])
def test_a_word_that_means_nothing(partial: object) -> None:
    """The choices are told."""
    with pytest.raises(ValueError, match=r'^partial=.*: choose True, False, or "new"'):
        make_plan(base(*HEAD), stored(HEAD), partial=partial)


@pytest.mark.parametrize("partial", [True, "new"])
def test_a_wrapper_is_told_of_and_nothing_is_left_out(partial: Any) -> None:
    """Where nothing of the base is there, all names are the file's, and the advice is about those."""
    with pytest.raises(CheckpointMismatchError) as caught:
        make_plan(base(*HEAD), stored([f"module.{name}" for name in HEAD]), partial=partial)
    text = str(caught.value)
    assert "3 parameters missing, 3 tensors unexpected" in text
    assert 'pass rename={"module.{*rest}": "{*rest}"}' in text
    plan = make_plan(
        base(*HEAD),
        stored([f"module.{name}" for name in HEAD]),
        partial=partial,
        rename={"module.{*rest}": "{*rest}"},
    )
    assert plan.initialize == plan.other_head == ()


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (("norm.weight",), ("norm.gamma", "norm.scale")),  # two former names
        (("norm.weight",), ("bert.norm.weight", "bert.norm.gamma")),  # the present one, and a former one
        (("bert.norm.weight",), ("norm.weight", "norm.gamma")),
    ],
)
def test_two_names_of_one_parameter_do_not_fit(model: tuple[str, ...], names: tuple[str, ...]) -> None:
    """One of the two would be lost, below a prefix that comes or goes as well."""
    prefix = model[0].removesuffix("weight")
    leftovers = tuple(Leftover(f"{prefix}{old}", model[0]) for old in ("gamma", "scale"))
    declares = attrs.evolve(base(*model), leftovers=leftovers)
    with pytest.raises(CheckpointMismatchError, match=r"unexpected"):
        make_plan(declares, stored(names), partial=True)
