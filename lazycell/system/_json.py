"""Read JSON that strangers wrote: bounded, no duplicate keys, every failure with its cause."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

# The safetensors format's own bound for its header; the index of a sharded checkpoint gets the same.
MAX_BYTES = 100_000_000


class JSONProblem(ValueError):
    """Text that is no acceptable JSON object; the message is the cause, to be put after the file's name."""


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
