"""Tests of `lazycell.loading._file_layout`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lazycell.declaration._forms import Fused
from lazycell.layout._layout import Stored
from lazycell.manifest._manifest import Manifest

from .models import declared, make_plan, manifest, stored

A, B, C = declared("a"), declared("b"), declared("c")


def layout(model: Manifest, names: Iterable[str] | dict[str, Any], **arguments: Any) -> dict[str, tuple[str, ...]]:
    """Give the stored names of the layout of a file, with the parameters of each."""
    found = make_plan(model, stored(names), missing="init", unexpected="ignore", **arguments).layout
    return {each.name: each.parameters for each in found}


def test_nothing_to_say() -> None:
    """A file with the model's own names."""
    assert layout(manifest(A, B), ["a", "b"]) == {}
    assert layout(manifest(A, B), []) == {}


def test_renamed_parameters_go_by_the_file_s_names() -> None:
    """Those that the file lacks too, by the rules backwards."""
    model = manifest(declared("h.0.w"), declared("h.1.w"), declared("head"))
    rules = {"layers.{i}.{*rest}": "h.{i}.{*rest}"}
    assert layout(model, ["layers.0.w", "head"], rename=rules) == {"layers.0.w": ("h.0.w",), "layers.1.w": ("h.1.w",)}


def test_a_rule_without_inverse_names_what_is_there_and_nothing_else() -> None:
    """`{i}` is lost in the model's name; two rules may lead to one name."""
    assert layout(manifest(A, B), ["x.1.a"], rename={"x.{i}.a": "a"}) == {"x.1.a": ("a",)}
    assert layout(manifest(A, B), ["x.1.a"], rename={"x.{i}.{n}": "{n}"}) == {"x.1.a": ("a",)}
    assert layout(manifest(A, B), ["x.a", "y.c"], rename={"x.{n}": "{n}", "y.{n}": "{n}"}) == {"x.a": ("a",)}
    assert layout(manifest(A, declared("b.c")), ["x.a"], rename={"x.{n}": "{n}"}) == {"x.a": ("a",)}


def test_what_is_lacking_is_stored_as_declared() -> None:
    """Unless the file goes by the model's own names where it could do otherwise."""
    fused = Stored("bc", Fused(0, (("b", B.block), ("c", C.block))))
    model = manifest(A, B, C, stored=(Stored("x", A.block), fused))
    assert layout(model, ["x"]) == {"x": ("a",), "bc": ("b", "c")}
    assert layout(model, []) == {"x": ("a",), "bc": ("b", "c")}
    assert layout(model, ["a"]) == {}
    assert layout(model, ["b", "c"]) == {}
    assert layout(model, ["x", "b"]) == {"x": ("a",)}


def test_declared_and_renamed_compose() -> None:
    """The rules give the stored names, forwards and backwards."""
    model = manifest(A, B, stored=(Stored("x", A.block), Stored("y", B.block)))
    assert layout(model, ["p.x"], rename={"p.{*rest}": "{*rest}"}) == {"p.x": ("a",), "p.y": ("b",)}
    assert layout(model, ["a"], rename={"a": "x"}) == {"y": ("b",)}


def test_an_alias_of_a_tie_is_not_how_it_is_saved() -> None:
    """The owner is what is stored, as declared."""
    model = manifest(A, ties={"head": "a"})
    assert layout(model, ["head"]) == {}
    assert layout(model, ["p.head"], rename={"p.{*rest}": "{*rest}"}) == {"p.a": ("a",)}
    model = manifest(A, ties={"head": "a"}, stored=(Stored("x", A.block),), copies=(Stored("y", A.block),))
    assert layout(model, ["y"]) == {"x": ("a",)}
