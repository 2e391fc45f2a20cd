"""Random words: 64 bits each, by position, from a key. Everything random is made of these.

The words of a key come in blocks of `BLOCK`. Block b is what SFC64 (Chris Doty-Humphrey, PractRand 0.94; numpy has it
as `numpy.random.SFC64`) gives from the state a = low half of the key, b = high half, c = b's index, counter = 1, after
its first `WARM_UP` words are thrown away, as PractRand and numpy do when they seed it.
"""

from __future__ import annotations

import hashlib
import threading
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .._frozen import frozen

BLOCK = 1 << 17
"""Words. Long calls keep threads out of each other's way: half as many cost a tenth more with two of them."""

WARM_UP = 12

_MASK = (1 << 64) - 1

_own = threading.local()


def stream_key(seed: int, name: str) -> int:
    """Give the 128-bit key of the stream of the parameter `name` under `seed`.

    It is the BLAKE2b digest (16 bytes, little endian) of the decimal seed, a NUL byte and the UTF-8 name.
    """
    message = str(int(seed)).encode() + b"\0" + name.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(message, digest_size=16).digest(), "little")


class Words(Protocol):
    """What laws draw from."""

    def words(self, start: int, count: int) -> npt.NDArray[np.uint64]:
        """Give `count` words from position `start`, a new array."""
        ...


@frozen
class Stream:
    """The words of one key."""

    key: int

    def words(self, start: int, count: int) -> npt.NDArray[np.uint64]:
        """Give `count` words from position `start`, a new array.

        What lies before them in their first block is passed over, at the cost of drawing it.
        """
        parts = []
        while count:
            block, skipped = divmod(start, BLOCK)
            length = min(count, BLOCK - skipped)
            generator = _generator(self.key, block)
            generator.random_raw(WARM_UP + skipped, output=False)
            parts.append(generator.random_raw(length))
            start += length
            count -= length
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.empty(0, np.uint64)


def _generator(key: int, block: int) -> Any:
    """Give this thread's generator at the beginning of a block."""
    try:
        generator = _own.generator
    except AttributeError:
        generator = _own.generator = np.random.SFC64(0)
    state = np.array([key & _MASK, key >> 64, block, 1], np.uint64)
    generator.state = {"bit_generator": "SFC64", "state": {"state": state}, "has_uint32": 0, "uinteger": 0}
    return generator
