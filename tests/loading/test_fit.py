"""Tests of `lazycell.loading._fit`, for parameters that are stored as they are; for others see `test_fit_layouts.py`."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell._errors import CheckpointMismatchError
from lazycell.formats import CheckpointHeader
from lazycell.manifest._manifest import Manifest
from lazycell.mismatch import Problem

from .models import declared, make_plan, manifest, stored

AT = "declared (n, m) by Linear.weight at layers.py:7"


def problems(model: Manifest, header: CheckpointHeader, **arguments: Any) -> list[tuple[str, str, str]]:
    """Give the problems of a load as (kind, name, message)."""
    with pytest.raises(CheckpointMismatchError) as caught:
        make_plan(model, header, **arguments)
    found = caught.value.problems
    assert all(isinstance(problem, Problem) for problem in found)
    return [(problem.kind, problem.name, problem.message) for problem in found]  # type: ignore[attr-defined]


def test_everything_fits() -> None:
    """Each parameter is filled from its name, in the manifest's order."""
    plan = make_plan(manifest(declared("b"), declared("a")), stored(["a", "b"]))
    assert [(step.parameter, step.key, step.dtype, step.same_as) for step in plan.steps] == [
        ("b", "b", "float32", ()),
        ("a", "a", "float32", ()),
    ]
    assert plan.initialize == plan.ignored == plan.computed == ()
    assert plan.nbytes == 48
    assert plan.model == "Net"


def test_all_problems_come_at_once() -> None:
    """Missing, unexpected, shape and dtype in one error, which is also a ValueError."""
    model = manifest(declared("gone"), declared("s"), declared("d"), declared("ok"))
    header = stored(
        {"s": ((3, 2), "float32"), "d": ((2, 3), "int32"), "ok": ((2, 3), "float32"), "new": ((1,), "bool")}
    )
    transposed = "transposed: the checkpoint stores (in, out) where the model has (out, in), or the reverse"
    assert problems(model, header) == [
        ("missing", "gone", f"float32 (2, 3); {AT}"),
        ("shape", "s", f"the checkpoint has (3, 2), the model (2, 3); {AT}; {transposed}"),
        (
            "dtype",
            "d",
            f"the checkpoint has int32, the model float32; {AT}; only floats are cast to floats, and integers to wider "
            "integers",
        ),
        ("unexpected", "new", "bool (1,)"),
    ]
    with pytest.raises(
        ValueError, match="^net.safetensors does not fit Net: 1 parameter missing, 1 tensor unexpected, "
    ):
        make_plan(model, header)


def test_missing() -> None:
    """Missing parameters are an error, initialized, or permitted by pattern."""
    model, header = manifest(declared("head.w"), declared("head.b"), declared("body.w")), stored(["body.w"])
    assert [name for _, name, _ in problems(model, header)] == ["head.w", "head.b"]
    assert make_plan(model, header, missing="init").initialize == ("head.w", "head.b")
    assert make_plan(model, header, missing=["head.*"]).initialize == ("head.w", "head.b")
    assert [name for _, name, _ in problems(model, header, missing=("*.b",))] == ["head.w"]
    assert [name for _, name, _ in problems(model, header, missing=[])] == ["head.w", "head.b"]


def test_unexpected() -> None:
    """Unexpected tensors are an error, ignored, or permitted by pattern."""
    model, header = manifest(declared("w")), stored(["w", "adam.w", "epoch"])
    assert [name for _, name, _ in problems(model, header)] == ["adam.w", "epoch"]
    assert make_plan(model, header, unexpected="ignore").ignored == ("adam.w", "epoch")
    assert [name for _, name, _ in problems(model, header, unexpected=["adam.*"])] == ["epoch"]


def test_computed_buffers_in_the_file_are_ignored() -> None:
    """What the model computes is neither loaded nor unexpected."""
    plan = make_plan(manifest(declared("w"), computed=frozenset(["ids"])), stored(["w", "ids"]))
    assert plan.computed == ("ids",)
    assert len(plan.steps) == 1


@pytest.mark.parametrize(
    ("policy", "source", "declaration", "target"),
    [
        ("cast", "float16", "float32", "float32"),
        ("cast", "float32", "bfloat16", "bfloat16"),
        ("cast", "int32", "int64", "int64"),
        ("strict", "bfloat16", "bfloat16", "bfloat16"),
        ("checkpoint", "bfloat16", "float32", "bfloat16"),
        ("checkpoint", "int64", "int32", "int64"),
    ],
)
def test_dtypes_that_fit(policy: Any, source: str, declaration: str, target: str) -> None:
    """The step says which dtype the parameter will have."""
    plan = make_plan(manifest(declared("w", (1,), declaration)), stored({"w": ((1,), source)}), dtype=policy)
    assert (plan.steps[0].tensor.dtype, plan.steps[0].dtype) == (source, target)


@pytest.mark.parametrize(
    ("policy", "source", "declaration", "cause"),
    [
        ("cast", "float32", "int32", "only floats are cast to floats, and integers to wider integers"),
        ("cast", "int32", "float32", "only floats are cast to floats, and integers to wider integers"),
        (
            "cast",
            "int64",
            "int32",
            'integers are cast to wider ones only; dtype="checkpoint" takes them as they are',
        ),
        ("strict", "float16", "float32", 'dtype="strict" takes no other; dtype="cast" converts'),
        ("checkpoint", "int64", "float32", "a parameter of one kind cannot hold the other"),
    ],
)
def test_dtypes_that_do_not_fit(policy: Any, source: str, declaration: str, cause: str) -> None:
    """The message says what differs and why it matters under this policy."""
    model, header = manifest(declared("w", (1,), declaration)), stored({"w": ((1,), source)})
    assert problems(model, header, dtype=policy) == [
        ("dtype", "w", f"the checkpoint has {source}, the model {declaration}; {AT}; {cause}")
    ]


def test_either_name_of_a_tie_fills_it() -> None:
    """The owner's name, or the alias's."""
    model = manifest(declared("embed.w"), ties={"head.w": "embed.w"})
    for key in ("embed.w", "head.w"):
        (step,) = make_plan(model, stored([key])).steps
        assert (step.parameter, step.key, step.same_as) == ("embed.w", key, ())
    assert problems(model, stored([])) == [("missing", "embed.w", f"float32 (2, 3); {AT}; also looked for as `head.w`")]
    assert make_plan(model, stored([]), missing=["head.*"]).initialize == ("embed.w",)


def test_both_names_of_a_tie_are_to_be_compared() -> None:
    """The plan records the copy; copies that cannot be equal are problems already."""
    model = manifest(declared("embed.w"), ties={"head.w": "embed.w"})
    (step,) = make_plan(model, stored(["head.w", "embed.w"])).steps
    assert step.key == "embed.w"
    assert [copy.name for copy in step.same_as] == ["head.w"]
    header = stored({"embed.w": ((2, 3), "float32"), "head.w": ((2, 3), "float16")})
    assert problems(model, header) == [("tie", "embed.w", "float32 as `embed.w`, float16 as `head.w`")]
    header = stored({"embed.w": ((2, 3), "float32"), "head.w": ((2, 4), "float32")})
    assert [(kind, name) for kind, name, _ in problems(model, header)] == [("shape", "embed.w")]


def test_rename() -> None:
    """Names of the file are translated before anything is compared."""
    model = manifest(declared("layers.0.q"), declared("layers.1.q"))
    rules = {"enc.{i}.query": "layers.{i}.q"}
    plan = make_plan(model, stored(["enc.0.query", "enc.1.query"]), rename=rules)
    assert [(step.parameter, step.key) for step in plan.steps] == [
        ("layers.0.q", "enc.0.query"),
        ("layers.1.q", "enc.1.query"),
    ]


def test_mistakes_in_rename_are_problems() -> None:
    """Overlaps, collisions and dead rules come with everything else."""
    model = manifest(declared("a"))
    assert problems(model, stored(["x", "y"]), rename={"x": "a", "{n}": "a", "weihgt.{i}": "b"}) == [
        ("rename", "x", "two rules match it: `x`, `{n}`"),
        ("rename", "a", "two names in the checkpoint become this one: `x`, `y`"),
        ("rename", "weihgt.{i}", "this rule matches no name in the checkpoint"),
    ]
    assert problems(model, stored(["weight"]), rename={"weihgt": "a"})[0] == (
        "rename",
        "weihgt",
        "this rule matches no name in the checkpoint; did you mean `weight`?",
    )
    assert problems(model, stored(["a", "x"]), rename={"x": "y"}) == [
        ("unexpected", "y", "float32 (2, 3); `x` in the file")
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"missing": "foo"}, 'missing=\'foo\': choose "error", "init" or a list of name patterns'),
        ({"missing": None}, 'missing=None: choose "error", "init" or a list of name patterns'),
        ({"missing": [1]}, "missing: a name pattern has to be a string, not 1"),
        (
            {"missing": {"a": 3}},
            "missing={'a': 3}: patterns are a list, a mapping gives them values that mean nothing: write missing=[\"a\"]",
        ),
        (
            {"unexpected": {"head.*": None, 3: 4}},
            "unexpected={'head.*': None, 3: 4}: patterns are a list, a mapping gives them values that mean nothing: "
            'write unexpected=["head.*", 3]',
        ),
        ({"unexpected": "init"}, 'unexpected=\'init\': choose "error", "ignore" or a list of name patterns'),
        ({"dtype": "float32"}, 'dtype=\'float32\': choose "cast", "strict" or "checkpoint"'),
    ],
)
def test_arguments_that_mean_nothing(arguments: dict[str, Any], message: str) -> None:
    """A misspelt choice lists the choices."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        make_plan(manifest(), stored([]), **arguments)


def test_layers_are_one_line_of_the_message() -> None:
    """Thirty-six layers of one mistake are one group, and thirty-six problems."""
    model = manifest(*(declared(f"layers.{i}.w") for i in range(36)))
    header = stored({f"layers.{i}.w": ((2, 4), "float32") for i in range(36)})
    with pytest.raises(CheckpointMismatchError) as caught:
        make_plan(model, header)
    assert len(caught.value.problems) == 36
    assert str(caught.value) == (
        "net.safetensors does not fit Net: 36 shapes differ\n"
        "shape differs:\n"
        f"  layers.{{0..35}}.w: the checkpoint has (2, 4), the model (2, 3); {AT}"
    )


@given(st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef")))
def test_every_name_is_accounted_for(ours: set[str], theirs: set[str]) -> None:
    """Each parameter is filled or initialized, each tensor used or ignored, nothing twice."""
    model = manifest(*map(declared, sorted(ours)))
    plan = make_plan(model, stored(sorted(theirs)), missing="init", unexpected="ignore")
    assert {step.parameter for step in plan.steps} == ours & theirs
    assert set(plan.initialize) == ours - theirs
    assert set(plan.ignored) == theirs - ours


def test_a_hundred_thousand_tensors() -> None:
    """Plan and error are linear: seconds at most, where a quadratic search would take hours."""
    names = [f"layers.{i}.experts.{j}.w{k}" for i in range(100) for j in range(100) for k in range(10)]
    model, header = (
        manifest(*map(declared, names)),
        stored([name.replace("experts", "expert") for name in names]),
    )
    start = time.perf_counter()
    assert len(make_plan(manifest(*map(declared, names)), stored(names)).steps) == len(names)
    with pytest.raises(CheckpointMismatchError) as caught:
        make_plan(model, header)
    assert len(caught.value.problems) == 2 * len(names)
    assert len(str(caught.value)) < 10_000
    assert time.perf_counter() - start < 30
