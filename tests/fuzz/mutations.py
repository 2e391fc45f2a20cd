"""Inputs that are nearly right: sound files with a few mistakes, in their structure and in their bytes."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Sequence
from random import Random
from typing import Any

from hypothesis import strategies as st

from ..formats.files import varint

NUMBERS = [
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    12,
    16,
    127,
    128,
    255,
    256,
    2**16,
    2**31,
    2**32,
    2**40,
    2**62,
    2**63 - 1,
    2**63,
    2**64 - 1,
]
"""At the edges of what counts and lengths can be."""

JSON_VALUES: list[Any] = [
    *NUMBERS,
    *[
        -1,
        -(2**63),
        10**30,
        0.5,
        4.0,
        1e300,
        True,
        False,
        None,
        "",
        "w",
        "F32",
        "U8",
        "BOOL",
        "F4",
        "BF16",
        "s.safetensors",
    ],
    *[
        "../s.safetensors",
        "/s.safetensors",
        "a/./s.safetensors",
        "\0",
        "x" * 300 + ".safetensors",
        "\ud800.safetensors",
    ],
    *[[], {}, [0], [1], [2, 2], [0, 4], [4, 8], [0, 0], [2**32, 2**32], [-1], [1.0], [True], [[1]], {"w": 1}],
]
"""What may stand where something else belongs."""

_DIGITS = re.compile(rb"-?\d+")


def damage(random: Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Make one to three mistakes in the bytes: flipped, set, cut, inserted, repeated, of another file, another number."""
    for _ in range(random.choice((1, 1, 2, 3))):
        start = random.randrange(len(content) + 1)
        stop = min(len(content), start + random.randrange(17))
        kind = random.randrange(9)
        if kind == 0 and start < len(content):
            content = content[:start] + bytes([content[start] ^ 1 << random.randrange(8)]) + content[start + 1 :]
        elif kind == 1:
            content = content[:start] + random.randbytes(stop - start) + content[stop:]
        elif kind == 2:
            content = content[:start]
        elif kind == 3:
            content = content[:start] + random.randbytes(random.randrange(9)) + content[start:]
        elif kind == 4:
            content = content[:start] + content[stop:]
        elif kind == 5:
            content = content[:stop] + content[start:stop] * random.randrange(1, 4) + content[stop:]
        elif kind == 6:
            other = random.choice(others)
            content = content[:start] + other[random.randrange(len(other) + 1) :]
        elif kind == 7:
            number = random.choice(NUMBERS)
            raw = random.choice((number.to_bytes(8, "little"), number.to_bytes(8, "big"), varint(number)))
            content = content[:start] + raw + content[start + len(raw) * random.randrange(2) :]
        elif numbers := list(_DIGITS.finditer(content)):
            place = random.choice(numbers)
            content = content[: place.start()] + b"%d" % random.choice(NUMBERS) + content[place.end() :]
    return content


@st.composite
def rewritten(draw: st.DrawFn, value: Any) -> bytes:
    """JSON text of a value after up to three mistakes in its structure; the text may give a key twice."""
    value = copy.deepcopy(value)
    for _ in range(draw(st.integers(0, 3))):
        places = list(_places(value))
        if not places:
            break
        container, key = draw(st.sampled_from(places))
        kind = draw(st.integers(0, 3))
        if kind == 0:
            container[key] = copy.deepcopy(draw(st.sampled_from(JSON_VALUES)))
        elif kind == 1:
            del container[key]
        elif kind == 2:
            source, other = draw(st.sampled_from(places))
            container[key] = copy.deepcopy(source[other])
        elif isinstance(container, dict):
            container[draw(st.sampled_from(["w", "", "a", "__metadata__", "weight_map", "dtype", "é", "\ud800"]))] = (
                container[key]
            )
        else:
            container.append(container[key])
    text = json.dumps(value, ensure_ascii=draw(st.booleans()) or _has_surrogate(value))
    if draw(st.integers(0, 9)) == 0 and (keys := re.findall(r'"[^"]*"(?=:)', text)):
        text = text.replace(draw(st.sampled_from(keys)), draw(st.sampled_from(keys)))
    if draw(st.integers(0, 9)) == 0:
        text += draw(st.sampled_from([" ", "\n\n", "{}", "\0", ",", "]"]))
    return text.encode()


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every member of every object and list in a value, as container and key."""
    found: list[tuple[Any, Any]] = []
    pending = [value]
    while pending:
        container = pending.pop()
        keys = (
            list(container)
            if isinstance(container, dict)
            else range(len(container))
            if isinstance(container, list)
            else ()
        )
        for key in keys:
            found.append((container, key))
            pending.append(container[key])
    return found


def _has_surrogate(value: Any) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in json.dumps(value, ensure_ascii=False))
