"""How a checkpoint is divided into files: `max_shard_size`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ._output import Content
from ._refused import ArgumentRefused, argument

# Hugging Face's meaning: KB, MB, GB and TB count in thousands. KiB and so on, in 1024s, are added to it.
_UNITS = {f"{prefix}B": 1000**power for power, prefix in enumerate(("", "K", "M", "G", "T"))} | {
    f"{prefix}IB": 1024**power for power, prefix in enumerate(("", "K", "M", "G", "T")) if power
}
_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*")

_DIGITS = 30
"""More than any size has, and few enough for a float."""

_WRITE = 'write a number of bytes, or a size such as "5GB" or "500MB"'


def shard_bytes(size: int | str) -> int:
    """Give the bytes of `max_shard_size`: a number, or `"5GB"`, `"500MB"`, `"1.5GiB"`.

    Raises:
        ValueError: it is no size, or no positive one.
        TypeError: it is neither a number nor a string.
    """
    given = argument("max_shard_size", size)
    if isinstance(size, str):
        match = _SIZE.fullmatch(size)
        unit = _UNITS.get(match[2].upper() or "B") if match else None
        if match is None or unit is None:
            raise ArgumentRefused(given, f": {_WRITE}")
        if len(match[1]) > _DIGITS:
            raise ArgumentRefused(argument("max_shard_size", f"{size[:_DIGITS]}…"), f": {_WRITE}")
        count = int(float(match[1]) * unit) if "." in match[1] else int(match[1]) * unit
    elif isinstance(size, int) and not isinstance(size, bool):
        count = size
    else:
        raise TypeError(f"{given}: {_WRITE}")
    if count <= 0:
        raise ArgumentRefused(given, ": it has to be more than 0")
    return count


def split(contents: Iterable[Content], most: int) -> list[list[Content]]:
    """Divide tensors, in their order, into shards of at most `most` bytes; a larger tensor has one of its own."""
    shards: list[list[Content]] = [[]]
    size = 0
    for content in contents:
        if shards[-1] and size + content.nbytes > most:
            shards.append([])
            size = 0
        shards[-1].append(content)
        size += content.nbytes
    return shards
