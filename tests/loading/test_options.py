"""Tests of `lazycell.loading._options`. What each option does is held by `test_fit.py` and `test_stage.py`."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from lazycell.cell._cell import LazyCell
from lazycell.cell._planning import plan
from lazycell.loading._options import LoadOptions


def test_they_are_the_keywords_of_a_load() -> None:
    """The same names with the same defaults, so that one object serves every signature."""
    keywords = inspect.signature(LazyCell.load_checkpoint).parameters
    defaults = {name: each.default for name, each in keywords.items() if each.kind is each.KEYWORD_ONLY}
    assert LoadOptions().arguments == defaults
    otherwise = {"dtype", "partial"}  # a pretrained model has the config's dtype, and perhaps another head
    for function in (LazyCell.from_pretrained, plan):
        found = inspect.signature(function).parameters.items()
        told = {name: each.default for name, each in found if name in {*defaults} - otherwise}
        assert told.items() <= defaults.items()
    assert LoadOptions(**defaults) == LoadOptions()


def test_what_is_permitted() -> None:
    """Nothing, everything, or what patterns match; each for its own side."""
    may_miss, may_ignore = LoadOptions().permissions()
    assert not may_miss("a")
    assert not may_ignore("a")
    may_miss, may_ignore = LoadOptions(missing="init", unexpected=["b.*"]).permissions()
    assert (may_miss("a"), may_ignore("a"), may_ignore("b.c")) == (True, False, True)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("error", []),
        ("init", ["head.w", "head.b", "x"]),
        (["head.*"], ["head.w", "head.b"]),
        (("*.b", "x"), ["head.b", "x"]),
    ],
)
def test_an_option_permits_all_nothing_or_what_patterns_match(value: Any, names: list[str]) -> None:
    """One word for nothing, one for everything, or a list. What is refused is told in `test_fit.py`."""
    may_miss, _ = LoadOptions(missing=value).permissions()
    assert [name for name in ("head.w", "head.b", "x") if may_miss(name)] == names


@pytest.mark.parametrize("options", [{"missing": "ignore"}, {"unexpected": "init"}, {"dtype": "float32"}])
def test_a_word_that_is_no_choice(options: dict[str, Any]) -> None:
    """Each has its own, and they are told."""
    ((name, word),) = options.items()
    with pytest.raises(ValueError, match=f"^{name}='{word}': choose \""):
        LoadOptions(**options).permissions()


def test_a_key_is_not_shown() -> None:
    """Whoever prints the options prints no secret."""
    assert "secret" not in repr(LoadOptions(dec_key=b"secret"))
