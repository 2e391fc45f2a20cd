"""Tests of `lazycell.mismatch._message`."""

from __future__ import annotations

import pickle
from pathlib import Path

from lazycell.cli._shell import Shell
from lazycell.declaration._forms import Fused
from lazycell.mismatch._message import Mismatch, Strangers, group, render
from lazycell.mismatch._near import NearNames
from lazycell.mismatch._problems import Cause, Problem


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
    cause = Cause("hyperparameter", "b is short", frozenset(["b"]), settings={"n": 2})
    assert render("f does not fit Net", problems, [cause], near) == (
        "f does not fit Net: 2 parameters missing, 2 tensors unexpected, 1 shape differs\n"
        "likely cause: b is short\n"
        "missing from the checkpoint:\n"
        "  a.{0..1}.weigth: float32 (2, 3)\n"
        "    did you mean the checkpoint's `a.{0..1}.weight`?\n"
        "unexpected in the checkpoint: the model declares no such parameter:\n"
        "  a.{0..1}.weight: float32 (2, 3)\n"
        "shape differs:\n"
        "  b: the checkpoint has (2,), the model (3,)\n"
        "what to do:\n"
        "  build the model with `n=2`\n"
        '  missing="init", or a list of name patterns, leaves parameters to their initializers\n'
        '  unexpected="ignore", or a list of name patterns, leaves tensors out'
    )


def advice(*causes: Cause, names: tuple[str, ...] = ("a",)) -> list[str]:
    """Give what is written to do about missing names."""
    lines = render("f", missing(*names), causes, {}).splitlines()
    return lines[lines.index("what to do:") + 1 :]


def test_advice_is_written_together() -> None:
    """Hyperparameters in one call, arguments in another, words after them; the general way out where no cause has one."""
    layers = Cause("layers", "", frozenset("a"), settings={"n_layers": 4})
    size = Cause("hyperparameter", "", frozenset(), settings={"hidden": 8})
    prefix = Cause("prefix", "", frozenset("a"), rename={"bert.{*rest}": "{*rest}"})
    form = Cause("joined", "", frozenset(), rename={"c": Fused(0, (("q", "q"), ("k", "k")))}, todo="mind the rows")
    part = Cause("part", "", frozenset("a"), missing=("head.*", 'odd"name'), unexpected=("cls.*",))
    general = '  missing="init", or a list of name patterns, leaves parameters to their initializers'
    assert advice() == [general]
    assert advice(layers, size) == ["  build the model with `n_layers=4, hidden=8`"]
    assert advice(size) == ["  build the model with `hidden=8`", general]
    assert advice(form, prefix, part) == [
        '  pass rename={"c": fused(q="q", k="k"), "bert.{*rest}": "{*rest}"}, missing=["head.*", "odd\\"name"], '
        'unexpected=["cls.*"]',
        "  mind the rows",
    ]
    assert advice(prefix, names=("a", "b")) == ['  pass rename={"bert.{*rest}": "{*rest}"}', general]
    assert advice(Cause("another model", "", frozenset("a"), todo="take the other")) == ["  take the other"]


def test_a_name_ends_no_line() -> None:
    """Whatever a stranger called a tensor: one line each, without control characters; the data have it as it is."""
    name = "evil\nline\x1b[2J"
    cause = Cause("part", f"only the checkpoint has `{name}`", frozenset([name]), unexpected=(name,))
    problem = Problem("unexpected", name, "float32 (1,)")
    assert render("f does not fit Net", [problem], [cause], {}) == (
        "f does not fit Net: 1 tensor unexpected\n"
        "likely cause: only the checkpoint has `evil\\nline\\x1b[2J`\n"
        "unexpected in the checkpoint: the model declares no such parameter:\n"
        "  evil\\nline\\x1b[2J: float32 (1,)\n"
        "what to do:\n"
        '  pass unexpected=["evil\\nline\\u001b[2J"]'
    )


def test_long_lists_are_cut() -> None:
    """Twelve groups are shown of one kind; of explained ones three, or one after others; the rest is counted."""
    problems = missing(*(f"w{i}" for i in range(20)))
    lines = render("f", problems, (), {}).splitlines()
    assert lines[-3] == "  ... and 8 more in 8 groups"
    assert len(lines) == 17
    explained = Cause("part", "c", frozenset(f"w{i}" for i in range(20)))
    lines = render("f", problems, [explained], {}).splitlines()
    assert [line.split(":")[0] for line in lines[3:7]] == ["  w0", "  w1", "  w2", "  ... and 17 more in 17 groups"]
    explained = Cause("part", "c", frozenset(f"w{i}" for i in range(19)))
    lines = render("f", problems, [explained], {}).splitlines()
    assert [line.split(":")[0] for line in lines[3:6]] == ["  w19", "  w0", "  ... and 18 more in 18 groups"]
    lines = render("f", missing(*(f"w{i}" for i in range(13))), (), {}).splitlines()
    assert lines[-3] == "  w12: float32 (2, 3)"  # in the place of "... and 1 more"
    cause = Cause("part", "c", frozenset(f"w{i}.{j}" for i in range(4) for j in range(9)))
    lines = render("f", missing(*cause.explains), [cause], {}).splitlines()
    assert [line.partition(".")[2] for line in lines[3:7]] == ["{0..8}: float32 (2, 3)"] * 4
    lines = render("f", [*missing("a"), *missing("b.0", "b.1", message="x")], [Cause("part", "c", frozenset("a"))], {})
    assert "more" not in lines


def test_a_message_has_sixty_lines_at_most() -> None:
    """With every kind of problem, many groups of each, many causes, and near names."""
    kinds = ("rename", "missing", "unexpected", "shape", "dtype", "tie")
    problems = [
        Problem(kind, f"{'abcdefghij'[i % 10]}{i}.weight", f"message {i}") for kind in kinds for i in range(200)
    ]
    near = {"missing": NearNames([f"{c}{i}.weigth" for i in range(200) for c in "abcdefghij"])}
    causes = [Cause("layers", f"cause {i}", todo=f"advice {i}", missing=(f"m{i}",)) for i in range(20)]
    lines = render("f", problems, causes, near).splitlines()
    assert sum(line.startswith("likely cause: ") for line in lines) == 6
    patterns = ", ".join(f'"m{i}"' for i in range(20))
    assert f"  pass missing=[{patterns}]" in lines  # the arguments to pass are never cut
    assert len(lines) <= 60
    assert lines[0] == (
        "f: 200 rename mistakes, 200 parameters missing, 200 tensors unexpected, 200 shapes differ, 200 dtypes differ, "
        "200 ties broken"
    )


def test_explained_names_get_no_near_names() -> None:
    """One cause is enough."""
    near = {"missing": NearNames(["weight"])}
    assert "did you mean" in render("f", missing("weigth"), (), near)
    assert "did you mean" not in render("f", missing("weigth"), [Cause("part", "c", frozenset(["weigth"]))], near)


def test_a_near_name_is_proposed_once() -> None:
    """The second name that is like it may mean another."""
    near = {"missing": NearNames(["weight"])}
    assert render("f", missing("weigth", "weihgt"), (), near).count("did you mean") == 1


def test_a_broken_tie_has_a_way_out() -> None:
    """Two values for one parameter."""
    text = render("f", [Problem("tie", "embed", "`embed` and `head` differ")], (), {})
    assert text.splitlines()[-1] == (
        "  a tie has one set of values: build the model without it, or rename one of the two tensors to a name that "
        "`unexpected` lets pass"
    )


def test_the_error_hands_on_what_it_says() -> None:
    """Whoever says it in other words has the data; nothing has to be taken apart."""
    mismatch = Mismatch(Path("f"), "Net", (Problem("missing", "weigth", "float32 (1,)"),), ignored=("weight",))
    error = mismatch.error()
    assert error.mismatch is mismatch
    assert (error.problems, error.causes, str(error)) == (mismatch.problems, (), mismatch.text())
    assert "did you mean the checkpoint's `weight`?" in str(error)
    assert pickle.loads(pickle.dumps(error)).problems == error.problems


def test_a_way_out_is_for_whom_it_is_open() -> None:
    """A command that has no option for it is not told of it."""
    with_rename = Shell(options=("rename",))
    assert "what to do:" not in Mismatch(Path("f"), "Net", (*missing("a"),)).text(with_rename)
    assert "what to do:" in Mismatch(Path("f"), "Net", (*missing("a"),)).text(Shell())


def test_strangers() -> None:
    """Names of both; or the rename with which they are the same."""
    told = Strangers(Path("f"), "Net", ("a", "b"), ("x\ny",))
    assert told.text().splitlines() == [
        "f does not fit Net: no name in it is one of the model's",
        "  the model has `a`, `b`, …",
        "  the checkpoint has `x\\ny`, …",
        "  it is another model's, or `rename` is needed",
        "No data was read.",
    ]
    assert "or `--rename` is needed" in told.text(Shell())
    prefix = Cause("prefix", "they are under `x.`", rename={"x.{*rest}": "{*rest}"})
    told = Strangers(Path("f"), "Net", ("a",), ("x.a",), (prefix,))
    assert told.text().splitlines()[1] == '  they are under `x.`: pass rename={"x.{*rest}": "{*rest}"}'
    assert told.text(Shell()).splitlines()[1] == "  they are under `x.`: add --rename 'x.{*rest}={*rest}'"
    assert told.error().causes == (prefix,)
