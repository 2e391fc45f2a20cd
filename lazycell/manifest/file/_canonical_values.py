"""Any Python value as JSON can hold it, always in the same way: what hyperparameters are written as."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Mapping, Set
from typing import Any

from ..._dtypes import dtype_name
from ._check_json import member, refuse, shown

MAX_DEPTH = 50
"""Of objects and lists in one another."""

_LONGEST = 1000
"""Characters of the text that stands for an object."""

_LARGEST = 1 << 8192
"""From here on Python may refuse to print an integer, and every reader of JSON may refuse to read it."""

# Where an object is in memory, as its repr says: another place in each process.
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")

# Control characters, and what is invisible or turns the direction of text. By number, not by `isprintable`: that
# follows the Unicode tables of the Python that asks, and the same manifest has to be the same text everywhere.
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ud800-\uf8ff"
    "\ufeff\ufff0-\ufffb\ufffe\uffff\U000e0000-\U0010ffff]"
)


def plain(value: Any) -> Any:
    """Give what JSON holds in the place of a value.

    Numbers, text, None, and lists and string-keyed mappings of these are what they are, tuples lists, keys in order.
    dtypes are their canonical names. Everything else is `{"repr": "…"}`, without addresses in memory.
    """
    return _plain(value, ())


def check_plain(value: Any, where: str) -> None:
    """Refuse a value read from JSON that `plain` could not have given.

    Raises:
        ManifestError: it is nested too deep, or holds a number that is not finite.
    """
    pending = [(where, value, 0)]
    while pending:
        place, each, depth = pending.pop()
        if isinstance(each, float) and not math.isfinite(each):
            refuse(place, "is a number that is too large")
        elif isinstance(each, int) and abs(each) >= _LARGEST:
            refuse(place, "is a number that is too long")
        elif isinstance(each, (dict, list)):
            if depth >= MAX_DEPTH:
                refuse(where, f"is nested deeper than {MAX_DEPTH}")
            if isinstance(each, dict):
                pending += [(member(place, shown(key)), inner, depth + 1) for key, inner in each.items()]
            else:
                pending += [(member(place, k), inner, depth + 1) for k, inner in enumerate(each)]


def encoded(value: Any) -> str:
    """Give JSON on one line, of values that JSON holds."""
    return _ENCODER.encode(value)


def escaped(document: str) -> str:
    """Write what cannot be seen in JSON as the escapes that JSON has for it; line ends stay."""
    return _UNSEEN.sub(lambda found: json.dumps(found[0])[1:-1], document)


def _whole(value: Any) -> int:
    return value.__index__()  # a size may be one of numpy's integers


_ENCODER = json.JSONEncoder(ensure_ascii=False, default=_whole)


def _plain(value: Any, above: tuple[int, ...]) -> Any:
    if value is None or isinstance(value, bool):
        return value
    np = sys.modules.get("numpy")  # imported where there are values of its; whoever only reads has none
    if np is not None and isinstance(value, np.generic):
        value = value.item()
    match value:
        case str() if _is_unicode(value):
            return str.__str__(value)
        case bool():
            return value
        case int() if abs(value) < _LARGEST:
            return int(value)
        case float() if math.isfinite(value):
            return float(value)
        case list() | tuple() if _fits(value, above):
            return [_plain(each, (*above, id(value))) for each in value]
        case Mapping() if _fits(value, above) and all(isinstance(key, str) and _is_unicode(key) for key in value):
            return {str.__str__(key): _plain(value[key], (*above, id(value))) for key in sorted(value)}
    name = _dtype_name(value)
    if name is not None:
        return name
    return {"repr": _text(value)} if len(above) < MAX_DEPTH else _text(value)


def _fits(value: Any, above: tuple[int, ...]) -> bool:
    """Whether a list or mapping is neither too deep nor a part of itself."""
    return len(above) < MAX_DEPTH and id(value) not in above


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _dtype_name(value: Any) -> str | None:
    """Give the canonical name of a dtype, of numpy or MindSpore; None for anything else, `int` and `float` too."""
    kind, np = type(value), sys.modules.get("numpy")
    if (
        kind.__module__ == "mindspore._c_expression.typing"
        or (np is not None and isinstance(value, np.dtype))
        or (np is not None and isinstance(value, type) and issubclass(value, np.generic))
    ):
        try:
            return dtype_name(value)
        except TypeError:
            pass
    return None


def _text(value: Any) -> str:
    try:
        # A set is in another order in each process; a mapping is equal in any order.
        if isinstance(value, Set):
            text = f"{{{', '.join(sorted(map(repr, value)))}}}"
        elif isinstance(value, Mapping):
            text = f"{{{', '.join(sorted(f'{key!r}: {each!r}' for key, each in value.items()))}}}"
        else:
            text = repr(value)
    except Exception:  # whatever the repr of a stranger's class does
        text = f"<{type(value).__name__}>"
    text = _ADDRESS.sub("", text)
    text = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return text.encode("utf-8", "backslashreplace").decode()
