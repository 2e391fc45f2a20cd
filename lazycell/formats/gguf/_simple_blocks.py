"""Blocks of 32 numbers as floats: codes of 4, 5 or 8 bits, and a scale.

Each function takes blocks as rows of bytes, and fills as many rows of 32 floats with what ggml computes of them in
float32 (`dequantize_row_*` in `ggml-quants.c`). The layouts are those of the structs in `ggml-common.h`; of its
numbers, all little-endian, `d` is the scale and `m` what is added, as float16.

In numpy a loop over 16 bytes costs as much as one over a thousand: codes are taken out of the blocks first, and all of
them split at once, eight bytes a step. The cast to float puts them where they belong.
"""

from __future__ import annotations

import functools

import numpy as np

from ...system import Array

LOW = np.uint64(0x0F0F0F0F0F0F0F0F)
FOUR = np.uint64(4)

NONLINEAR = (-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)
"""What the codes of IQ4_NL and IQ4_XS stand for (`kvalues_iq4nl`)."""

_DOUBLED = (0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12)
"""What those of MXFP4 do, times two (`kvalues_mxfp4`)."""


def float16(blocks: Array, start: int) -> Array:
    """Give the float16 that each block has at a byte, in float32, as a column."""
    return blocks[:, start : start + 2].copy().view(np.float16).astype(np.float32)


def words(values: Array) -> Array:
    """Give bytes, eight in one number; those of an array that has no gaps are shared."""
    return np.ascontiguousarray(values).reshape(-1).view(np.uint64)


def halves(codes: Array) -> tuple[Array, Array]:
    """Give the low four bits of each byte, and the high ones, in words."""
    packed = words(codes)
    return packed & LOW, packed >> FOUR & LOW


def q4_0(blocks: Array, out: Array) -> None:
    """Compute `block_q4_0`: d, 16 bytes; a low half is one of the first 16 numbers: d · (q - 8)."""
    _put_halves(halves(blocks[:, 2:]), out, 8)
    out *= float16(blocks, 0)


def q4_1(blocks: Array, out: Array) -> None:
    """Compute `block_q4_1`: d, m, 16 bytes; a low half is one of the first 16 numbers: d · q + m."""
    _put_halves(halves(blocks[:, 4:]), out, 0)
    out *= float16(blocks, 0)
    out += float16(blocks, 2)


def q5_0(blocks: Array, out: Array) -> None:
    """Compute `block_q5_0`: d, 32 fifth bits, the lowest first, 16 bytes as in `block_q4_0`: d · (q - 16)."""
    codes = _five_bits(blocks[:, 2:6], blocks[:, 6:])
    codes -= 16
    np.copyto(out, codes.view(np.int8))
    out *= float16(blocks, 0)


def q5_1(blocks: Array, out: Array) -> None:
    """Compute `block_q5_1`: d, m, 32 fifth bits, the lowest first, 16 bytes as in `block_q4_1`: d · q + m."""
    np.copyto(out, _five_bits(blocks[:, 4:8], blocks[:, 8:]))
    out *= float16(blocks, 0)
    out += float16(blocks, 2)


def q8_0(blocks: Array, out: Array) -> None:
    """Compute `block_q8_0`: d, 32 signed bytes: d · q."""
    np.copyto(out, blocks[:, 2:].view(np.int8))
    out *= float16(blocks, 0)


def iq4_nl(blocks: Array, out: Array) -> None:
    """Compute `block_iq4_nl`: d, 16 bytes as in `block_q4_0`: d · kvalues[q]."""
    put_looked_up(blocks[:, 2:], NONLINEAR, out)
    out *= float16(blocks, 0)


def mxfp4(blocks: Array, out: Array) -> None:
    """Compute `block_mxfp4`: an exponent e, 16 bytes as in `block_q4_0`: 2^(e - 128) · kvalues[q]."""
    put_looked_up(blocks[:, 1:], _DOUBLED, out)
    out *= _POWERS[blocks[:, :1]]


def put_looked_up(codes: Array, values: tuple[int, ...], out: Array) -> None:
    """Put what the low halves of 16 bytes stand for into the first half of each 32 numbers, and the high ones behind.

    Args:
        codes: 16 bytes for each 32 numbers, in rows.
        values: what a half stands for, in eight bits.
        out: to be filled, without gaps.
    """
    pairs = np.ascontiguousarray(codes).reshape(-1).view(np.uint16).astype(np.intp)
    found = np.take(_of_two_bytes(values), pairs, mode="clip")  # which asks of no index whether it is one
    parts = out.reshape(-1, 2, 16)
    for part in (0, 1):
        halves = np.ascontiguousarray(found.view(np.uint16)[part::2])
        np.copyto(parts[:, part], halves.view(np.int8).reshape(-1, 16))


@functools.cache
def _of_two_bytes(values: tuple[int, ...]) -> Array:
    """Give for any two bytes what their low halves stand for, and then their high ones, as four signed bytes."""
    signed, codes = np.array(values, np.int8), np.arange(1 << 16)
    halves = [codes & 15, codes >> 8 & 15, codes >> 4 & 15, codes >> 12]
    return np.ascontiguousarray(np.stack([signed[half] for half in halves], axis=1)).view(np.uint32).reshape(-1)


def _put_halves(split: tuple[Array, Array], out: Array, less: int) -> None:
    """Put low halves into the first 16 numbers of each row, and high ones behind, less a number."""
    for part, packed in enumerate(split):
        codes = packed.view(np.uint8)
        if less:
            codes -= less
        np.copyto(out[:, 16 * part : 16 * part + 16], codes.view(np.int8).reshape(-1, 16))


def _five_bits(fifth: Array, codes: Array) -> Array:
    """Give codes of five bits in rows of 32."""
    high = np.unpackbits(np.ascontiguousarray(fifth).reshape(-1), bitorder="little").view(np.uint64)
    high <<= FOUR
    joined = np.empty((len(codes), 4), np.uint64)
    for part, packed in enumerate(halves(codes)):
        joined[:, 2 * part : 2 * part + 2] = packed.reshape(-1, 2)
    joined |= high.reshape(-1, 4)
    return joined.view(np.uint8)


_POWERS = np.ldexp(np.float32(1), np.arange(256) - 128).astype(np.float32)
"""Half of 2^(e - 127), for the doubled values (`ggml_e8m0_to_fp32_half`); unlike the standard's, 255 is no NaN."""
