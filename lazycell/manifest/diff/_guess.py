"""Guess which parameters that are gone are still there, under another name. Never more than a guess.

Whole families are paired, `layers.{0..31}.q.weight` with `layers.{0..31}.query.weight`, index by index. Where two
candidates are equally good there is no guess.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence

from ..._frozen import frozen
from ...layout import ManifestEntry
from ...show import Splits
from ._similar import agreement, score, similarity

# How alike names have to be (0 to 1), and names and declarations together.
_ALIKE = 0.5
_LIKELY = 0.5

# Up to here, all candidates of one shape are compared with all; of more, those that come next to one another when
# they are sorted from the front, and from the end: so many on either side.
_COMPARED = 2_500
_NEXT = 2

# Letters are compared in so many pairs at most, which takes a second; in more, words are equal or they are not.
_SPELLED = 20_000

# Of a length that Python converts, whatever a name holds.
_NUMBER = re.compile("[0-9]{1,18}")


@frozen(eq=False)
class _Unit:
    """What is renamed as one: a family in the order of its indices, or a single parameter."""

    entries: tuple[ManifestEntry, ...]
    words: tuple[str, ...]


_Edge = tuple[float, int, int]
"""The score of a possible pair, and the places of both."""

_Counts = Mapping[tuple[int, ...], int]
"""How many parameters of a model have a shape."""


def guess_renames(
    removed: Sequence[ManifestEntry],
    added: Sequence[ManifestEntry],
    old: Iterable[ManifestEntry],
    new: Iterable[ManifestEntry],
) -> list[tuple[ManifestEntry, ManifestEntry]]:
    """Pair parameters that are gone with new ones of the same shape, in the order of `removed`.

    Close to linear in the number of parameters.

    Args:
        removed: what only the older side has.
        added: what only the newer side has.
        old: everything of the older side.
        new: everything of the newer side: what has a shape that nothing else has is told apart without its name.
    """
    if not (removed and added):
        return []
    mine = {entry.name: entry for entry in removed}
    theirs = {entry.name: entry for entry in added}
    counts = Counter(entry.shape for entry in old), Counter(entry.shape for entry in new)
    found: dict[str, ManifestEntry] = {}
    for units, key, by_name in (
        (_numbered, _shapes, True),
        (_families, _shapes, True),
        (_singles, _shape_and_numbers, True),
        (_singles, _shapes, False),
    ):
        pairs, unclear = _paired(units(mine.values()), units(theirs.values()), key, counts, by_name)
        for one, other in pairs:
            found.update(zip((entry.name for entry in one.entries), other.entries, strict=True))
        for entry in (entry for pair in (*pairs, unclear) for unit in pair for entry in unit.entries):
            mine.pop(entry.name, None)
            theirs.pop(entry.name, None)
    return [(entry, found[entry.name]) for entry in removed if entry.name in found]


# --------------------------------------------------------------------------------------------------------------- units


def _numbered(entries: Iterable[ManifestEntry]) -> list[_Unit]:
    """Group what differs in nothing but numbers, those in words too: `layer_{0..11}.fc{1,2}.weight`."""
    return _grouped((_NUMBER.sub("#", entry.name), _numbers(entry.name), entry) for entry in entries)


def _families(entries: Iterable[ManifestEntry]) -> list[_Unit]:
    """Group what differs in nothing but its indices: `layers.{0..11}.fc1.weight`."""
    splits = Splits()
    split = ((splits[entry.name], entry) for entry in entries)
    return _grouped(("#".join(words), tuple(map(int, indices)), entry) for (words, indices), entry in split)


def _grouped(numbered: Iterable[tuple[str, tuple[int, ...], ManifestEntry]]) -> list[_Unit]:
    """Group by names without numbers, each family in the order of its numbers."""
    families: dict[str, list[tuple[tuple[int, ...], ManifestEntry]]] = {}
    for words, numbers, entry in numbered:
        families.setdefault(words, []).append((numbers, entry))
    for family in families.values():
        family.sort(key=lambda member: member[0])
    return [_Unit(tuple(entry for _, entry in family), _words(words)) for words, family in families.items()]


def _singles(entries: Iterable[ManifestEntry]) -> list[_Unit]:
    return [_Unit((entry,), _words(entry.name)) for entry in entries]


def _shapes(unit: _Unit) -> Hashable:
    return tuple(entry.shape for entry in unit.entries)


def _shape_and_numbers(unit: _Unit) -> Hashable:
    (entry,) = unit.entries
    return entry.shape, _numbers(entry.name)


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(map(int, _NUMBER.findall(name)))


def _words(name: str) -> tuple[str, ...]:
    return tuple(name.split("."))


# --------------------------------------------------------------------------------------------------------------- pairs


def _paired(
    old: Sequence[_Unit],
    new: Sequence[_Unit],
    key: Callable[[_Unit], Hashable],
    counts: tuple[_Counts, _Counts],
    by_name: bool,
) -> tuple[list[tuple[_Unit, _Unit]], list[_Unit]]:
    """Pair units that agree in `key`, and give those as well that several others could be."""
    buckets: dict[Hashable, tuple[list[_Unit], list[_Unit]]] = {}
    for unit in old:
        buckets.setdefault(key(unit), ([], []))[0].append(unit)
    for unit in new:
        bucket = buckets.get(key(unit))
        if bucket is not None:
            bucket[1].append(unit)
    pairs: list[tuple[_Unit, _Unit]] = []
    unclear: list[_Unit] = []
    for mine, theirs in buckets.values():
        if not theirs:
            continue
        if len(mine) == len(theirs) == 1 and _have_shapes_of_their_own(mine[0], counts) and _agree(mine[0], theirs[0]):
            pairs.append((mine[0], theirs[0]))
        elif by_name:
            sure, torn = _resolved(_edges(mine, theirs))
            pairs += [(mine[one], theirs[other]) for one, other in sure]
            unclear += [mine[place] for place in torn[0]] + [theirs[place] for place in torn[1]]
    return pairs, unclear


def _have_shapes_of_their_own(unit: _Unit, counts: tuple[_Counts, _Counts]) -> bool:
    """Whether no other parameter has the shapes of these, on either side."""
    own = Counter(entry.shape for entry in unit.entries)
    return all(count[shape] == many for count in counts for shape, many in own.items())


def _agree(old: _Unit, new: _Unit) -> bool:
    """Whether the declarations do not speak against it."""
    agreed, known = agreement(old.entries[0], new.entries[0])
    return 2 * agreed >= known


def _edges(old: Sequence[_Unit], new: Sequence[_Unit]) -> list[_Edge]:
    """Score what may be a pair."""
    edges = []
    candidates = _candidates(old, new)
    for one, other in candidates:
        alike = similarity(old[one].words, new[other].words, letters=len(candidates) <= _SPELLED)
        if alike >= _ALIKE:
            likely = score(alike, *agreement(old[one].entries[0], new[other].entries[0]))
            if likely >= _LIKELY:
                edges.append((likely, one, other))
    return edges


def _candidates(old: Sequence[_Unit], new: Sequence[_Unit]) -> Collection[tuple[int, int]]:
    """Give pairs worth a look: all, or those of names that start or end alike."""
    if len(old) * len(new) <= _COMPARED:
        return list(itertools.product(range(len(old)), range(len(new))))
    found: dict[tuple[int, int], None] = {}
    for step in (1, -1):
        # From the end it is the last word that counts first, so that the words are sorted, not the letters.
        mine, theirs = ([unit.words[::step] for unit in units] for units in (old, new))
        for one, other in _neighbours(mine, theirs):
            found[one, other] = None
        for other, one in _neighbours(theirs, mine):
            found[one, other] = None
    return found


def _neighbours(names: Sequence[tuple[str, ...]], others: Sequence[tuple[str, ...]]) -> Iterator[tuple[int, int]]:
    """Give for each name those of the others that it would stand between if they were sorted."""
    order = sorted(range(len(others)), key=others.__getitem__)
    ranked = [others[place] for place in order]
    for place, name in enumerate(names):
        at = bisect_left(ranked, name)
        for other in order[max(0, at - _NEXT) : at + _NEXT]:
            yield place, other


def _resolved(edges: list[_Edge]) -> tuple[list[tuple[int, int]], tuple[set[int], set[int]]]:
    """Take the best pairs first; of those that are equally good, and have a side in common, none.

    Returns:
        The pairs, and what could be several others, of either side.
    """
    edges.sort(reverse=True)
    pairs: list[tuple[int, int]] = []
    taken: tuple[set[int], set[int]] = (set(), set())
    torn: tuple[set[int], set[int]] = (set(), set())
    for _, level in itertools.groupby(edges, key=lambda edge: edge[0]):
        free = [(one, other) for _, one, other in level if one not in taken[0] and other not in taken[1]]
        ones = Counter(one for one, _ in free)
        others = Counter(other for _, other in free)
        for one, other in free:
            taken[0].add(one)
            taken[1].add(other)
            if ones[one] == others[other] == 1:
                pairs.append((one, other))
            else:
                torn[0].add(one)
                torn[1].add(other)
    return pairs, torn
