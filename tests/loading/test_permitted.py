"""Tests of `lazycell.loading._permitted`. What it refuses is told in `test_fit.py`."""

from __future__ import annotations

from typing import Any

import pytest

from lazycell.loading._permitted import permitted


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("error", []),
        ("init", ["head.w", "head.b", "x"]),
        (["head.*"], ["head.w", "head.b"]),
        (("*.b", "x"), ["head.b", "x"]),
    ],
)
def test_it_permits_all_nothing_or_what_patterns_match(value: Any, names: list[str]) -> None:
    """One word for nothing, one for everything, or a list."""
    test = permitted("missing", value, ("error", "init"))
    assert [name for name in ("head.w", "head.b", "x") if test(name)] == names
