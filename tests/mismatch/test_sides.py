"""Tests of `lazycell.mismatch._sides`."""

from __future__ import annotations

from lazycell.mismatch import Problem
from lazycell.mismatch._sides import Sides, fits

from ..loading.models import declared, manifest, stored


def sides() -> Sides:
    """Make sides of each kind of problem."""
    of = manifest(declared("a"), declared("b", (4,)), declared("c"), declared("d"))
    header = stored({"a": ((2, 3), "float32"), "b": ((5,), "float32"), "x.c": ((2, 3), "float16"), "y": ((1,), "int8")})
    problems = [
        Problem("shape", "b", "", of["b"], header.tensors["b"]),
        Problem("missing", "c", "", of["c"]),
        Problem("missing", "d", "", of["d"]),
        Problem("unexpected", "x.c", "", None, header.tensors["x.c"]),
        Problem("unexpected", "y", "", None, header.tensors["y"]),
    ]
    return Sides.of(problems, of, header.tensors)


def test_problems_are_sorted_out() -> None:
    """What is missing, unexpected, of another shape, and what fits."""
    found = sides()
    assert list(found.missing) == ["c", "d"]
    assert list(found.unexpected) == ["x.c", "y"]
    assert [name for name, _, _ in found.shapes] == ["b"]
    assert list(found.fitting) == ["a"]
    assert found.alike == {("(n, m)", (4,), (5,)): ["b"]}


def test_renamed() -> None:
    """What finds its parameter fits, or has another shape; what does not is unexpected under its new name."""
    found = sides().renamed({"x.c": "c", "y": "z"})
    assert list(found.missing) == ["d"]
    assert list(found.unexpected) == ["z"]
    assert list(found.fitting) == ["a", "c"]
    assert found.aliases == {"c": "x.c", "z": "y"}
    found = sides().renamed({"y": "d"}).renamed({"x.c": "w"})
    assert [(name, tensor.shape) for name, _, tensor in found.shapes] == [("b", (5,)), ("d", (1,))]
    assert found.aliases == {"d": "y", "w": "x.c"}


def test_without() -> None:
    """What is accounted for is left out of what does not fit."""
    found = sides().without(["b", "c", "y"])
    assert (list(found.missing), list(found.unexpected), found.shapes) == (["d"], ["x.c"], [])


def test_fits() -> None:
    """By shape, and by what a load converts."""
    tensors = stored({"same": ((2, 3), "float16"), "other": ((3, 2), "float32"), "whole": ((2, 3), "int8")}).tensors
    assert fits(declared("a"), tensors["same"])
    assert fits(None, tensors["other"])
    assert not fits(declared("a"), tensors["other"])
    assert not fits(declared("a"), tensors["whole"])
