"""The row of seeds that nets take which are initialized without one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import mindspore as ms
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell.parameters._seed import count_net, count_parameter, nth_seed, seed_for


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    ms.set_seed(11)
    yield
    ms.set_seed(11)


def test_the_first_seed_is_mindspores_and_each_net_takes_one() -> None:
    """It stands until a net has been drawn."""
    assert seed_for(["a", "b"]) == seed_for(["a"]) == 11
    count_net()
    second = seed_for(["a", "b"])
    assert second == seed_for(["c"]) != 11
    count_net()
    assert seed_for([]) not in (11, second)


def test_set_seed_begins_again() -> None:
    """With the same seed, too."""
    row = []
    for _ in range(2):
        ms.set_seed(11)
        row.append(seed_for([]))
        count_net()
        row.append(seed_for([]))
    assert row[:2] == row[2:]


def test_parameters_one_by_one_share_a_seed_until_a_name_comes_again() -> None:
    """As MindSpore initializes a net; the second net has the same names."""
    for name in ("a", "b"):
        assert seed_for([name]) == 11
        count_parameter(name)
    assert seed_for(["c", "d"]) == 11
    second = seed_for(["b"])
    assert second != 11
    count_parameter("b")
    assert seed_for(["a"]) == second


@given(st.integers(0, 2**64), st.integers(1, 10**6))
def test_the_seed_of_a_turn_is_as_the_documentation_says(seed: int, turn: int) -> None:
    """The upper 53 of 64 bits of a digest of both numbers."""
    digest = int.from_bytes(blake2b(b"%d\0%d" % (seed, turn), digest_size=8).digest(), "little")
    assert nth_seed(seed, turn) == digest // 2**11
    assert nth_seed(seed, 0) == seed


_UNSEEDED = """
from lazycell.parameters._seed import count_net, seed_for
seeds = []
for _ in range(2):
    assert seed_for([]) == seed_for([])
    seeds.append(seed_for([]))
    count_net()
print(*seeds)
"""


def test_without_set_seed_they_are_entropy() -> None:
    """Fresh for each net and in each process."""
    root = Path(__file__).resolve().parent.parent.parent
    seeds = [
        seed
        for _ in range(2)
        for seed in subprocess.run(
            [sys.executable, "-c", _UNSEEDED], capture_output=True, text=True, check=True, cwd=root
        ).stdout.split()
    ]
    assert len(set(seeds)) == 4
