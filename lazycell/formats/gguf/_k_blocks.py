"""Blocks of 256 numbers as floats: codes of 2 to 6 bits, in parts of 16 or 32 that have scales of their own.

As in `_simple_blocks`, whose functions take and fill the same; the parts' scales are codes themselves, times `d`.
"""

from __future__ import annotations

import numpy as np

from ...system import Array
from ._simple_blocks import FOUR, NONLINEAR, float16, halves, put_looked_up, words

_ONE, _TWO, _THREE = (np.uint64(number) for number in (1, 2, 3))
_ONES = np.uint64(0x0101010101010101)
_SECONDS = np.uint64(0x0202020202020202)
_PAIRS = np.uint64(0x0303030303030303)

_EVEN = np.array([0, 2, 4, 6], np.uint64)


def q2_k(blocks: Array, out: Array) -> None:
    """Compute `block_q2_K`: 16 bytes of scales, 64 bytes, d, dmin.

    Bits 2s of 32 bytes are the numbers 32s to 32s + 31 of a half. With a scale for each 16 numbers:
    d · (scale & 15) · q - dmin · (scale >> 4).
    """
    codes = words(blocks[:, 16:80])[None] >> _EVEN[:, None] & _PAIRS  # s, block and half, 32 bytes
    parts = out.reshape(-1, 4, 32).transpose(1, 0, 2)
    np.copyto(parts, codes.view(np.uint8).reshape(4, -1, 32))
    low, high = halves(blocks[:, :16])
    _scale(out, float16(blocks, 80) * _numbers(low, blocks))
    _lessen(out, float16(blocks, 82) * _numbers(high, blocks))


def q3_k(blocks: Array, out: Array) -> None:
    """Compute `block_q3_K`: 32 bytes of third bits, 64 bytes, 12 bytes of scales, d.

    The codes' low bits are as in `block_q2_K`; bit b of 32 bytes is the third of the numbers 32b to 32b + 31.
    With a scale of 6 bits for each 16 numbers: d · (scale - 32) · (q - 4).
    """
    count = len(blocks)
    third = words(blocks[:, :32])[None] >> np.arange(8, dtype=np.uint64)[:, None] & _ONES
    third <<= _TWO
    packed = words(blocks[:, 32:96].reshape(count, 2, 32).transpose(1, 0, 2)).reshape(2, 1, -1)
    codes = packed >> _EVEN[None, :, None] & _PAIRS  # half, s, block, 32 bytes
    codes |= third.reshape(codes.shape)
    signed = codes.view(np.uint8)
    signed -= 4
    np.copyto(out.reshape(count, 8, 32).transpose(1, 0, 2), signed.view(np.int8).reshape(8, count, 32))
    first, second, rest = (np.ascontiguousarray(blocks[:, 96 + 4 * i : 100 + 4 * i]).view(np.uint32) for i in range(3))
    scales = np.concatenate(
        [
            first & 0x0F0F0F0F | (rest & 0x03030303) << 4,
            second & 0x0F0F0F0F | (rest >> 2 & 0x03030303) << 4,
            first >> 4 & 0x0F0F0F0F | (rest >> 4 & 0x03030303) << 4,
            second >> 4 & 0x0F0F0F0F | (rest >> 6 & 0x03030303) << 4,
        ],
        axis=1,
    ).view(np.int8)
    scales -= 32
    _scale(out, float16(blocks, 108) * scales.astype(np.float32))


def q4_k(blocks: Array, out: Array) -> None:
    """Compute `block_q4_K`: d, dmin, 12 bytes of scales, 128 bytes.

    Low halves of 32 bytes are 32 numbers, high halves the next. With two scales of 6 bits for each 32 numbers:
    d · scale · q - dmin · min.
    """
    parts = out.reshape(-1, 2, 32)
    for part, packed in enumerate(halves(blocks[:, 16:])):
        np.copyto(parts[:, part], packed.view(np.uint8).reshape(-1, 32))
    _apply_two_scales(blocks, out)


def q5_k(blocks: Array, out: Array) -> None:
    """Compute `block_q5_K`: d, dmin, 12 bytes of scales, 32 bytes of fifth bits, 128 bytes.

    As `block_q4_K`; bit b of the 32 bytes is the fifth of the numbers 32b to 32b + 31.
    """
    count = len(blocks)
    fifth = words(blocks[:, 16:48])[None] >> _EVEN[:, None]  # of four pairs of 32 numbers
    low, high = halves(blocks[:, 48:].reshape(count, 4, 32).transpose(1, 0, 2))
    low |= ((fifth & _ONES) << FOUR).reshape(-1)
    high |= ((fifth & _SECONDS) << _THREE).reshape(-1)
    parts = out.reshape(count, 4, 2, 32)
    for part, packed in enumerate((low, high)):
        np.copyto(parts[:, :, part].transpose(1, 0, 2), packed.view(np.uint8).reshape(4, count, 32))
    _apply_two_scales(blocks, out)


def q6_k(blocks: Array, out: Array) -> None:
    """Compute `block_q6_K`: 128 bytes of low bits, 64 bytes of high ones, 16 signed scales, d.

    Of each half of the numbers: low halves of 64 bytes are its first 64 numbers, high halves the others; bits 2s of 32
    bytes are the fifth and sixth of its numbers 32s to 32s + 31. With a scale for each 16: d · scale · (q - 32).
    """
    count = len(blocks)
    upper = words(blocks[:, 128:192])[None] >> _EVEN[:, None] & _PAIRS  # s, block and half, 32 bytes
    upper <<= FOUR
    split = halves(blocks[:, :128].reshape(count * 2, 2, 32).transpose(1, 0, 2))
    parts = out.reshape(count * 2, 2, 2, 32)
    for part, packed in enumerate(split):
        packed |= upper[2 * part : 2 * part + 2].reshape(-1)
        codes = packed.view(np.uint8)
        codes -= 32
        np.copyto(parts[:, part].transpose(1, 0, 2), codes.view(np.int8).reshape(2, count * 2, 32))
    scales = blocks[:, 192:208].view(np.int8).astype(np.float32)
    _scale(out, float16(blocks, 208) * scales)


def iq4_xs(blocks: Array, out: Array) -> None:
    """Compute `block_iq4_xs`: d, 2 bits of 8 scales, 4 bits of each, 128 bytes, 16 for each 32 numbers.

    As `block_iq4_nl`, with a scale of 6 bits for each 32 numbers: d · (scale - 32) · kvalues[q].
    """
    put_looked_up(blocks[:, 8:], NONLINEAR, out)
    high = np.ascontiguousarray(blocks[:, 2:4]).view(np.uint16) >> np.arange(0, 16, 2, dtype=np.uint16)
    low = np.repeat(blocks[:, 4:8], 2, axis=1)
    low[:, 1::2] >>= 4
    scales = ((low & 15) | (high & 3).astype(np.uint8) << 4).view(np.int8)
    scales -= 32
    _scale(out, float16(blocks, 0) * scales.astype(np.float32))


def _apply_two_scales(blocks: Array, out: Array) -> None:
    """Apply those that `block_q4_K` and `block_q5_K` have in common: 16 numbers of 6 bits (`get_scale_min_k4`)."""
    first, second, rest = (np.ascontiguousarray(blocks[:, 4 + 4 * i : 8 + 4 * i]).view(np.uint32) for i in range(3))
    for at, apply, four, more in ((0, _scale, first, rest), (2, _lessen, second, rest >> 4)):
        packed = np.concatenate([four & 0x3F3F3F3F, more & 0x0F0F0F0F | four >> 2 & 0x30303030], axis=1)
        apply(out, float16(blocks, at) * packed.view(np.uint8).astype(np.float32))


def _scale(out: Array, scales: Array) -> None:
    """Multiply the parts of each row by their scales."""
    parts = out.reshape(scales.size, -1)
    parts *= scales.reshape(-1, 1)


def _lessen(out: Array, least: Array) -> None:
    """Take a number from the parts of each row."""
    parts = out.reshape(least.size, -1)
    parts -= least.reshape(-1, 1)


def _numbers(packed: Array, blocks: Array) -> Array:
    return packed.view(np.uint8).reshape(len(blocks), -1).astype(np.float32)
