"""Which positions of a list have something: the first, every n-th, the first k, those that the config lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ._equations import Answer
from ._python_names import literal

_MOST_APART = 8


def pattern_of(
    values: Sequence[Sequence[bool | None]], runs: Sequence[int], configs: Sequence[Mapping[str, Any]]
) -> Answer | None:
    """Say in which positions it is so, as Python about `INDEX`; None: no one pattern says it of all lists.

    Args:
        values: for each list, of each position whether it is so; None where it does not matter.
        runs: of each list, in which checkpoint it is.
        configs: of the checkpoints.
    """
    true = []
    for text, holds in _patterns(values, configs):
        if all(
            v is None or bool(holds(position, run)) == v
            for some, run in zip(values, runs, strict=True)
            for position, v in enumerate(some)
        ):
            true.append(text)
    if true:
        listed = [text for text in true if "@" in text]
        simple = [text for text in true if "@" not in text and not text.startswith("in_(")]
        best = [*listed, *simple, *true]
        return Answer(best[0], [text for text in dict.fromkeys([*listed, *simple]) if text != best[0]][:3])
    return None


def _patterns(
    values: Sequence[Sequence[bool | None]], configs: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Callable[[int, int], bool]]]:
    longest = max(map(len, values))
    for name in dict.fromkeys(name for config in configs for name in config):
        yield from _by_config(name, configs)
    for first in range(1, longest):
        yield ("INDEX == 0" if first == 1 else f"INDEX < {first}"), lambda i, _, k=first: i < k  # type: ignore[misc]
        yield ("INDEX > 0" if first == 1 else f"INDEX >= {first}"), lambda i, _, k=first: i >= k  # type: ignore[misc]
    for apart in range(2, min(_MOST_APART, longest - 1) + 1):
        for rest in range(apart):
            yield f"INDEX % {apart} == {rest}", lambda i, _, m=apart, r=rest: i % m == r  # type: ignore[misc]
            if apart > 2:
                yield f"INDEX % {apart} != {rest}", lambda i, _, m=apart, r=rest: i % m != r  # type: ignore[misc]
    listed = {i for some in values for i, v in enumerate(some) if v}
    text = f"({', '.join(map(str, sorted(listed)))}{',' if len(listed) == 1 else ''})"
    yield f"in_(INDEX, {text})", lambda i, _: i in listed


def _by_config(name: str, configs: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Callable[[int, int], bool]]]:
    if not re.search("layer|index|indices|only|_ids$", name):
        return
    lists: list[list[Any]] = [found for config in configs if isinstance(found := config.get(name), list)]
    if len(lists) < len(configs):
        return

    def at(i: int, run: int) -> Any:
        return lists[run][i] if i < len(lists[run]) else None

    if all(type(word) is str for each in lists for word in each):
        for word in dict.fromkeys(word for each in lists for word in each):
            yield f"@{name}@[INDEX] == {literal(word)}", lambda i, run, w=word: at(i, run) == w  # type: ignore[misc]
    elif all(type(number) is int for each in lists for number in each):
        yield f"in_(INDEX, @{name}@)", lambda i, run: i in lists[run]
        yield f"~in_(INDEX, @{name}@)", lambda i, run: i not in lists[run]
