"""Normal values from random words, by the method of Box and Muller.

G. E. P. Box, M. E. Muller, "A Note on the Generation of Random Normal Deviates", Ann. Math. Stat. 29 (1958), 610-611:
of a pair of uniform values one gives a radius, the other an angle. Elements 2i and 2i+1 are such a pair. Only numpy's
logarithm, cosine and sine are not the same on every machine to the last bit; in float32 they are on those that have
AVX2 and FMA (x86-64 since 2013).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..system import Array, Scratch
from ._scratch import arrays
from ._words import Words


def write_pairs(stream: Words, pair: int, sigma: float, out: Array, scratch: Scratch) -> None:
    """Write normal values of mean 0, those of the pairs from `pair` on.

    Args:
        stream: in float32 word i is pair i: its low 32 bits, as a signed integer, are the radius, its high ones the
            angle. In float64 they are words 2i and 2i+1.
        pair: the first.
        sigma: standard deviation.
        out: one axis, even length, float32 or float64.
        scratch: of this thread.
    """
    count = out.size // 2
    radius, angle, cosine = arrays(scratch, count, out.dtype, 3)
    if out.dtype == np.float32:
        words: Any = stream.words(pair, count).view("<i4")
        unit = 2.0**-31
    else:
        words = stream.words(2 * pair, 2 * count).view(np.int64)
        words >>= 11  # 53 bits: what a float64 holds
        unit = 2.0**-52
    kind = out.dtype.type
    np.copyto(radius, words[0::2], casting="unsafe")
    np.copyto(angle, words[1::2], casting="unsafe")
    # The radius: half a step is added for a uniform value in (0, 1], of which there is a logarithm.
    np.add(radius, kind(0.5), out=radius)
    np.multiply(radius, kind(unit), out=radius)
    np.abs(radius, out=radius)
    np.log(radius, out=radius)
    np.multiply(radius, kind(-2), out=radius)
    np.sqrt(radius, out=radius)
    np.multiply(radius, kind(sigma), out=radius)
    np.multiply(angle, kind(unit * math.pi), out=angle)
    np.cos(angle, out=cosine)
    np.sin(angle, out=angle)
    np.multiply(radius, cosine, out=out[0::2])
    np.multiply(radius, angle, out=out[1::2])
