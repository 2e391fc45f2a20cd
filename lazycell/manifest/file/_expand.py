"""From names with ranges back to all names, in the order they had: the other way round from `collapse`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from ..._frozen import frozen
from ...show import INDEX, is_index

_RANGE = re.compile(rf"({INDEX})(?:\.\.({INDEX}))?")
# A whole segment of a name, but the dots of the range are in it.
BRACES = re.compile(r"(?<![^.])\{([0-9.,]*)\}(?![^.])")
_SHOWN = 80


@frozen
class Pattern:
    """A name with ranges, taken apart: how many names it stands for is known before any of them is made.

    Attributes:
        words: what stands before, between and after the ranges.
        ranges: for each place the indices.
        count: how many names it stands for.
    """

    words: tuple[str, ...]
    ranges: tuple[tuple[range, ...], ...]
    count: int

    def names(self) -> Iterator[str]:
        """Give the names, by number."""
        axes = [map(str, itertools.chain.from_iterable(ranges)) for ranges in self.ranges]
        for indices in itertools.product(*axes):
            yield self.words[0] + "".join(index + word for index, word in zip(indices, self.words[1:], strict=True))


def take_apart(pattern: str, most: int) -> Pattern:
    """Take a name with ranges apart, in bounded time and memory.

    Args:
        pattern: `layers.{0..31}.mlp.{0,2}.weight`.
        most: how many names it may stand for.

    Raises:
        ValueError: what is in braces is not indices in ascending order, or too many; the message is the cause.
    """
    parts = BRACES.split(pattern)
    ranges: list[tuple[range, ...]] = []
    count = 1
    for text in parts[1::2]:
        if text.count(",") < most:
            ranges.append(tuple(_ranges(text)))
            count *= sum(map(len, ranges[-1]))
        if text.count(",") >= most or count > most:
            raise ValueError(f"stands for more than {most:,} parameters")
    return Pattern(tuple(parts[::2]), tuple(ranges), count)


def _ranges(text: str) -> Iterator[range]:
    before = -1
    for item in text.split(","):
        found = _RANGE.fullmatch(item)
        if found is None:
            raise ValueError(f"{{{text[:_SHOWN]}}} holds no indices: write {{0..31}} or {{0,2,5}}")
        first, last = int(found[1]), int(found[2] or found[1])
        if not before < first <= last:
            raise ValueError(f"{{{text[:_SHOWN]}}} is not in ascending order")
        before = last
        yield range(first, last + 1)


def tree_order(names: Sequence[str]) -> list[str]:
    """Order names, each of which is there once, as a walk through a tree gives them: what is below one cell together.

    At each place the words stand in the order in which they first appear in `names`; the indices stand by number, all
    of them where the first of them appears. Linear in the length of all names.
    """
    ordered: list[str] = []
    segments = {name: name.split(".") for name in names}
    pending: list[tuple[int, list[str]]] = [(0, list(segments))]
    while pending:
        depth, group = pending.pop()
        if len(group) <= 1:
            ordered += group
            continue
        below: dict[str | None, list[str]] = {}
        for name in group:
            own = segments[name]
            segment = own[depth] if depth < len(own) else None
            found = below.get(segment)
            if found is None:
                below[segment] = [name]
            else:
                found.append(name)
        pending += [(depth + 1, below[child]) for child in reversed(_children(list(below)))]
    return ordered


def _children(segments: list[str | None]) -> list[str | None]:
    """Put the indices in the place of the first of them, by number."""
    if len(segments) == 1:
        return segments
    indices = [each for each in segments if each is not None and is_index(each)]
    if not indices:
        return segments
    at = segments.index(indices[0])
    known = set(indices)
    return [*segments[:at], *sorted(indices, key=int), *(each for each in segments[at:] if each not in known)]
