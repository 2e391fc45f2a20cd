"""The ways that a reader follows stay short: `python -m tests.ways` prints them."""

from __future__ import annotations

import pytest

from lazycell import show
from tests.ways import crossed, ways

MOST = {"load": 25, "save": 22, "check": 28, "inspect": 27, "infer": 40, "manifest": 14, "build": 15}
"""How many files each may cross: the numbers may get smaller."""


@pytest.mark.parametrize("name", MOST)
def test_a_way_crosses_few_files(name: str) -> None:
    """Each in a process that has gone it before."""
    with ways() as known:
        assert len(crossed(known[name])) <= MOST[name]


def test_what_is_crossed_is_seen() -> None:
    """In order, from where, and once for each time that it is entered; not what a file calls of its own."""
    found = crossed(lambda: show.format_bytes(len(show.collapse(["a.0", "a.1"]))))
    assert [*found] == ["show/_collapse.py", "show/_plain.py"]
    assert [*found.values()] == [["outside calls collapse"], ["outside calls format_bytes"]]
