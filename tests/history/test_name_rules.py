"""Rules with an inverse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell.history._name_rules import name_rules

SEGMENTS = st.sampled_from(["a", "b", "q", "0", "12", "x_1"])
NAMES = st.lists(SEGMENTS, min_size=1, max_size=4).map(".".join)
PATTERNS = st.sampled_from(["{i}.q", "a.{i}.{*rest}", "b.{*rest}", "{*rest}.q", "x_{i}.b.{j}"])


def test_exact_names_and_patterns() -> None:
    """An exact name goes before a pattern, in both directions."""
    rules = name_rules({"a.{*rest}": "b.{*rest}", "a.w": "special", "{i}.s": "scale.{i}"})
    assert [rules.apply(name) for name in ("a.w", "a.v.w", "3.s", "c")] == ["special", "b.v.w", "scale.3", None]
    assert [rules.undo(name) for name in ("special", "b.v.w", "scale.3", "c")] == ["a.w", "a.v.w", "3.s", None]
    assert rules.undo("b.w") is None  # no old name became it: `a.w` is special


@given(st.dictionaries(NAMES | PATTERNS, NAMES | PATTERNS, min_size=1, max_size=4), NAMES)
def test_what_is_undone_is_given_back(rename: dict[str, str], name: str) -> None:
    """Whatever the rules: the old name of a name becomes that name."""
    try:
        rules = name_rules(rename)
    except ValueError:
        return
    old = rules.undo(name)
    assert old is None or rules.apply(old) == name


@given(st.permutations(["a", "b", "c.d", "e.{*r}", "f.{i}.w"]), st.permutations(["a", "b", "c.d", "g.{*r}", "h.{i}.w"]))
def test_what_is_applied_is_undone(olds: list[str], news: list[str]) -> None:
    """Where no name is two rules' affair: names used again and exchanged included."""
    kinds = [[each for each in olds if "{" not in each], [each for each in news if "{" not in each]]
    rename = {old: new for old, new in zip(*kinds, strict=True) if old != new}
    rename |= {"e.{*r}": "g.{*r}", "f.{i}.w": "h.{i}.w"}
    rules = name_rules(rename)
    for old in ("a", "b", "c.d", "e.x.y", "f.3.w"):
        new = rules.apply(old)
        assert new is None or rules.undo(new) == old


@pytest.mark.parametrize(
    ("rename", "message"),
    [
        ({"": "a"}, "the rule '': 'a' has an empty name: write the whole name, relative to the cell"),
        ({"a": "a"}, "the rule 'a': 'a' changes nothing: leave it out"),
        (
            {"a.{i}": "b"},
            r"the rule 'a.\{i\}': 'b' has no inverse: both names need the same captures, and the old one has \{i\}, "
            "the new one none",
        ),
        (
            {"a": "c", "b": "c"},
            "'a' and 'b' both become 'c': which of them a parameter was could not be told. Give each a name of its own",
        ),
        ({"a.{i}": "c.{i}", "b.{j}": "c.{j}"}, r"'a.\{i\}' and 'b.\{j\}' both become"),
        ({"a.{i}": "c.{i}", "a.{j}": "d.{j}"}, r"'a.\{i\}' and 'a.\{j\}' are the same names: only one rule can be"),
        ({"a.{": "b"}, r"a capture is written \{name\}"),
    ],
)
def test_rules_that_mean_nothing(rename: dict[str, str], message: str) -> None:
    """Each is refused by name."""
    with pytest.raises(ValueError, match=message):
        name_rules(rename)
