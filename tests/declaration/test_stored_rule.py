"""Tests of `lazycell.declaration._stored_rule`."""

from __future__ import annotations

import re

import pytest

from lazycell._errors import DeclarationError
from lazycell.declaration._forms import Fused
from lazycell.declaration._stored_rule import StoredRule, parse_leaf, split_section


def test_a_section_is_written_in_brackets() -> None:
    """Captures may stand in the name."""
    assert split_section("qkv.weight[q]") == ("qkv.weight", "q")
    assert split_section("qkv.weight") == ("qkv.weight", None)
    leaf = parse_leaf("layers.{i}.qkv[ q ]")
    assert (leaf.pattern.text, leaf.section, leaf.counter) == ("layers.{i}.qkv", "q", None)
    leaf = parse_leaf("layers.{i}.up[{e}]")
    assert (leaf.pattern.text, leaf.section, leaf.counter) == ("layers.{i}.up", "{e}", "e")
    assert leaf.captures == {"i": "{i}", "e": "{e}"}


@pytest.mark.parametrize("text", ["w[q]x", "w[", "[q]", "w[q.k]", "w[*]", "w[0:2]", "w[{*i}]"])
def test_brackets_anywhere_else_are_refused(text: str) -> None:
    """The message shows both spellings."""
    message = f"{text!r} is not a name: write `qkv.weight`, or `qkv.weight[q]` for one of its sections"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_leaf(text)


def test_a_rule_knows_its_names() -> None:
    """Parsed once, in the order in which they are stored."""
    rule = StoredRule(owner="A", name="h.{i}.w", form=Fused(0, (("a", "x.{i}"), ("b", "y.{i}[q]"))))
    assert rule.pattern.match("h.2.w") == {"i": "2"}
    assert [(leaf.pattern.text, leaf.section) for leaf in rule.leaves] == [("x.{i}", None), ("y.{i}", "q")]
    assert rule.text == '`"h.{i}.w": fused(a="x.{i}", b="y.{i}[q]")`'


def test_a_complaint_shows_the_rule() -> None:
    """With the class that made it."""
    message = 'A: rename: `"x": "w"`: it is wrong'
    with pytest.raises(DeclarationError, match=f"^{re.escape(message)}$"):
        StoredRule(owner="A", name="x", form="w").complain("it is wrong")
