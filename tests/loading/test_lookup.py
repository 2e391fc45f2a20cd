"""Tests of `lazycell.loading._lookup`. What follows for a load is held by `test_fit.py` and `test_fit_layouts.py`."""

from __future__ import annotations

from lazycell.layout._layout import Stored
from lazycell.layout._rename import apply_rules, parse_rules
from lazycell.loading._lookup import Lookup

from .models import declared, manifest, stored


def lookup(*names: str, rename: dict[str, str] | None = None) -> Lookup:
    """Look for `embed`, tied to `head`, and `q`, stored as `query`, in a file."""
    embed, query = declared("embed"), declared("q")
    model = manifest(embed, query, ties={"head": "embed"}, stored=(Stored("query", query.block),))
    header = stored(names)
    return Lookup(model, header, apply_rules(parse_rules(rename, forms=True), header.tensors))


def test_names_of_a_parameter() -> None:
    """Its own, what it is stored as, those of ties."""
    there = lookup()
    assert there.names_of(there.manifest["embed"]) == ["embed", "head"]
    assert there.names_of(there.manifest["q"]) == ["q", "query"]
    assert list(there.former_names_of(there.manifest["q"])) == []


def test_what_is_there() -> None:
    """Under the stored name, the own one, and those of ties."""
    there = lookup("embed", "head", "q", "query", "x")
    assert there.own(there.manifest["q"]) == ["query", "q"]
    assert there.own(there.manifest["embed"]) == ["embed"]
    assert there.others(there.manifest["embed"]) == ["head"]
    assert "embed" in there.special
    assert "q" not in there.special


def test_a_tensor_is_told_of_once() -> None:
    """It may be part of many parameters."""
    there = lookup()
    assert [there.tell("query"), there.tell("query"), there.tell("x")] == [True, False, True]


def test_a_form_of_rename_that_fits_nothing() -> None:
    """The problem is noted when the lookup is made."""
    there = lookup("qkv", rename={"qkv": "q[rows]"})
    assert [(each.kind, each.name) for each in there.problems] == [("rename", "qkv")]
    assert "`q` has no section `rows`" in there.problems[0].message
