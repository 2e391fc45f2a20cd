"""Lines that stand for many parameters each, in an order that gives the order of the parameters back."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Mapping, Sequence

from ...show import Splits, collapse, is_index
from ._expand import tree_order

_Line = tuple[str, tuple[str, ...]]


def collapsed_lines(contents: Mapping[str, str]) -> list[_Line] | None:
    """Group parameters that say the same under names with ranges.

    Args:
        contents: for each name, in the order of the manifest, what its line says.

    Returns:
        The lines: name with ranges and the names it stands for. None: lines like that would not give the order back.
    """
    alike: dict[str, list[str]] = {}
    for name, content in contents.items():
        if "{" in name:  # it would be taken for a range
            return None
        alike.setdefault(content, []).append(name)
    splits = Splits()
    lines = [line for names in alike.values() for line in collapse(names, splits)]
    if len(lines) == len(contents):
        return None
    names = list(contents)
    ordered = _in_order(lines, names)
    if ordered is None or tree_order([name for _, members in ordered for name in members]) != names:
        return None
    return ordered


def _in_order(lines: list[_Line], names: Sequence[str]) -> list[_Line] | None:
    """Order the lines so that words first appear in the order of `names`: a topological order, if there is one.

    A layer may lack what others have in between: then the line of the others has to come earlier than its own
    first layer would have it.
    """
    position = {name: at for at, name in enumerate(names)}
    lines = sorted(lines, key=lambda line: position[line[1][0]])
    line_of = {name: at for at, (_, members) in enumerate(lines) for name in members}
    later: list[set[int]] = [set() for _ in lines]
    waiting = [0] * len(lines)
    segments = names[0].split(".")
    for before, after in itertools.pairwise(names):
        own, segments = segments, after.split(".")
        first, second = line_of[before], line_of[after]
        if first == second or second in later[first]:
            continue
        if not _are_layers(own, segments):
            later[first].add(second)
            waiting[second] += 1
    ready = [at for at, count in enumerate(waiting) if count == 0]
    ordered: list[_Line] = []
    while ready:
        at = heapq.heappop(ready)
        ordered.append(lines[at])
        for other in later[at]:
            waiting[other] -= 1
            if waiting[other] == 0:
                heapq.heappush(ready, other)
    return ordered if len(ordered) == len(lines) else None


def _are_layers(one: list[str], other: list[str]) -> bool:
    """Whether two names part at an index: their order is that of the numbers."""
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            return is_index(mine) and is_index(theirs)
    return False
