"""Positions by distance, in buckets (Raffel et al. 2020, arXiv:1910.10683, section 2.1)."""

import math
from typing import Any

import mindspore
import numpy as np
from mindspore import Tensor, ops


def buckets(count: int, most: int, *, both_ways: bool) -> np.ndarray[Any, Any]:
    """Give the bucket of each distance back from 0 to `most`, int32: small ones exactly, larger ones by logarithm.

    Args:
        count: how many there are; of both ways, half of them are for what comes later.
        most: the largest distance.
        both_ways: whether what comes later has buckets of its own.

    Returns:
        (most + 1,), int32.
    """
    count = count // 2 if both_ways else count
    exact = count // 2
    distance = np.arange(most + 1, dtype=np.float32)
    scaled = np.log(np.maximum(distance, 1) / np.float32(exact)) / math.log(most / exact) * (count - exact)
    large = np.minimum(exact + scaled.astype(np.int32), count - 1)
    return np.where(distance < exact, distance, large).astype(np.int32)


def bucket_of_pairs(buckets: Tensor, later: int, queries: Tensor, total: int) -> Tensor:
    """Give the bucket of each pair of the positions `queries` and all of `total`: int32, (queries, total).

    Args:
        buckets: (distances,), int32, as `buckets` gives them.
        later: the first bucket of what comes later; 0 where nothing does.
        queries: (queries,), int: their positions.
        total: how many positions there are.

    Returns:
        (queries, total), int32.
    """
    back = queries[:, None] - ops.arange(total)[None, :]
    distance = ops.minimum(ops.abs(back) if later else ops.maximum(back, 0), buckets.shape[0] - 1)
    return buckets[distance] + (back < 0).astype(mindspore.int32) * later
