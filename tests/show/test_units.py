"""Tests of `lazycell.show._plain`."""

from __future__ import annotations

import pytest

from lazycell.show._plain import format_bytes, format_seconds


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (90_868_376, "90.9 MB"),
        (999_600_000, "1.00 GB"),
        (5e15, "5000 TB"),
    ],
)
def test_bytes(count: int, text: str) -> None:
    """Decimal units, three digits."""
    assert format_bytes(int(count)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.004, "0.00 s"), (9.99, "9.99 s"), (12.34, "12.3 s"), (59.96, "1 min 00 s"), (125, "2 min 05 s")],
)
def test_seconds(seconds: float, text: str) -> None:
    """Hundredths below ten seconds, minutes from one on."""
    assert format_seconds(seconds) == text
