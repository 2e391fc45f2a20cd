"""`max_shard_size`, and who goes into which shard."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazycell.saving._shards import shard_bytes, split

from .saved import contents


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (1, 1),
        (5_000_000_000, 5_000_000_000),
        ("5GB", 5_000_000_000),
        ("500MB", 500_000_000),
        ("500 mb", 500_000_000),
        ("1.5kb", 1500),
        ("2TB", 2_000_000_000_000),
        ("1GiB", 1 << 30),
        ("0.5MiB", 1 << 19),
        ("77B", 77),
        ("77", 77),
    ],
)
def test_sizes(size: int | str, expected: int) -> None:
    """A number of bytes, or Hugging Face's notation, in which KB, MB and GB count in thousands."""
    assert shard_bytes(size) == expected


@pytest.mark.parametrize("size", ["", "GB", "-1GB", "5 XB", "1e9", "5GBs", "٥GB", "5,5GB"])
def test_what_is_no_size(size: str) -> None:
    """The message shows what was written, and what to write."""
    with pytest.raises(ValueError, match=r"max_shard_size=.*: write a number of bytes, or a size such as \"5GB\""):
        shard_bytes(size)


@pytest.mark.parametrize("size", [0, -5, "0GB", "0.0001KB"])
def test_no_room(size: int | str) -> None:
    """Nothing fits nothing."""
    with pytest.raises(ValueError, match="it has to be more than 0"):
        shard_bytes(size)


@pytest.mark.parametrize("size", [1.5, True, b"5GB", [1]])
def test_wrong_types(size: object) -> None:
    """A float could be bytes or gigabytes; `True` is a slip."""
    with pytest.raises(TypeError, match="write a number of bytes"):
        shard_bytes(size)  # type: ignore[arg-type]


@given(st.lists(st.integers(0, 30), max_size=12), st.integers(1, 40))
def test_split(sizes: list[int], most: int) -> None:
    """The order stays, no shard is empty or holds more than it may unless it is one tensor, and none is left half full."""
    arrays = {str(position): np.zeros(size, np.int8) for position, size in enumerate(sizes)}
    shards = split(contents(arrays), most)
    assert [content.name for shard in shards for content in shard] == list(arrays)
    filled = [sum(content.nbytes for content in shard) for shard in shards]
    assert all(shard for shard in shards) or not sizes
    for shard, size in zip(shards, filled, strict=True):
        assert size <= most or len([content for content in shard if content.nbytes]) == 1
    for size, following in zip(filled, shards[1:], strict=False):
        assert size + following[0].nbytes > most


def test_nothing_goes_into_one_file() -> None:
    """A checkpoint of no tensors is one."""
    assert split([], 5) == [[]]
