"""Read small files and JSON that strangers wrote: bounded, no duplicate keys, every failure with its cause."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ._portable import O_BINARY, O_CLOEXEC, O_NONBLOCK

# The safetensors format's own bound for its header; the index of a sharded checkpoint gets the same.
MAX_BYTES = 100_000_000

# Without O_NONBLOCK, opening a FIFO that nobody writes to blocks for ever.
_FLAGS = os.O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_BINARY

_UNKNOWN = 1 << 16


class JSONProblem(ValueError):
    """Text that is no acceptable JSON object; the message is the cause, to be put after the file's name."""


def read_bounded(path: str | os.PathLike[str], most: int = MAX_BYTES) -> bytes:
    """Give the content of a file: a config, a manifest, migrations, rules.

    Raises:
        JSONProblem: it is a FIFO, a device or the like, or has more than `most` bytes. The message is the cause, to be
            put after the file's name.
        OSError: it is not there, a directory, or cannot be read.
    """
    mode = os.stat(path).st_mode
    if not stat.S_ISDIR(mode):  # of one, opening it says so
        _refuse_irregular(mode)
    with open(Path(path), "rb", opener=lambda name, flags: os.open(name, _FLAGS)) as file:
        there = os.fstat(file.fileno())
        _refuse_irregular(there.st_mode)  # another may be there by now
        # No more room is made than it takes; of files in /proc nobody knows.
        content = file.read(min(most, max(there.st_size, _UNKNOWN)) + 1)
    if len(content) > most:
        raise JSONProblem(f"has more than {most:,} bytes, which is all that is read of such a file")
    return content


def _refuse_irregular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise JSONProblem("is no regular file: a device, a FIFO or a socket may never end")


def read_object(raw: bytes) -> dict[str, Any]:
    """Parse a UTF-8 JSON object.

    Raises:
        JSONProblem: not UTF-8, not JSON, not an object, nested too deep, a key given twice in one object, or text
            that is not Unicode.
    """
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise JSONProblem(f"is not UTF-8: byte {error.start} is {raw[error.start]:#04x}") from None
    except json.JSONDecodeError as error:
        raise JSONProblem(f"is not JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise JSONProblem("is nested too deep") from None
    except JSONProblem:
        raise
    except ValueError:  # an integer of thousands of digits, which Python refuses to convert
        raise JSONProblem("holds a number that is too long") from None
    if not isinstance(value, dict):
        raise JSONProblem("is not a JSON object")
    if b"\\u" in raw:  # only an escape can smuggle in what UTF-8 cannot hold
        _refuse_surrogates(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise JSONProblem(f"gives the key {_first_repeated(key for key, _ in pairs)!r} twice")
    return members


def _first_repeated(keys: Iterable[str]) -> str:
    """Give the first of `keys` that occurred before."""
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            return key
        seen.add(key)
    raise AssertionError("no key is repeated")


def _refuse_surrogates(value: Any) -> None:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending += item
            pending += item.values()
        elif isinstance(item, list):
            pending += item
        elif isinstance(item, str) and not item.isascii() and any("\ud800" <= letter <= "\udfff" for letter in item):
            raise JSONProblem(f"holds {item[:200]!r}, which is not Unicode text (a lone surrogate)")


def _refuse_constant(name: str) -> Any:
    raise JSONProblem(f"is not JSON: {name} is no JSON value")
