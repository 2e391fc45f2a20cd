"""Tests of `lazycell.declaration._key_values`: what it refuses. What it declares is in `tests/manifest/test_caches.py`."""

from __future__ import annotations

import pytest

from lazycell._errors import DeclarationError

from ..pure import INDEX, PureCell, key_value_cache, when


def test_it_needs_a_name() -> None:
    """As a tie does: without one, the class would not have it."""
    with pytest.raises(DeclarationError, match=r"this key_value_cache\(…\) has no name.*`key_values = key_value_cache"):

        class A(PureCell):
            key_value_cache(2, 8)

    class B(PureCell):
        deep: bool
        key_values = when(deep, key_value_cache(2, 8), otherwise=key_value_cache(1, 8))

    assert B(True).deep


def test_names_in_it_are_checked() -> None:
    """With the class, before there is an instance; `INDEX` is only known where a list is declared."""
    with pytest.raises(DeclarationError, match=r"A\.key_values: .*uses `INDEX`, which is only known in the arguments"):

        class A(PureCell):
            key_values = key_value_cache(2, 8, window=INDEX)

    with pytest.raises(DeclarationError, match="source='yes' is neither True nor False"):
        key_value_cache(2, 8, source="yes")  # type: ignore[arg-type]
