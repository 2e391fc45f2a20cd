"""What ggml computes of its blocks, number by number: the loops of `dequantize_row_*` in `ggml-quants.c`.

Slow, and in another way than lazycell's: so that the two do not err alike.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping

import numpy as np

F = np.float32
KVALUES = (-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)
DOUBLED = (0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12)


def half(block: bytes, at: int) -> np.float32:
    """A float16, as float32."""
    return F(np.frombuffer(block, np.float16, 1, at)[0])


def nibbles(codes: bytes) -> list[int]:
    """Low halves of 16 bytes, then high ones."""
    return [code & 15 for code in codes] + [code >> 4 for code in codes]


def q4_0(b: bytes) -> Iterator[np.float32]:
    return (F(q - 8) * half(b, 0) for q in nibbles(b[2:]))


def q4_1(b: bytes) -> Iterator[np.float32]:
    return (F(q) * half(b, 0) + half(b, 2) for q in nibbles(b[4:]))


def fives(high: bytes, codes: bytes) -> list[int]:
    (bits,) = struct.unpack("<I", high)
    return [q | (bits >> j & 1) << 4 for j, q in enumerate(nibbles(codes))]


def q5_0(b: bytes) -> Iterator[np.float32]:
    return (F(q - 16) * half(b, 0) for q in fives(b[2:6], b[6:]))


def q5_1(b: bytes) -> Iterator[np.float32]:
    return (F(q) * half(b, 0) + half(b, 2) for q in fives(b[4:8], b[8:]))


def q8_0(b: bytes) -> Iterator[np.float32]:
    return (F(q) * half(b, 0) for q in struct.unpack("<32b", b[2:]))


def iq4_nl(b: bytes) -> Iterator[np.float32]:
    return (half(b, 0) * F(KVALUES[q]) for q in nibbles(b[2:]))


def mxfp4(b: bytes) -> Iterator[np.float32]:
    scale = F(2.0 ** (b[0] - 128))
    return (F(DOUBLED[q]) * scale for q in nibbles(b[1:]))


def q2_k(b: bytes) -> Iterator[np.float32]:
    part = 0
    for start in (0, 32):
        for shift in (0, 2, 4, 6):
            for first in (0, 16):
                scale, part = b[part], part + 1
                for code in b[16 + start + first :][:16]:
                    yield half(b, 80) * F(scale & 15) * F(code >> shift & 3) - half(b, 82) * F(scale >> 4)


def q3_k(b: bytes) -> Iterator[np.float32]:
    packed = struct.unpack("<3I", b[96:108])
    a, c, t = packed
    low, two = 0x0F0F0F0F, 0x03030303
    words = [a & low | (t & two) << 4, c & low | (t >> 2 & two) << 4]
    words += [a >> 4 & low | (t >> 4 & two) << 4, c >> 4 & low | (t >> 6 & two) << 4]
    scales = struct.unpack("16b", struct.pack("<4I", *words))
    part, mask = 0, 1
    for start in (0, 32):
        for shift in (0, 2, 4, 6):
            for first in (0, 16):
                scale, part = half(b, 108) * F(scales[part] - 32), part + 1
                for j in range(first, first + 16):
                    yield scale * F((b[32 + start + j] >> shift & 3) - (0 if b[j] & mask else 4))
            mask <<= 1


def scale_and_min(j: int, q: bytes) -> tuple[int, int]:
    """`get_scale_min_k4`."""
    if j < 4:
        return q[j] & 63, q[j + 4] & 63
    return q[j + 4] & 15 | (q[j - 4] >> 6) << 4, q[j + 4] >> 4 | (q[j] >> 6) << 4


def q4_k(b: bytes) -> Iterator[np.float32]:
    for j in range(8):
        scale, least = scale_and_min(j, b[4:16])
        for code in b[16 + 32 * (j // 2) :][:32]:
            yield half(b, 0) * F(scale) * F(code >> 4 if j % 2 else code & 15) - half(b, 2) * F(least)


def q5_k(b: bytes) -> Iterator[np.float32]:
    for j in range(8):
        scale, least = scale_and_min(j, b[4:16])
        for high, code in zip(b[16:48], b[48 + 32 * (j // 2) :][:32], strict=True):
            q = (code >> 4 if j % 2 else code & 15) + (16 if high >> j & 1 else 0)
            yield half(b, 0) * F(scale) * F(q) - half(b, 2) * F(least)


def q6_k(b: bytes) -> Iterator[np.float32]:
    scales = struct.unpack("16b", b[192:208])
    for n in (0, 1):
        for group in range(4):
            for j in range(32):
                code = b[64 * n + 32 * (group % 2) + j]
                q = (code >> 4 if group > 1 else code & 15) | (b[128 + 32 * n + j] >> 2 * group & 3) << 4
                yield half(b, 208) * F(scales[8 * n + 2 * group + j // 16]) * F(q - 32)


def iq4_xs(b: bytes) -> Iterator[np.float32]:
    (high,) = struct.unpack("<H", b[2:4])
    for part in range(8):
        scale = (b[4 + part // 2] >> 4 * (part % 2) & 15) | (high >> 2 * part & 3) << 4
        for q in nibbles(b[8 + 16 * part :][:16]):
            yield half(b, 0) * F(scale - 32) * F(KVALUES[q])


REFERENCE: Mapping[str, Callable[[bytes], Iterator[np.float32]]] = {
    "Q4_0": q4_0,
    "Q4_1": q4_1,
    "Q5_0": q5_0,
    "Q5_1": q5_1,
    "Q8_0": q8_0,
    "IQ4_NL": iq4_nl,
    "MXFP4": mxfp4,
    "Q2_K": q2_k,
    "Q3_K": q3_k,
    "Q4_K": q4_k,
    "Q5_K": q5_k,
    "Q6_K": q6_k,
    "IQ4_XS": iq4_xs,
}
