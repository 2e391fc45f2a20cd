"""Tests of `lazycell.cli._verdict`."""

from __future__ import annotations

import json
import shlex

from lazycell._errors import CheckpointMismatchError
from lazycell.cli._verdict import mismatch_json, options_of, plan_json
from lazycell.declaration._stored import transposed
from lazycell.mismatch._problems import Cause, Problem

from ..loading.models import declared, stored
from ..mismatch.transformer import file, mended, model, refusal

CAUSES = (
    Cause("hyperparameter", "wider", settings={"hidden": 8, "sizes": (1, 2), "name": "a b", "flag": True}),
    Cause("transposed", "turned", rename={"w": transposed("w"), "a": "b c"}),
    Cause("part", "less", missing=("head.*",), unexpected=("x",)),
)


def test_problems_as_json() -> None:
    """Both sides of each problem, and the causes; forms as they are written, tuples as lists, and it is JSON."""
    tensor = stored({"v": ((2,), "int8")}).tensors["v"]
    problems = (Problem("shape", "w", "differs", declared("w", (3,)), tensor), Problem("rename", "r", "is dead"))
    found = json.loads(json.dumps(mismatch_json(CheckpointMismatchError("no", problems, CAUSES))))
    assert found["problems"] == [
        {
            "kind": "shape",
            "name": "w",
            "message": "differs",
            "model": {"name": "w", "shape": [3], "dtype": "float32"},
            "checkpoint": {"name": "v", "shape": [2], "dtype": "int8"},
        },
        {"kind": "rename", "name": "r", "message": "is dead", "model": None, "checkpoint": None},
    ]
    assert [cause["kind"] for cause in found["causes"]] == ["hyperparameter", "transposed", "part"]
    assert found["causes"][0]["settings"] == {"hidden": 8, "sizes": [1, 2], "name": "a b", "flag": True}
    assert found["causes"][1]["rename"] == {"w": 'transposed("w")', "a": "b c"}


def test_causes_as_options() -> None:
    """As a shell takes them; a form has no option, and a manifest no hyperparameters."""
    error = CheckpointMismatchError("no", (), CAUSES)
    beside = ["--rename", "a=b c", "--missing", "head.*", "--unexpected", "x"]
    assert shlex.split(options_of(error.causes, settable=False)) == beside
    settings = ["--set", "hidden=8", "--set", "sizes=[1, 2]", "--set", "name=a b", "--set", "flag=true"]
    assert shlex.split(options_of(error.causes, settable=True)) == settings + beside
    assert options_of((), settable=True) == ""


def test_an_option_keeps_nothing_of_a_stranger() -> None:
    """What a name in a file says is one word for the shell."""
    error = CheckpointMismatchError("no", (), (Cause("part", "x", missing=("$(rm -rf /); `x`", "-x")),))
    assert shlex.split(options_of(error.causes, settable=True)) == ["--missing", "$(rm -rf /); `x`", "--missing", "-x"]


def test_a_real_refusal_and_a_real_plan() -> None:
    """Of the transformer with another number of layers, and of what the causes make of it."""
    header = file(n_layers=2)
    error = refusal(model(), header)
    assert "--set n_layers=2" in options_of(error.causes, settable=True)
    assert len(mismatch_json(error)["problems"]) == len(error.problems)
    plan = plan_json(mended(header))
    assert len(plan["steps"]) == len(header.tensors)
    assert json.loads(json.dumps(plan)) == plan
