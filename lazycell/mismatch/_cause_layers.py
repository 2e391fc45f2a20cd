"""A list of layers that has another length in the checkpoint."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..declaration import render
from ..show import Splits, braces
from ._axis import Axis
from ._changes import Solver
from ._declared_sizes import DeclaredSizes
from ._problems import Cause
from ._settings import Setting, settings_of
from ._sides import Sides

_LAYERS = {"layer", "layers", "block", "blocks", "h", "depth", "depths", "stage", "stages", "resblocks"}


_Words = tuple[str, ...]
_Lengths = Mapping[tuple[str, ...], int]
"""The lengths of a list: by the indices of the lists that it lies in."""


def layers(sides: Sides, sizes: DeclaredSizes | None = None) -> list[Cause]:
    """Give a cause for each list whose length differs, once for all lists that it lies in.

    A hyperparameter is proposed if the declared length is made of it; where that is not known, if it is called as the
    list is and has its length.

    A list counts where its layers are called alike on both sides; a file with a layer missing in between has no other
    length, but a gap.
    """
    splits = sides.splits
    wrong = {name: split for name in (*sides.missing, *sides.unexpected) if (split := splits[name])[1]}
    if not wrong:
        return []
    manifest = sides.manifest
    names = {entry.name: None for entry in manifest.entries}
    names |= dict.fromkeys(manifest.ties)
    names |= {item.name: None for item in manifest.stored}
    declared, stored = _lists(names, splits), _lists(sides.tensors, splits)
    known = {splits[name][0] for name in sides.fitting} | {splits[name][0] for name, _, _ in sides.shapes}
    meant = _Meant(manifest.hyperparameters, sizes)
    causes: list[Cause] = []
    for place in sorted((each for each in declared if each in stored), key=len):
        ours, theirs = declared[place], stored[place]
        differing = {at: (ours[at], theirs[at]) for at in ours.keys() & theirs.keys() if ours[at] != theirs[at]}
        if not differing:
            continue
        level = len(place)
        concerned = [
            name
            for name, (words, indices) in wrong.items()
            if words[:level] == place
            and len(indices) >= level
            and indices[: level - 1] in differing
            and min(differing[indices[: level - 1]]) <= int(indices[level - 1]) < max(differing[indices[: level - 1]])
        ]
        # What one more layer holds has to be what the layers hold that both have.
        alike = frozenset(name for name in concerned if wrong[name][0] in known)
        if alike and 2 * len(alike) >= len(concerned):
            shown = _in_file(place, sides)
            causes.append(_cause(place, shown, ours, theirs, differing, meant, alike))
    return causes


def _cause(
    place: _Words,
    shown: str,
    ours: _Lengths,
    theirs: _Lengths,
    differing: Mapping[tuple[str, ...], tuple[int, int]],
    meant: _Meant,
    concerned: frozenset[str],
) -> Cause:
    what = _plural(place[-1])
    counts = set(differing.values())
    if len(counts) == 1 and differing.keys() == ours.keys() & theirs.keys():
        ((own, other),) = counts
        settings = meant.settings(place, sorted(differing), own, other)
        many = what.removesuffix("s") if other == 1 else what
        text = f"the checkpoint has {other} {many} (`{shown}{braces(range(other))}`), the model {own}"
        return Cause("layers", text, concerned, settings=settings)
    order = sorted(ours.keys() & theirs.keys(), key=lambda at: tuple(map(int, at)))
    own_counts, other_counts = [ours[at] for at in order], [theirs[at] for at in order]
    text = f"the checkpoint has {other_counts} {what} (`{shown}*`), the model {own_counts}"
    return Cause("layers", text, concerned, settings=meant.sequence(place, order, own_counts, other_counts))


def _in_file(place: _Words, sides: Sides) -> str:
    """Give what the checkpoint itself calls a list."""
    level = len(place)
    name = next(each for each in sides.tensors if sides.splits[each][0][:level] == place)
    words = sides.splits[sides.in_file(name)][0]
    return "*".join(words[:level] if len(words) == len(sides.splits[name][0]) else place)


class _Meant:
    """Which hyperparameter is the length of a list, or lists the lengths."""

    def __init__(self, hyperparameters: Mapping[str, Any], declared: DeclaredSizes | None) -> None:
        self._settings = settings_of(hyperparameters)
        self._proposed: list[dict[str, Any]] = []
        self._declared = declared if declared is not None and declared.axes else None
        lengths = {} if self._declared is None else self._declared.lengths
        self._texts = {name: render(each) for name, each in lengths.items()}
        traced = {self._texts[name]: each for name, each in lengths.items()}
        self._solver = Solver(hyperparameters, self._settings, self._declared, traced)

    def settings(self, place: _Words, at: Sequence[tuple[str, ...]], own: int, other: int) -> dict[str, Any]:
        """Give the one hyperparameter with which the list gets its other length, changed."""
        if self._declared is None:
            found = _meant([setting for setting in self._settings if setting.value == own], place)
            return {} if found is None else found.changed(other)
        text = self._texts.get(_list_name(place, at[0]))
        if text is None:
            return {}
        axis = Axis(text, own, other, True)
        for settings in self._proposed:  # another list may be as long, by a default
            if self._solver.value_with(settings, axis) == other:
                return settings
        values = {each: self._solver.value_for(each, axis) for each in self._settings}
        direct = [each for each, value in values.items() if value == other and each.value == own]
        found_ = direct or [each for each, value in values.items() if value is not None]
        if len(found_) != 1:
            return {}
        value = values[found_[0]]
        settings = {} if value is None else found_[0].changed(value)
        self._proposed.append(settings)
        return settings

    def sequence(
        self, place: _Words, order: Sequence[tuple[str, ...]], own: list[int], other: list[int]
    ) -> dict[str, Any]:
        """Give the hyperparameter that lists all lengths, changed."""
        roots = {setting.root: setting.container for setting in self._settings if setting.container is not None}
        found = [root for root, values in roots.items() if list(values) == own]
        if self._declared is not None:
            texts = [self._texts.get(_list_name(place, at), "") for at in order]
            found = [root for root in found if texts == [f"{root}[{position}]" for position in range(len(own))]]
        if len(found) != 1:
            return {}
        return {found[0]: tuple(other) if isinstance(roots[found[0]], tuple) else other}


def _list_name(place: _Words, at: tuple[str, ...]) -> str:
    """Give the name of a list: `stages.0.blocks` of what comes before each index, and the indices of the outer ones."""
    indices = (*at, "")
    return "".join(f"{word}{index}" for word, index in zip(place, indices, strict=True)).rstrip(".")


def _lists(names: Iterable[str], splits: Splits) -> dict[_Words, _Lengths]:
    """Give the lengths of each list, by the words before its index. Lists with gaps are left out."""
    families: dict[_Words, list[tuple[str, ...]]] = {}
    for name in names:
        words, indices = splits[name]
        if indices:
            families.setdefault(words, []).append(indices)
    positions: dict[_Words, dict[tuple[str, ...], set[str]]] = {}
    for words, members in families.items():
        for level in range(len(words) - 1):
            at = positions.setdefault(words[: level + 1], {})
            if level == 0:
                at.setdefault((), set()).update([indices[0] for indices in members])
                continue
            for indices in members:
                at.setdefault(indices[:level], set()).add(indices[level])
    return {
        place: {outer: len(found) for outer, found in at.items()}
        for place, at in positions.items()
        if all(max(map(int, found)) + 1 == len(found) for found in at.values())
    }


def _meant(found: Sequence[Setting], place: _Words) -> Setting | None:
    """Of the hyperparameters that have the count as their value, give the one called like the list, if it is one."""
    words = _words(place[-1].rstrip(".").rpartition(".")[2])
    alike = [setting for setting in found if _words(setting.label) & words]
    if len(alike) > 1:
        # An encoder's list, and hyperparameters for the layers of encoder and decoder.
        around = _words("".join(place))
        best = max(len(_words(setting.label) & around) for setting in alike)
        alike = [setting for setting in alike if len(_words(setting.label) & around) == best]
    return alike[0] if len(alike) == 1 else None


def _words(text: str) -> set[str]:
    words = set(re.findall(r"[a-z]+", text.lower()))
    words |= {word.removesuffix("s") for word in words}
    return words | (_LAYERS if words & _LAYERS else set())


def _plural(words: str) -> str:
    last = words.rstrip(".").rpartition(".")[2]
    if last.endswith("s"):
        return last
    return "layers" if "layer" in last or last == "h" else "blocks" if "block" in last else "cells"
