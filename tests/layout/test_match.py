"""Tests of `lazycell.layout._match`."""

from __future__ import annotations

from lazycell.declaration._forms import Fused
from lazycell.declaration._stored_rule import StoredRule
from lazycell.layout._match import Matcher, use_by, uses
from lazycell.layout._overlap import ANYTHING, INDEX, shown

PLAIN = StoredRule(name="out", form="dense.weight")
PATTERN = StoredRule(name="h.{i}.{*rest}", form="layers.{i}.{*rest}")
BOTH = StoredRule(name="kv", form=Fused(0, (("k", "k.weight"), ("v", "v.weight"))))
FIRST = StoredRule(name="first.bias", form="layers.0.bias")


def test_a_full_name_is_taken_by_rules_and_captures() -> None:
    """Plain names and patterns, with the leaf of the rule that takes it."""
    matcher = Matcher([PLAIN, PATTERN, BOTH])
    assert matcher("dense.weight") == [(PLAIN, 0, {})]
    assert matcher("v.weight") == [(BOTH, 1, {})]
    assert matcher("layers.7.attn.bias") == [(PATTERN, 0, {"i": "7", "rest": "attn.bias"})]
    assert matcher("layers.7") == []


def test_a_name_that_stands_for_many_is_taken_whole_or_in_part() -> None:
    """All positions of a list by a capture, one of them by its number."""
    (whole,) = uses([PATTERN], f"layers.{INDEX}.weight")
    assert whole.whole
    assert shown(whole.new) == "h.{i}.weight"
    (one,) = uses([FIRST], f"layers.{INDEX}.bias")
    assert not one.whole
    assert one.new == "first.bias"
    (perhaps,) = uses([PLAIN], f"dense.{ANYTHING}")
    assert not perhaps.whole
    assert uses([PLAIN, FIRST, BOTH], f"layers.{INDEX}.weight") == []


def test_what_takes_all_of_a_name_decides() -> None:
    """Of two leaves of one rule; another rule has no say."""
    either = StoredRule(name="x.{i}", form=Fused(0, (("a", "layers.0.w{i}"), ("b", "layers.{i}.w"))))
    found = uses([either, PATTERN], f"layers.{INDEX}.w")
    use = use_by(either, found)
    assert use is not None
    assert use.whole
    assert use.leaf is either.leaves[1]
    assert use_by(PLAIN, found) is None
