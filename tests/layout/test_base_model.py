"""Tests of `lazycell.layout._base_model`: what classes say about their base."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from lazycell import DeclarationError, LazyCell, Manifest, Param, child
from lazycell.layout import BaseModel


class Base(LazyCell):
    base_model_prefix: ClassVar[str] = "bert"
    base_model_heads: ClassVar[tuple[str, ...]] = ("pooler",)
    weight: Param["ones", (2,)]


class Head(LazyCell):
    base_model_prefix: ClassVar[str] = "bert"
    bert: Base = child(Base)


def test_a_base_and_a_model_with_a_head() -> None:
    """The heads of the base are heads of what has it, below its prefix."""
    assert Base.manifest().base == Base().manifest().base == BaseModel("bert", ("pooler",))
    assert Head.manifest().base == Head().manifest().base == BaseModel("bert", ("bert.pooler",))


def test_most_say_nothing() -> None:
    """And a part of a model says nothing about the whole."""

    class Whole(LazyCell):
        bert: Base = child(Base)

    assert Whole.manifest().base is None


@pytest.mark.parametrize("collapsed", [False, True])
def test_a_file_has_it(collapsed: bool) -> None:
    """And a diff shows when it changes."""
    text = Head.manifest().to_json(collapsed=collapsed)
    assert Manifest.from_json(text).base == Head.manifest().base
    changed = Manifest.from_json(text.replace('"prefix": "bert"', '"prefix": "model"'))
    (detail,) = Head.manifest().diff(changed).leftovers
    assert (detail.name, detail.old, detail.new) == ("base model", "bert, head bert.pooler", "model, head bert.pooler")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("base_model_prefix", 3, "base_model_prefix is 3: write a name"),
        ("base_model_heads", "pooler", "base_model_heads is 'pooler': write a tuple"),
    ],
)
def test_what_is_no_name(name: str, value: Any, message: str) -> None:
    """It is told when it is asked for."""
    made = type(LazyCell)("Wrong", (LazyCell,), {name: value})
    with pytest.raises(DeclarationError, match=message):
        made.manifest()  # type: ignore[attr-defined]
