"""Tests of `lazycell.checkpoint._problems`."""

from __future__ import annotations

from lazycell.checkpoint._near import NearNames
from lazycell.checkpoint._problems import Cause, Problem, describe, group, render

from .models import declared


def missing(*names: str, message: str = "float32 (2, 3)") -> list[Problem]:
    """Make problems of one message."""
    return [Problem("missing", name, message) for name in names]


def test_groups_are_by_pattern_and_message() -> None:
    """Layers are joined only where the message is the same; groups come in order of first appearance."""
    problems = [
        *missing("layers.0.w"),
        *missing("layers.1.w", message="other"),
        *missing("layers.2.w", "layers.3.w", "embed"),
    ]
    assert group(problems) == [
        ("layers.{0,2,3}.w", "float32 (2, 3)", ("layers.0.w", "layers.2.w", "layers.3.w")),
        ("layers.1.w", "other", ("layers.1.w",)),
        ("embed", "float32 (2, 3)", ("embed",)),
    ]


def test_declaration_is_described() -> None:
    """Expression, class and line are told where they are known."""
    assert describe(declared("w")) == "declared (n, m) by Linear.weight at layers.py:7"
    assert describe(declared("w", expression=None)) == "declared by Linear.weight at layers.py:7"
    assert describe(declared("w", expression=None, declared_by=None, declared_at=None)) == ""


def test_message() -> None:
    """Counts, causes, sections with near names given once, and the ways out."""
    problems = [
        *missing("a.0.weigth", "a.1.weigth"),
        Problem("unexpected", "a.0.weight", "float32 (2, 3)"),
        Problem("unexpected", "a.1.weight", "float32 (2, 3)"),
        Problem("shape", "b", "the checkpoint has (2,), the model (3,)"),
    ]
    near = {
        "missing": NearNames(["a.0.weight", "a.1.weight"]),
        "unexpected": NearNames(["a.0.weigth", "a.1.weigth"]),
    }
    assert render("f does not fit Net", problems, [Cause("b is short")], near) == (
        "f does not fit Net: 2 parameters missing, 2 tensors unexpected, 1 shape differs\n"
        "likely cause: b is short\n"
        "missing from the checkpoint:\n"
        "  a.{0..1}.weigth: float32 (2, 3)\n"
        "    did you mean the checkpoint's `a.{0..1}.weight`?\n"
        '  (missing="init", or a list of name patterns, leaves them to their initializers)\n'
        "unexpected in the checkpoint: the model declares no such parameter:\n"
        "  a.{0..1}.weight: float32 (2, 3)\n"
        '  (unexpected="ignore", or a list of name patterns, leaves them out)\n'
        "shape differs:\n"
        "  b: the checkpoint has (2,), the model (3,)"
    )


def test_long_lists_are_cut() -> None:
    """Twelve groups are shown; of explained ones three; the rest is counted."""
    problems = missing(*(f"w{i}" for i in range(20)))
    lines = render("f", problems, (), {}).splitlines()
    assert lines[-2] == "  ... and 8 more in 8 groups"
    assert len(lines) == 16
    explained = Cause("c", frozenset(f"w{i}" for i in range(19)))
    lines = render("f", problems, [explained], {}).splitlines()
    assert [line.split(":")[0] for line in lines[3:-1]] == [
        "  w19",
        "  w0",
        "  w1",
        "  w2",
        "  ... and 16 more in 16 groups",
    ]


def test_explained_names_get_no_near_names() -> None:
    """One cause is enough."""
    near = {"missing": NearNames(["weight"])}
    assert "did you mean" in render("f", missing("weigth"), (), near)
    assert "did you mean" not in render("f", missing("weigth"), [Cause("c", frozenset(["weigth"]))], near)
