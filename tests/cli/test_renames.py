"""Tests of `lazycell.cli._renames`."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell.cli._renames import checked, rules_in, rules_of

NAMES = st.text(min_size=1)


@given(st.dictionaries(NAMES.filter(lambda name: "=" not in name), NAMES, max_size=5))
def test_every_pair_is_taken_apart(rules: dict[str, str]) -> None:
    """At the first `=`, which the new name may have too; twice the same is no contradiction."""
    pairs = tuple(f"{old}={new}" for old, new in rules.items())
    assert rules_of(pairs + pairs) == rules


@pytest.mark.parametrize("text", ["a", "=b", "a=", "="])
def test_what_is_no_pair(text: str) -> None:
    """The message says how one is written."""
    with pytest.raises(click.UsageError) as caught:
        rules_of(("x=y", text))
    assert caught.value.message.startswith(f"--rename {text}: write OLD=NEW, as in ")


def test_two_that_contradict_each_other() -> None:
    """Both targets are named."""
    with pytest.raises(click.UsageError, match="--rename a=c: a is renamed twice, to b as well"):
        rules_of(("a=b", "a=c"))


def test_rules_that_mean_something() -> None:
    """None where there are none; a target may use the captures of its source, and no others."""
    assert checked({}) is None
    assert checked({"a.{i}": "b.{i}"}) == {"a.{i}": "b.{i}"}
    with pytest.raises(click.UsageError) as caught:
        checked({"a.{i}": "b.{j}"})
    assert caught.value.message == "--rename: the target 'b.{j}' uses {j}, but 'a.{i}' has {i}"


def test_a_file_of_rules(tmp_path: Path) -> None:
    """A JSON object, as `rename` takes it; no file, no rules."""
    path = tmp_path / "rules.json"
    rules = {"a.{*rest}": "b.{*rest}", "c\n": "d"}
    path.write_text(json.dumps(rules))
    assert rules_in(path) == rules
    assert rules_in(None) == {}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('["a"]', "is not a JSON object"),
        ("{'a': 'b'}", "is not JSON"),
        ('{"a": ["b"]}', ": 'a' becomes ['b'], which is no name"),
        ("", "is not JSON"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, content: str, told: str) -> None:
    """Which file, and what is wrong with it."""
    path = tmp_path / "rules.json"
    path.write_text(content)
    with pytest.raises(click.UsageError) as caught:
        rules_in(path)
    assert caught.value.message.startswith(f"--rename-file {path}")
    assert told in caught.value.message
