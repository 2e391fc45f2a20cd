"""Whole numbers of 2, 4 or 8 bits that are packed into words of 32, the lowest bits first."""

from __future__ import annotations

import numpy as np

from ..system import Array


def unpacked(words: Array, bits: int) -> Array:
    """Give the numbers in words: as many axes, the last with `32 // bits` numbers for each word, of uint8.

    Args:
        words: of int32, contiguous.
        bits: 2, 4 or 8.
    """
    numbers: Array = words.view(np.uint8)
    # A byte is spread over as many bytes as it has numbers, with a copy of itself in each, and masked: in words of
    # numpy's, which does several at once.
    if bits == 4:
        wide = numbers.astype(np.uint16)
        wide |= wide << np.uint16(4)
        wide &= np.uint16(0x0F0F)
    elif bits == 2:
        pairs = numbers.astype(np.uint32)
        wide = pairs | pairs << np.uint32(6) | pairs << np.uint32(12) | pairs << np.uint32(18)
        wide &= np.uint32(0x03030303)
    else:
        return numbers
    return wide.view(np.uint8)
