"""Tests of `lazycell.mismatch._causes`."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lazycell._errors import CheckpointMismatchError
from lazycell.formats import CheckpointHeader
from lazycell.layout._rename import parse_rules
from lazycell.manifest._manifest import Manifest
from lazycell.mismatch import Problem
from lazycell.mismatch._problems import Cause

from ..loading.models import declared, make_plan, manifest, stored
from .transformer import causes, file, kinds, mended, model, refusal, tensors


def test_what_several_causes_propose_makes_the_load_fit() -> None:
    """A prefix, other words, fewer layers, another head and an optimizer's state at once."""

    def rename(name: str) -> str | None:
        if name.startswith("classifier."):
            return None
        return "bert." + name.replace("norm.weight", "norm.gamma").replace("norm.bias", "norm.beta")

    held = {rename(name): spec for name, spec in tensors(model(n_layers=2)).items() if rename(name)}
    states = {f"moments.{name}": spec for name, spec in held.items()}
    header = stored(
        {name: spec for name, spec in (*held.items(), *states.items()) if name} | {"cls.w": ((3, 3), "float32")}
    )
    assert kinds(model(), header) == ["prefix", "spelling", "layers", "part", "optimizer"]
    plan = mended(header)
    assert plan.initialize == ("classifier.weight", "classifier.bias")
    assert len(plan.steps) == len(model(n_layers=2)) - 2


def test_causes_account_for_names_as_the_problems_have_them() -> None:
    """A layer that is one too many behind a prefix is called what the checkpoint calls it."""
    error = refusal(model(), file(lambda name: f"bert.{name}", n_layers=5))
    names = {problem.name for problem in error.problems if isinstance(problem, Problem)}
    explained = {name for cause in error.causes if isinstance(cause, Cause) for name in cause.explains}
    assert names <= explained


def test_no_cause_is_claimed_where_none_can_be_told() -> None:
    """A single name that lacks, a single shape that differs."""
    assert kinds(model(), file(lambda name: None if name == "layers.2.norm.bias" else name)) == []
    of = manifest(declared("a.w", (5, 3)), declared("a.x"), declared("a.y"))
    assert (
        causes(of, stored({"a.w": ((7, 3), "float32"), "a.x": ((2, 3), "float32"), "a.y": ((2, 3), "float32")})) == []
    )


WORDS = [
    "a",
    "b",
    "layers",
    "0",
    "1",
    "2",
    "weight",
    "gamma",
    "embed",
    "bert",
    "q",
    "k",
    "v",
    "qkv",
    "moment1",
    "lora_A",
    "qweight",
]
names = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(".".join)
shapes = st.lists(st.sampled_from([0, 1, 2, 4, 8, 12]), max_size=3).map(tuple)
dtypes = st.sampled_from(["float32", "float16", "int8", "int64", "bool"])
expressions = st.sampled_from(
    [
        None,
        "()",
        "(n,)",
        "(n, m)",
        "(4 * n, m // 2)",
        "(c.n, c.sizes[0])",
        "(*shape,)",
        "(n / 0,)",
        "n",
        "(f(n), lambda)",
    ]
)
values = st.one_of(
    st.integers(-2, 12),
    st.none(),
    st.text(),
    st.lists(st.integers(0, 12)),
    st.dictionaries(st.text(), st.integers(0, 12)),
)


@st.composite
def models(draw: st.DrawFn) -> Manifest:
    """Draw a model: parameters, ties, buffers that are computed, hyperparameters."""
    own = draw(st.lists(names, unique=True, max_size=12))
    entries = [declared(name, draw(shapes), draw(dtypes), expression=draw(expressions)) for name in own]
    alias = (
        draw(st.dictionaries(names.filter(lambda name: name not in own), st.sampled_from(own), max_size=2))
        if own
        else {}
    )
    computed = frozenset(draw(st.sets(names, max_size=2))) - {*own, *alias}
    hyperparameters = draw(st.dictionaries(st.sampled_from(["n", "m", "c", "n_layers", "tie", ""]), values))
    return manifest(*entries, ties=alias, computed=computed, hyperparameters=hyperparameters)


@st.composite
def sides(draw: st.DrawFn) -> tuple[Manifest, CheckpointHeader]:
    """Draw a model and a checkpoint that has some of its names, changed or not, and others."""
    of = draw(models())
    before = draw(st.sampled_from(["", "bert.", "model.bert."]))
    held: dict[str, Any] = {}
    for entry in of:
        change = draw(st.sampled_from(["same", "same", "lacks", "turned", "other", "prefix"]))
        name = before + entry.name if change == "prefix" else entry.name
        if change != "lacks":
            shape = entry.shape[::-1] if change == "turned" else draw(shapes) if change == "other" else entry.shape
            held[name] = (shape, entry.dtype if change == "same" else draw(dtypes))
    more = draw(st.dictionaries(st.one_of(names, names.map(before.__add__)), st.tuples(shapes, dtypes), max_size=8))
    return of, stored({**more, **held})


@given(
    sides(),
    st.sampled_from(["error", "init"]),
    st.sampled_from(["error", "ignore"]),
    st.sampled_from(["cast", "strict"]),
)
def test_a_load_is_planned_or_explained(
    both: tuple[Manifest, CheckpointHeader], missing: str, unexpected: str, dtype: str
) -> None:
    """Whatever the two sides are: every name with a problem is told, in a short message, and nothing else is raised."""
    of, header = both
    wrong = set()
    for entry in of:
        own = [entry.name, *(alias for alias, owner in of.ties.items() if owner == entry.name)]
        found = [header.tensors[name] for name in own if name in header.tensors]
        if not found and missing == "error":
            wrong.add(("missing", entry.name))
        if any(tensor.shape != entry.shape for tensor in found):
            wrong.add(("shape", entry.name))
        if found and dtype == "strict" and found[0].dtype != entry.dtype:
            wrong.add(("dtype", entry.name))
    if unexpected == "error":
        wrong |= {("unexpected", name) for name in header.tensors if name not in of and name not in of.computed}
    try:
        make_plan(of, header, missing=missing, unexpected=unexpected, dtype=dtype)
    except CheckpointMismatchError as caught:
        error: CheckpointMismatchError | None = caught
    else:
        error = None
    if error is None:
        assert not wrong
    else:
        told = {(problem.kind, problem.name) for problem in error.problems if isinstance(problem, Problem)}
        assert told
        assert wrong <= told
        assert {kind for kind, _ in told - wrong} <= {"dtype", "tie"}
        assert len(str(error).splitlines()) <= 60
        for cause in error.causes:
            assert isinstance(cause, Cause)
            parse_rules(cause.rename or None, forms=True)
