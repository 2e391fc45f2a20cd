"""Tests of `lazycell.mismatch._settings`."""

from __future__ import annotations

from types import SimpleNamespace

from lazycell.mismatch._settings import settings_of


def test_numbers_are_found_wherever_they_are_kept() -> None:
    """Of their own, in lists, in config objects and in mappings."""
    found = settings_of(
        {"hidden": 8, "act": "relu", "flag": True, "depths": [2, 6], "config": SimpleNamespace(n=3), "more": {"k": 5}}
    )
    assert [(setting.label, setting.value) for setting in found] == [
        ("hidden", 8),
        ("depths[0]", 2),
        ("depths[1]", 6),
        ("config.n", 3),
        ('more["k"]', 5),
    ]


def test_what_to_write_for_another_value() -> None:
    """A list is written whole, as the list or tuple that it was."""
    hidden, first, second = settings_of({"hidden": 8, "depths": (2, 6)})
    assert hidden.changed(9) == {"hidden": 9}
    assert first.changed(3) == {"depths": (3, 6)}
    assert second.changed(18) == {"depths": (2, 18)}


def test_other_values_are_passed_over() -> None:
    """Classes, functions, objects without attributes, names that begin with an underscore."""
    assert settings_of({"cls": int, "call": len, "thing": object(), "none": None, "own": SimpleNamespace(_n=3)}) == []
    assert settings_of({"empty": [], "mixed": [1, "a"], "floats": (1.0,)}) == []
