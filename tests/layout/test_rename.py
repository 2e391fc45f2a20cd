"""Tests of `lazycell.layout._rename`."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell.layout._rename import apply_rules, parse_rules


def rename(rules: dict[str, str], *names: str) -> dict[str, str]:
    """Apply rules that make no mistake."""
    renaming = apply_rules(parse_rules(rules), names)
    assert not renaming.overlapping
    assert not renaming.colliding
    assert not renaming.dead
    return dict(renaming.names)


def test_exact_names() -> None:
    """A plain name is renamed, all others stay."""
    assert rename({"a.b": "x"}, "a.b", "a.b.c", "a-b") == {"a.b": "x", "a.b.c": "a.b.c", "a-b": "a-b"}


def test_captures_match_one_segment() -> None:
    """`{i}` takes any text without a dot."""
    rules = {"encoder.layer.{i}.query.weight": "layers.{i}.q.weight"}
    assert rename(rules, "encoder.layer.11.query.weight", "encoder.layer.1.2.query.weight") == {
        "encoder.layer.11.query.weight": "layers.11.q.weight",
        "encoder.layer.1.2.query.weight": "encoder.layer.1.2.query.weight",
    }


def test_star_captures_several_segments() -> None:
    """`{*rest}` takes dots too: a prefix goes, or comes."""
    assert rename({"bert.{*rest}": "{*rest}"}, "bert.a.b.c", "cls.x") == {
        "bert.a.b.c": "a.b.c",
        "cls.x": "cls.x",
    }
    assert rename({"{*rest}": "bert.{*rest}"}, "a.b") == {"a.b": "bert.a.b"}


def test_captures_move_and_repeat() -> None:
    """Captures may change places; one used twice has to match the same text twice."""
    rules = {"{a}.x.{b}": "{b}.{a}.{b}", "{i}.y.{i}": "twice.{i}"}
    assert rename(rules, "1.x.2", "3.y.3", "3.y.4") == {
        "1.x.2": "2.1.2",
        "3.y.3": "twice.3",
        "3.y.4": "3.y.4",
    }


def test_dots_and_other_signs_mean_themselves() -> None:
    """Nothing of a regular expression leaks in."""
    assert rename({"a.{i}+(b)": "z.{i}"}, "a.1+(b)", "aX1+(b)") == {"a.1+(b)": "z.1", "aX1+(b)": "aX1+(b)"}


def test_mistakes_are_reported_not_raised() -> None:
    """Overlapping rules, colliding names and dead rules come with all that is needed to say so."""
    rules = parse_rules({"a.{i}": "x.{i}", "a.1": "y", "dead.{i}": "z", "b": "c"})
    renaming = apply_rules(rules, ["a.1", "a.2", "b", "c"])
    assert renaming.overlapping == {"a.1": ("a.1", "a.{i}")}
    assert renaming.colliding == {"c": ("b", "c")}
    assert renaming.dead == ("dead.{i}",)


def test_exchange_is_no_collision() -> None:
    """Two names may swap."""
    assert rename({"a": "b", "b": "a"}, "a", "b") == {"a": "b", "b": "a"}


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"a.{i}": "b.{j}"}, "rename: the target 'b.{j}' uses {j}, but 'a.{i}' has {i}"),
        ({"a": "b.{*j}"}, "rename: the target 'b.{*j}' uses {*j}, but 'a' has no captures"),
        (
            {"{*a}.x.{*b}": "y"},
            "rename: '{*a}.x.{*b}' has more than one {*…}: where one ends and the next begins is open",
        ),
        ({"{a}{b}": "y"}, "rename: '{a}{b}' has two captures side by side: where one ends is open"),
        (
            {"a.{0}": "y"},
            "rename: 'a.{0}': a capture is written {name} (one segment) or {*name} (several segments)",
        ),
        (
            {"a.{i": "y"},
            "rename: 'a.{i': a capture is written {name} (one segment) or {*name} (several segments)",
        ),
    ],
)
def test_malformed_rules(rules: dict[str, str], message: str) -> None:
    """A rule that cannot mean anything is refused without a checkpoint."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_rules(rules)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (
            ["a"],
            "rename has to be a mapping from names in the checkpoint to names in the model, not ['a']; write "
            'rename={"encoder.layer.{i}.query.weight": "layers.{i}.q.weight"}',
        ),
        ({"b": "c", "a": 1}, "rename: 'a' has to become a name, as text, not 1, of type int"),
        ({"a": None}, "rename: 'a' has to become a name, as text, not None, of type NoneType"),
        ({("a",): "b"}, "rename: a name in the checkpoint has to be text, not ('a',), of type tuple (to become 'b')"),
    ],
)
def test_wrong_types(argument: Any, message: str) -> None:
    """Something else than a mapping of strings is refused."""
    with pytest.raises(TypeError) as caught:
        parse_rules(argument)
    assert str(caught.value) == message


def test_where_forms_are_allowed_they_are_named() -> None:
    """In what is not one of them, the message says that it could be."""
    with pytest.raises(TypeError) as caught:
        parse_rules({"a": 1}, forms=True)
    assert str(caught.value) == (
        "rename: 'a' has to become a name, as text, or names in `fused`, `transposed` or `reshaped`, not 1, of type int"
    )


NAMES = st.lists(st.text("ab01_", min_size=1, max_size=3), min_size=1, max_size=4).map(".".join)


@given(st.lists(NAMES, unique=True))
def test_a_prefix_added_and_taken_away_gives_the_names_back(names: list[str]) -> None:
    """Two inverse rules cancel."""
    there = apply_rules(parse_rules({"{*rest}": "p.{*rest}"}), names).names
    back = apply_rules(parse_rules({"p.{*rest}": "{*rest}"}), there.values()).names
    assert list(back.values()) == names
