"""CRC-32 of a tensor that several ranks write: each gives what its bytes contribute, and the contributions are XORed.

With a register that starts at zero and is not inverted at the end, the checksum is linear: that of a tensor is the XOR
of those of its parts, each with zeros in place of what others have. Zeros before a part change nothing; n zeros behind
it multiply by x^(8n) modulo the polynomial (RFC 1952, section 8; `crc32_combine` of zlib does the same).
"""

from __future__ import annotations

import functools
import math
import zlib
from typing import Any

import numpy as np

_POLYNOMIAL = 0xEDB88320  # with the coefficient of x^31 in the lowest bit, as zlib has it
_ONE = 1 << 31
_ONES = 0xFFFFFFFF
_SHORT = 64  # bytes: of shorter runs a column at a time is faster than a call each

_Numbers = np.ndarray[Any, np.dtype[Any]]


def contribution(data: memoryview, shape: tuple[int, ...], box: tuple[tuple[int, int], ...], itemsize: int) -> int:
    """Give what a box of a tensor contributes to the tensor's checksum.

    Args:
        data: the box's bytes, in row-major order.
        shape: of the whole tensor.
        box: start and stop along each dimension.
        itemsize: bytes of an element.
    """
    if not len(data):
        return 0
    counts, run = runs_of(shape, box, itemsize)
    strides = [math.prod(shape[axis + 1 :]) * itemsize for axis in range(len(shape))]
    if math.prod(counts) == 1:
        value = _crc(data)
    else:
        values = _crcs(np.frombuffer(data, np.uint8).reshape(-1, run)).reshape(counts)
        for axis in reversed(range(len(counts))):
            values = _folded(values, strides[axis])
        value = int(values)
    end = sum((stop - 1) * stride for (_, stop), stride in zip(box, strides, strict=True)) + itemsize
    return _product(_power(math.prod(shape) * itemsize - end), value)


def crc_of(contributions: int, nbytes: int) -> int:
    """Give the CRC-32, as zlib does, of a tensor of so many bytes whose parts contribute this, all XORed."""
    return contributions ^ _product(_power(nbytes), _ONES) ^ _ONES


def runs_of(shape: tuple[int, ...], box: tuple[tuple[int, int], ...], itemsize: int) -> tuple[tuple[int, ...], int]:
    """Give how a box lies in a tensor: how many runs there are along each of the outer dimensions, and their bytes."""
    axis, run = len(shape), itemsize
    while axis > 0:
        axis -= 1
        start, stop = box[axis]
        run *= stop - start
        if stop - start < shape[axis]:
            break
    return tuple(stop - start for start, stop in box[:axis]), run


def _crc(data: memoryview) -> int:
    return zlib.crc32(data, _ONES) ^ _ONES


def _crcs(rows: _Numbers) -> _Numbers:
    """Give the checksum of each row, linear."""
    if rows.shape[1] >= _SHORT:
        return np.array([_crc(row.data) for row in rows], np.uint32)
    table = _table()
    state = np.zeros(len(rows), np.uint32)
    for column in rows.T:
        state = table[(state ^ column) & 0xFF] ^ (state >> np.uint32(8))
    return state


def _folded(values: _Numbers, stride: int) -> _Numbers:
    """Join the checksums along the last axis, of runs that are `stride` bytes apart; zeros are between them."""
    while values.shape[-1] > 1:
        if values.shape[-1] % 2:
            values = np.concatenate([np.zeros((*values.shape[:-1], 1), np.uint32), values], -1)
        values = _products(_power(stride), values[..., 0::2]) ^ values[..., 1::2]
        stride *= 2
    return values[..., 0]


@functools.lru_cache(maxsize=1 << 16)
def _power(nbytes: int) -> int:
    """Give x^(8n) modulo the polynomial."""
    result, bit = _ONE, 3
    while nbytes:
        if nbytes & 1:
            result = _product(_square(bit), result)
        nbytes >>= 1
        bit += 1
    return result


@functools.cache
def _square(bit: int) -> int:
    """Give x^(2^bit) modulo the polynomial."""
    if bit == 0:
        return _ONE >> 1
    half = _square(bit - 1)
    return _product(half, half)


def _product(one: int, other: int) -> int:
    """Multiply two polynomials modulo the polynomial."""
    result = 0
    while one:
        if one & _ONE:
            result ^= other
        one = one << 1 & _ONES
        other = other >> 1 ^ (_POLYNOMIAL if other & 1 else 0)
    return result


def _products(one: int, others: _Numbers) -> _Numbers:
    result, polynomial = np.zeros_like(others), np.uint32(_POLYNOMIAL)
    while one:
        if one & _ONE:
            result ^= others
        one = one << 1 & _ONES
        others = (others >> np.uint32(1)) ^ (others & np.uint32(1)) * polynomial
    return result


@functools.cache
def _table() -> _Numbers:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = (table >> np.uint32(1)) ^ (table & np.uint32(1)) * np.uint32(_POLYNOMIAL)
    return table
