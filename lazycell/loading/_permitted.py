"""What the arguments `missing` and `unexpected` permit: all, nothing, or the names that patterns match."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Iterable, Mapping


def permitted(argument: str, value: object, choices: tuple[str, str]) -> Callable[[str], bool]:
    """Give a test of whether a name is one of those that an argument permits.

    Args:
        argument: what it is called.
        value: one of `choices`, or name patterns (`fnmatch`).
        choices: the word that permits nothing, and the one that permits everything.

    Raises:
        ValueError: the value is none of these.
    """
    strict, lenient = choices
    if isinstance(value, str):
        if value not in choices:
            raise ValueError(f'{argument}={value!r:.200}: choose "{strict}", "{lenient}" or a list of name patterns')
        return _matcher(["*"] if value == lenient else [])
    if not isinstance(value, Iterable):
        raise ValueError(f'{argument}={value!r:.200}: choose "{strict}", "{lenient}" or a list of name patterns')
    if isinstance(value, Mapping):  # its values would be passed over, whatever they were meant to say
        listed = ", ".join(json.dumps(key, ensure_ascii=False) if isinstance(key, str) else repr(key) for key in value)
        raise ValueError(
            f"{argument}={value!r:.200}: patterns are a list, a mapping gives them values that mean nothing: "
            f"write {argument}=[{listed:.200}]"
        )
    patterns = list(value)
    for pattern in patterns:
        if not isinstance(pattern, str):
            raise ValueError(f"{argument}: a name pattern has to be a string, not {pattern!r:.200}")
    return _matcher(patterns)


def _matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    # One expression for all patterns: names are many.
    translated = [fnmatch.translate(pattern) for pattern in patterns]
    if not translated:
        return lambda name: False
    match = re.compile("|".join(translated)).match
    return lambda name: match(name) is not None
