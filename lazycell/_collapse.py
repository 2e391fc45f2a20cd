"""Collapse names that differ only in their layer indices: `layers.{0..31}.mlp.up.weight`."""

from __future__ import annotations

import re
from collections.abc import Iterable

# A whole dotted segment that is a plain decimal number. "007" and "conv1" are words: a range of them would
# not give the same names back.
_INDEX = re.compile(r"(?<![^.])(0|[1-9][0-9]{0,17})(?![^.])")

_Indices = tuple[int, ...]


def collapse(names: Iterable[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Group `names` into patterns, each with its members, in the order of first appearance.

    A pattern stands for exactly its members, no more: several varying indices are joined only where every
    combination occurs. A name that varies in nothing is its own pattern. Linear in the number of names.
    """
    order: dict[str, int] = {}
    families: dict[tuple[str, ...], dict[_Indices, str]] = {}
    for name in names:
        order.setdefault(name, len(order))
        words, indices = split_indices(name)
        families.setdefault(words, {})[indices] = name
    groups: list[tuple[str, tuple[str, ...]]] = []
    for words, family in families.items():
        for axes, grid in _grids(list(family)):
            pattern = words[0] + "".join(braces(axis) + word for axis, word in zip(axes, words[1:], strict=True))
            groups.append((pattern, tuple(sorted((family[indices] for indices in grid), key=order.__getitem__))))
    groups.sort(key=lambda group: order[group[1][0]])
    return groups


def index_free(name: str) -> str:
    """Give `name` with every index replaced by `#`: equal for names that differ only in their indices."""
    return _INDEX.sub("#", name)


def split_indices(name: str) -> tuple[tuple[str, ...], _Indices]:
    """Split `name` into its words and the indices between them: `a.3.b` is `(("a.", ".b"), (3,))`."""
    parts = _INDEX.split(name)
    return tuple(parts[::2]), tuple(map(int, parts[1::2]))


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


def _grids(indices: list[_Indices]) -> list[tuple[list[_Indices], list[_Indices]]]:
    """Split index tuples of one length into full grids: (the values along each axis, the members)."""
    if not indices[0]:
        return [([], indices)]
    by_first: dict[int, list[_Indices]] = {}
    for index in indices:
        by_first.setdefault(index[0], []).append(index)
    # Outer indices whose inner parts are the same set can share one pattern.
    alike: dict[frozenset[_Indices], list[int]] = {}
    for first, members in by_first.items():
        alike.setdefault(frozenset(member[1:] for member in members), []).append(first)
    grids: list[tuple[list[_Indices], list[_Indices]]] = []
    for firsts in alike.values():
        inner = [member[1:] for member in by_first[firsts[0]]]
        for axes, tails in _grids(inner):
            members = [(first, *tail) for first in firsts for tail in tails]
            grids.append(([tuple(firsts), *axes], members))
    return grids
