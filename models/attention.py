"""Attention: heads, masks, and the cache of keys and values that a decoder goes on from."""

from functools import lru_cache
from typing import Any

import mindspore
import numpy as np
from mindspore import Tensor, ops

from .activations import cap
from .layers import cast
from .outputs import KeyValue

LOWEST = -6e4
"""Added to a score, in float32, where nothing may be seen: finite, so that a row that sees nothing is no NaN.

Minus infinity is not only that: MindSpore 2.10's softmax on CPU leaves memory unwritten after such a row, in the rows
of others too. It is finite in float16 as well, for `mindspore.amp` at level O2 casts what operators get; and so far
below any score that softmax gives zero.
"""

_SCORES = ops.BatchMatMul(transpose_b=True)
_MIXED = ops.BatchMatMul()


def split_heads(x: Tensor, size: int) -> Tensor:
    """Split the last axis into heads: (batch, sequence, heads * size) to (batch, heads, sequence, size).

    Args:
        x: (batch, sequence, heads * size), any dtype.
        size: of each head; what is in the last axis tells how many there are.

    Returns:
        (batch, heads, sequence, size), of the dtype of `x`.
    """
    batch, sequence, width = x.shape
    heads = width // size
    rows = _exchanged(x.reshape(batch, sequence * heads, size), sequence, heads)
    return rows.reshape(batch, heads, sequence, size)


def join_heads(x: Tensor) -> Tensor:
    """Put the heads side by side: (batch, heads, sequence, size) to (batch, sequence, heads * size).

    Args:
        x: (batch, heads, sequence, size), any dtype.

    Returns:
        (batch, sequence, heads * size), of the dtype of `x`.
    """
    batch, heads, sequence, size = x.shape
    rows = _exchanged(x.reshape(batch, heads * sequence, size), heads, sequence)
    return rows.reshape(batch, sequence, heads * size)


def _exchanged(rows: Tensor, outer: int, inner: int) -> Tensor:
    """Exchange two axes that lie in one: of (batch, outer * inner, size), what was outer is inner.

    By gathering whole rows: MindSpore's CPU transposes number by number, which takes 8 to 16 times as long.
    """
    if outer == 1 or inner == 1:  # the same order in memory: nothing moves
        return rows
    return ops.gather(rows, _order(outer, inner), 1)


@ops.constexpr  # type: ignore[untyped-decorator]
@lru_cache(maxsize=64)
def _order(outer: int, inner: int) -> Tensor:
    return Tensor(np.arange(outer * inner, dtype=np.int32).reshape(outer, inner).T.ravel())


def attend(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, dropout: Any, scale: float, most: float | None = None
) -> Tensor:
    """softmax(scale · QKᵀ + mask)V: from (batch, heads, sequence, size) to (batch, sequence, heads * size).

    Several query heads may share a key head (Ainslie et al. 2023, arXiv:2305.13245). Queries are scaled before the
    product, whose numbers pass what float16 holds otherwise; scores and softmax are float32.

    Args:
        query: (batch, heads, sequence, size), floating-point.
        key: (batch, key heads, positions, size), of the dtype of `query`; the number of heads is a multiple of theirs.
        value: (batch, key heads, positions, size), likewise.
        mask: added to the scores: (batch, heads, sequence, positions) or what broadcasts to it, float32.
        dropout: a cell that is called with the weights.
        scale: what queries are multiplied by, 1 / √size as a rule.
        most: scores are kept within ±most, smoothly; None: as they are.

    Returns:
        (batch, sequence, heads * size), of the dtype of `value`.
    """
    batch, heads, length, size = query.shape
    groups, rows = key.shape[1], heads // key.shape[1] * length
    if scale != 1:
        query = query * scale
    scores = cast(_SCORES(query.reshape(batch, groups, rows, size), key), mindspore.float32)
    scores = ops.add(cap(scores.reshape(batch, heads, length, -1), most), mask)
    weights = dropout(cast(ops.softmax(scores, -1), value.dtype))
    found = _MIXED(weights.reshape(batch, groups, rows, -1), value)
    return join_heads(found.reshape(batch, heads, length, size))


def as_mask(visible: Tensor) -> Tensor:
    """Give what is added to the scores, float32: 0 where a position may be seen, `LOWEST` where not.

    Args:
        visible: of any shape, bool: whether a position may be seen.

    Returns:
        The same shape, float32.
    """
    return (1 - visible.astype(mindspore.float32)) * LOWEST


def padding_mask(attention_mask: Tensor, heads: int = 1, length: int = 1) -> Tensor:
    """Give what is added to the scores, (batch, heads, length, positions), from 1 for a token and 0 for padding.

    It is the same for all heads and lines. It may stay one of each, but MindSpore's CPU adds equal shapes many times
    as fast as it broadcasts, and what is repeated here is added in every layer.

    Args:
        attention_mask: (batch, positions), int or bool, 1 for a token and 0 for padding.
        heads: for how many it is repeated.
        length: for how many lines it is repeated.

    Returns:
        (batch, heads, length, positions), float32.
    """
    return ops.tile(as_mask(attention_mask[:, None, None, :] > 0), (1, heads, length, 1))


def causal_mask(
    attention_mask: Tensor,
    length: int,
    window: int | None = None,
    cache_position: Tensor | None = None,
    heads: int = 1,
) -> Tensor:
    """Give what is added to the scores, (batch, heads, length, positions): each position sees none after it.

    Args:
        attention_mask: (batch, positions), 1 for a token and 0 for padding, those in the cache included.
        length: of the positions, how many are new.
        window: how many positions each sees, itself included; None: all before it.
        cache_position: (length,), int: where in the cache the new ones are; None: they are the last.
        heads: for how many it is repeated, as in `padding_mask`.

    Returns:
        (batch, heads, length, positions), float32.
    """
    keys = ops.arange(attention_mask.shape[1])
    queries = keys[-length:] if cache_position is None else cache_position
    distance = queries[:, None] - keys[None, :]
    visible = distance >= 0
    if window is not None:
        visible = ops.logical_and(visible, distance < window)
    seen = ops.logical_and(visible[None, None], attention_mask[:, None, None, :] > 0)
    return ops.tile(as_mask(seen), (1, heads, 1, 1))


def extended(past: KeyValue | None, key: Tensor, value: Tensor) -> KeyValue:
    """Give the keys and values of all positions: those in `past`, and these after them.

    All are (batch, heads, positions, size). A cache of fixed size has a third entry: the rows into which these are
    written, (batch * heads * new positions,), int; its keys and values are `mindspore.Parameter`s, (batch * heads *
    positions, size), so that rows are written where they lie, and all of it is given.

    Args:
        past: keys and values of earlier positions, or None; a cache of fixed size has the rows as well.
        key: (batch, heads, new positions, size).
        value: the same shape and dtype.

    Returns:
        Keys and values, each (batch, heads, positions, size).
    """
    if past is None:
        return key, value
    if len(past) == 2:
        return ops.concat((past[0], key), 2), ops.concat((past[1], value), 2)
    keys, values, rows = past
    return _written(keys, rows, key), _written(values, rows, value)


def _written(table: Any, rows: Tensor, new: Tensor) -> Tensor:
    batch, heads, _, size = new.shape
    return ops.scatter_update(table, rows, new.reshape(-1, size)).reshape(batch, heads, -1, size)
