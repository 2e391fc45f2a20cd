"""Collapse names that differ only in their layer indices: `layers.{0..31}.mlp.up.weight`."""

from __future__ import annotations

import re
from collections.abc import Iterable

INDEX = "0|[1-9][0-9]{0,17}"
"""As a regular expression, the index of a layer: a whole dotted segment that is a plain decimal number.

"007" and "conv1" are words: a range of them would not give the same names back.
"""

_INDEX = re.compile(rf"(?<![^.])({INDEX})(?![^.])")
_SEGMENT = re.compile(INDEX)

_MOST_AXES = 32
"""Names that differ in more of their indices than this stay apart: no model has such, and each axis costs a walk."""

_Split = tuple[tuple[str, ...], tuple[str, ...]]


class Splits(dict[str, _Split]):
    """Names taken apart at their indices, each once: `a.3.b` is `(("a.", ".b"), ("3",))`.

    Handed from one search to the next: in a model of 100,000 parameters, taking names apart is what costs time.
    """

    def __missing__(self, name: str) -> _Split:
        parts = _INDEX.split(name)
        split = ((name,), ()) if len(parts) == 1 else (tuple(parts[::2]), tuple(parts[1::2]))
        self[name] = split
        return split


def collapse(names: Iterable[str], splits: Splits | None = None) -> list[tuple[str, tuple[str, ...]]]:
    """Group `names` into patterns, each with its members, in the order of first appearance.

    A pattern stands for exactly its members, no more: several varying indices are joined only where every
    combination occurs. A name that varies in nothing is its own pattern. Linear in the number of names.

    Args:
        names: the names; one that comes twice counts once.
        splits: names that were taken apart before; those of `names` are added.
    """
    splits = Splits() if splits is None else splits
    families: dict[tuple[str, ...], dict[tuple[str, ...], str]] = {}
    order = {name: position for position, name in enumerate(dict.fromkeys(names))}
    for name in order:
        words, indices = splits[name]
        family = families.get(words)
        if family is None:
            families[words] = {indices: name}
        else:
            family[indices] = name
    groups: list[tuple[str, tuple[str, ...]]] = []
    for words, family in families.items():
        if len(family) == 1:
            groups += [(name, (name,)) for name in family.values()]
            continue
        varying = [axis for axis, values in enumerate(zip(*family, strict=True)) if len(set(values)) > 1]
        if len(varying) > _MOST_AXES:
            groups += [(name, (name,)) for name in family.values()]
            continue
        texts = list(next(iter(family)))
        # By the indices that vary alone: a name may have thousands that do not.
        varied = {tuple([indices[axis] for axis in varying]): name for indices, name in family.items()}
        grids = _grids(list(varied))
        for axes, grid in grids:
            for position, axis in zip(varying, axes, strict=True):
                texts[position] = braces(map(int, axis))
            pattern = words[0] + "".join(text + word for text, word in zip(texts, words[1:], strict=True))
            if len(grids) == 1:
                members = tuple(family.values())
            else:
                members = tuple(sorted((varied[indices] for indices in grid), key=order.__getitem__))
            groups.append((pattern, members))
    groups.sort(key=lambda group: order[group[1][0]])
    return groups


def index_free(name: str) -> str:
    """Give `name` with every index replaced by `#`: equal for names that differ only in their indices."""
    return _INDEX.sub("#", name)


def is_index(segment: str) -> bool:
    """Whether a segment of a name is the index of a layer."""
    return _SEGMENT.fullmatch(segment) is not None


def braces(indices: Iterable[int]) -> str:
    """Print a set of indices: `0`, `{0..31}`, `{0,2,5}`, `{0..3,7}`."""
    values = sorted(set(indices))
    if len(values) == 1:
        return str(values[0])
    runs: list[list[int]] = []
    for value in values:
        if runs and value == runs[-1][1] + 1:
            runs[-1][1] = value
        else:
            runs.append([value, value])
    if len(runs) == 1:
        return f"{{{values[0]}..{values[-1]}}}"
    texts: list[str] = []
    for first, last in runs:
        # In a list, a run of two reads better as two numbers.
        texts.extend([f"{first}..{last}"] if last > first + 1 else map(str, range(first, last + 1)))
    return "{" + ",".join(texts) + "}"


def _grids(indices: list[tuple[str, ...]]) -> list[tuple[list[tuple[str, ...]], list[tuple[str, ...]]]]:
    """Split index tuples of one length into full grids: (the values along each axis, the members)."""
    if len(indices[0]) == 1:
        return [([tuple(index for (index,) in indices)], indices)]
    by_first: dict[str, list[tuple[str, ...]]] = {}
    for index in indices:
        by_first.setdefault(index[0], []).append(index[1:])
    # Outer indices whose inner parts are the same set can share one pattern.
    alike: dict[frozenset[tuple[str, ...]], list[str]] = {}
    for first, tails in by_first.items():
        alike.setdefault(frozenset(tails), []).append(first)
    grids: list[tuple[list[tuple[str, ...]], list[tuple[str, ...]]]] = []
    for firsts in alike.values():
        for axes, tails in _grids(by_first[firsts[0]]):
            members = [(first, *tail) for first in firsts for tail in tails]
            grids.append(([tuple(firsts), *axes], members))
    return grids
