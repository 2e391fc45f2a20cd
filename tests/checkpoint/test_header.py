"""Tests of `lazycell.checkpoint._header`."""

from __future__ import annotations

from pathlib import Path

from lazycell.checkpoint import ByteRange, CheckpointHeader, TensorHeader
from lazycell.checkpoint._header import checked_nbytes


def test_sizes_add_up_over_ranges_and_tensors() -> None:
    """`nbytes` counts every range of every tensor."""
    path = Path("a.ckpt")
    split = TensorHeader("w", "bfloat16", (6,), (ByteRange(path, 10, 18), ByteRange(path, 30, 34)))
    one = TensorHeader("b", "float32", (1,), (ByteRange(path, 40, 44),))
    assert (split.itemsize, split.nbytes) == (2, 12)
    assert CheckpointHeader(path, "ckpt", {"w": split, "b": one}).nbytes == 16


def test_products_are_checked() -> None:
    """No product leaves 63 bits, not even on the way to zero."""
    assert checked_nbytes([2, 3], 4) == 24
    assert checked_nbytes([], 8) == 8
    assert checked_nbytes([2**60], 8) is None
    assert checked_nbytes([2**62, 2**62, 0], 1) is None
