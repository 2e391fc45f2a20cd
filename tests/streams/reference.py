"""The streams of docs/streams.md once more, in plain Python: integers, `math`, and no array.

    python -m tests.streams.reference

writes vectors.json beside this file. Nothing of lazycell or numpy is used here: the two can only agree if both do what
the page says.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any

STREAM_VERSION = 1
BLOCK = 131072
WARM_UP = 12
FILE = Path(__file__).with_name("vectors.json")

_MASK = (1 << 64) - 1

# ------------------------------------------------------------------------------------------------- keys and words


def key_of(seed: int, name: str) -> int:
    """Give a parameter's key."""
    digest = hashlib.blake2b(f"{seed}".encode() + b"\0" + name.encode(), digest_size=16).digest()
    return sum(byte << 8 * index for index, byte in enumerate(digest))


@functools.cache
def block(key: int, index: int) -> list[int]:
    """Give all words of one block."""
    a, b, c, counter = key & _MASK, key >> 64, index, 1
    words = []
    for _ in range(WARM_UP + BLOCK):
        word = (a + b + counter) & _MASK
        counter = (counter + 1) & _MASK
        a = b ^ (b >> 11)
        b = (c + (c << 3)) & _MASK
        c = ((c << 24 | c >> 40) + word) & _MASK
        words.append(word)
    return words[WARM_UP:]


def word(key: int, position: int) -> int:
    """Give one word."""
    return block(key, position // BLOCK)[position % BLOCK]


def signed(bits: int, width: int) -> int:
    """Read bits in two's complement."""
    return bits - (1 << width) if bits >> (width - 1) else bits


# -------------------------------------------------------------------------------------------------------- rounding


def float32(x: float) -> float:
    """Round to the nearest float32, ties to even."""
    return float(struct.unpack("<f", struct.pack("<f", x))[0])


def float16(x: float) -> float:
    """Round a float32 to the nearest float16, ties to even."""
    return float(struct.unpack("<e", struct.pack("<e", x))[0])


def bfloat16(x: float) -> float:
    """Round a float32 to the nearest bfloat16, ties to even: its upper 16 bits."""
    (bits,) = struct.unpack("<I", struct.pack("<f", x))
    low, bits = bits & 0xFFFF, bits >> 16
    if low > 0x8000 or (low == 0x8000 and bits & 1):
        bits += 1
    return float(struct.unpack("<f", struct.pack("<I", bits << 16))[0])


ROUND: dict[str, Callable[[float], float]] = {
    "float64": float,
    "float32": float32,
    "float16": lambda x: float16(float32(x)),
    "bfloat16": lambda x: bfloat16(float32(x)),
}

# ------------------------------------------------------------------------------------------------------------ laws


def integer(key: int, position: int, dtype: str) -> tuple[int, float]:
    """Give the integer that an element of `Uniform` and `TruncatedNormal` is made of, and its unit."""
    if dtype == "float64":
        return signed(word(key, position), 64) >> 11, 2.0**-52
    half = word(key, position // 2) >> 32 * (position % 2) & 0xFFFFFFFF
    return signed(half, 32) >> 8, 2.0**-23


def uniform(key: int, position: int, dtype: str, low: float, high: float) -> float:
    """Give one element."""
    computed = float if dtype == "float64" else float32
    k, unit = integer(key, position, dtype)
    x = computed(k * computed((high - low) / 2 * unit))
    middle = (low + high) / 2
    return computed(x + computed(middle)) if middle else x


def normal(key: int, position: int, dtype: str, mean: float, sigma: float) -> float:
    """Give one element: of its pair, the cosine's or the sine's."""
    computed = float if dtype == "float64" else float32
    pair = position // 2
    if dtype == "float64":
        first, second = (signed(word(key, 2 * pair + index), 64) >> 11 for index in (0, 1))
        unit = 2.0**-52
    else:
        both = word(key, pair)
        first, second = signed(both & 0xFFFFFFFF, 32), signed(both >> 32, 32)
        unit = 2.0**-31
    u = abs(computed(computed(computed(first) + 0.5) * unit))
    radius = computed(math.sqrt(computed(-2 * computed(math.log(u)))))
    radius = computed(radius * computed(sigma))
    angle = computed(computed(second) * computed(unit * math.pi))
    x = computed(radius * computed((math.sin if position % 2 else math.cos)(angle)))
    return computed(x + computed(mean)) if mean else x


def truncated(key: int, position: int, dtype: str, mean: float, sigma: float, low: float, high: float) -> float:
    """Give one element, where the bounds are not both out of reach."""
    k, unit = integer(key, position, dtype)
    u = (k + 0.5) * (unit / 2) + 0.5
    a, b, sign = (low - mean) / sigma, (high - mean) / sigma, 1
    if a > -b:
        a, b, sign = -b, -a, -1
    below_a, below_b = (math.erfc(-bound / math.sqrt(2)) / 2 for bound in (a, b))
    x = mean + sign * sigma * NormalDist().inv_cdf(below_a + u * (below_b - below_a))
    return (float if dtype == "float64" else float32)(min(max(x, low), high))


def sparse(key: int, position: int, dtype: str, shape: Sequence[int], sparsity: float, sigma: float) -> float:
    """Give one element of a matrix."""
    rows, columns = shape
    row, column = divmod(position, columns)
    first = (rows * columns + 1) // 2 * (2 if dtype == "float64" else 1) + column * rows
    order = sorted(range(rows), key=lambda each: word(key, first + each))
    is_zero = row in order[: math.ceil(sparsity * rows)]
    return 0.0 if is_zero else normal(key, position, dtype, 0.0, sigma)


def element(key: int, position: int, dtype: str, shape: Sequence[int], law: str, settings: dict[str, float]) -> float:
    """Give one element of a tensor."""
    if law == "Sparse":
        return sparse(key, position, dtype, shape, **settings)
    function = {"Uniform": uniform, "Normal": normal, "TruncatedNormal": truncated}[law]
    return ROUND[dtype](function(key, position, dtype, **settings))


# --------------------------------------------------------------------------------------------------------- vectors

_KEYS = [(0, ""), (42, "layers.0.weight"), (2**63, "größe"), (-1, "a\0b")]
_WORDS = [0, 1, 2, BLOCK - 2, BLOCK - 1, BLOCK, BLOCK + 1]
# The blocks of float32 meet at element 2 * BLOCK, and those of float64 at BLOCK.
_SMALL = [*range(12), 98, 99]
_LARGE = [0, 1, 2, 3, *range(BLOCK - 3, BLOCK + 3), *range(2 * BLOCK - 3, 2 * BLOCK + 3), 300000]
_UNIFORM = {"low": -0.25, "high": 0.25}
_CASES: list[tuple[str, dict[str, float], list[str], tuple[int, ...], list[int]]] = [
    ("Uniform", _UNIFORM, ["float32", "float64"], (601, 501), _LARGE),
    ("Uniform", _UNIFORM, ["float16", "bfloat16"], (10, 10), _SMALL),
    ("Uniform", {"low": 1.5, "high": 4.0}, ["float32", "float64"], (10, 10), _SMALL),
    ("Normal", {"mean": 0.0, "sigma": 1.0}, ["float32", "float64"], (601, 501), _LARGE),
    ("Normal", {"mean": 3.0, "sigma": 0.02}, ["float32", "float64"], (10, 10), _SMALL),
    ("TruncatedNormal", {"mean": 0.0, "sigma": 1.0, "low": -2.0, "high": 2.0}, ["float32", "float64"], (601, 501), _LARGE),
    ("TruncatedNormal", {"mean": 0.5, "sigma": 2.0, "low": 1.0, "high": 9.0}, ["float32", "float64"], (10, 10), _SMALL),
    ("TruncatedNormal", {"mean": 0.0, "sigma": 1.0, "low": -6.0, "high": -5.0}, ["float32"], (10, 10), _SMALL),
    ("Sparse", {"sparsity": 0.4, "sigma": 1.0}, ["float32", "float64"], (5, 3), list(range(15))),
]  # fmt: skip


def vectors() -> dict[str, Any]:
    """Give the content of the file: what is the same everywhere in hexadecimal, the rest in decimal."""
    seed, name = 42, "layers.0.weight"
    key = key_of(seed, name)
    values = []
    for law, settings, dtypes, shape, positions in _CASES:
        for dtype in dtypes:
            elements = [element(key, position, dtype, shape, law, settings) for position in positions]
            values.append(
                {
                    "seed": seed,
                    "name": name,
                    "law": law,
                    "settings": settings,
                    "dtype": dtype,
                    "shape": list(shape),
                    "positions": positions,
                    "values": [each.hex() if law == "Uniform" else each for each in elements],
                }
            )
    return {
        "stream_version": STREAM_VERSION,
        "keys": [{"seed": seed, "name": name, "key": f"{key_of(seed, name):032x}"} for seed, name in _KEYS],
        "words": [{"seed": seed, "name": name, "position": each, "word": f"{word(key, each):016x}"} for each in _WORDS],
        "values": values,
    }


def text() -> str:
    """Give the text of the file."""
    sections = []
    for title, content in vectors().items():
        if isinstance(content, list):
            rows = ",\n".join(f"    {json.dumps(each, ensure_ascii=False)}" for each in content)
            sections.append(f'  "{title}": [\n{rows}\n  ]')
        else:
            sections.append(f'  "{title}": {json.dumps(content)}')
    return "{\n" + ",\n".join(sections) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
