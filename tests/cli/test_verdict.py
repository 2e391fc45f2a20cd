"""Tests of `lazycell.cli._verdict`."""

from __future__ import annotations

import json
from pathlib import Path

from lazycell.cli._shell import Shell
from lazycell.cli._verdict import mismatch_json, plan_json
from lazycell.declaration._stored import transposed
from lazycell.mismatch._dialect import Argument
from lazycell.mismatch._message import Mismatch
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
    mismatch = Mismatch(Path("f"), "Net", problems, CAUSES)
    found = json.loads(json.dumps(mismatch_json(mismatch, Shell())))
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


def test_a_real_refusal_and_a_real_plan() -> None:
    """Of the transformer with another number of layers, and of what the causes make of it."""
    header = file(n_layers=2)
    error = refusal(model(), header)
    assert isinstance(error.mismatch, Mismatch)
    assert len(mismatch_json(error.mismatch, Shell())["problems"]) == len(error.problems)
    plan = plan_json(mended(header))
    assert len(plan["steps"]) == len(header.tensors)
    assert json.loads(json.dumps(plan)) == plan


def test_messages_and_advice_are_for_the_shell() -> None:
    """Of what is wrong, and of what to do."""
    entry, tensor = declared("w", (3,)), stored({"w": ((3,), "float16")}).tensors["w"]
    problem = Problem("dtype", "w", "", entry, tensor, "strict")
    cause = Cause("quantized", "codes", todo=("load with ", Argument("dtype", "cast")))
    found = mismatch_json(Mismatch(Path("f"), "Net", (problem,), (cause,)), Shell())
    assert found["problems"][0]["message"].endswith("; --cast strict takes no other; --cast cast converts")
    assert found["causes"][0]["advice"] == "load with --cast cast"
