"""One number that explains many shapes: a hyperparameter with another value, a vocabulary of another size."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from ..declaration import render
from ._changes import Axis, Change, Names, Solver, how_many
from ._declared_sizes import DeclaredSizes
from ._problems import Cause
from ._settings import settings_of
from ._sides import Sides

_CHANGES = 64
# Pairs of numbers that are told where no expression explains them.
_NUMBERS = 3
# Different axes looked at, the most frequent ones: a model has a few dozen, however many parameters.
_AXES = 64

_TABLE = re.compile(r"embed|wte|shared|token|word", re.IGNORECASE)
_NO_VOCABULARY = re.compile(r"position|token_type|segment|patch|wpe|class|cls_token|time", re.IGNORECASE)


def sizes(sides: Sides, declared: DeclaredSizes | None = None) -> list[Cause]:
    """Give the hyperparameters whose other values would make shapes right, and vocabularies of another size.

    A hyperparameter is named only if it occurs in the expression of a shape: in what the class says that the size is,
    or, where only a manifest is known, in the declaration's own text, if that is about the model's hyperparameters.
    The `out_features` of an inner cell may be anything that happens to have its value: then the numbers are told alone.
    """
    reading = _Reading(sides, declared)
    axes = reading.differing()
    if not axes:
        return []
    steady = dict(sorted(reading.steady().items(), key=lambda item: -item[1])[: 4 * _AXES])
    open_ = dict(sorted(axes.items(), key=lambda item: -how_many(item[1]))[:_AXES])
    solver = Solver(
        sides.manifest.hyperparameters, settings_of(sides.manifest.hyperparameters), declared, reading.expressions
    )
    changes: list[tuple[Change, Names, list[Change]]] = []
    while open_ and len(changes) < _CHANGES:
        best = solver.best(open_, steady, [change for change, _, _ in changes])
        if best is None:
            break
        explained = {axis: open_.pop(axis) for axis in best[1]}
        changes.append((best[0], explained, best[2]))
    wrong = set(_flat(open_.values()))
    # Whoever follows a change that mends one axis of a parameter and not the other is no further.
    changes = [found for found in changes if not wrong.issuperset(_flat(found[1].values()))]
    result = [_cause(several) for several in _by_root([found[:2] for found in changes if not found[2]])]
    result += [_unclear(change, explained, rivals) for change, explained, rivals in changes if rivals]
    vocabularies = _vocabularies(sides, open_)
    told = frozenset[str]().union(*(cause.explains for cause in vocabularies))
    untraced = {axis: chunks for axis, chunks in open_.items() if not axis.is_traced}
    return [*result, *vocabularies, *_numbers(sides, untraced, told)]


_Found = tuple[Change, Names]


def _by_root(changes: Iterable[_Found]) -> list[list[_Found]]:
    """Put together what is one hyperparameter: the entries of a tuple are advised at once."""
    together: dict[str, list[_Found]] = {}
    for change, explained in changes:
        setting = change.setting
        key = setting.label if setting.container is None else setting.root
        together.setdefault(key, []).append((change, explained))
    return list(together.values())


def _cause(changes: Sequence[_Found]) -> Cause:
    names = frozenset(name for _, explained in changes for name in _flat(explained.values()))
    setting, value = changes[0][0].setting, changes[0][0].value
    if setting.container is not None:
        values = list(setting.container)
        for change, _ in changes:
            values[change.setting.position] = change.value
        whole = type(setting.container)(values)  # type: ignore[call-arg]
        text = f"the model has {setting.root}={setting.container!r}, the checkpoint {whole!r}"
        return Cause("hyperparameter", text + _explaining(names), names, settings={setting.root: whole})
    label = setting.label.lower()
    what = "vocabulary" if "vocab" in label and "type" not in label else "hyperparameter"
    text = "a vocabulary of another size: " if what == "vocabulary" else ""
    text += f"the model has {setting.label}={setting.value}, the checkpoint {value}"
    text += padding(setting.value, value) if what == "vocabulary" else _explaining(names)
    return Cause(what, text, names, settings=setting.changed(value))


def _explaining(names: frozenset[str]) -> str:
    return f": that explains {len(names)} shapes" if len(names) > 1 else ""


def _unclear(change: Change, explained: Names, rivals: Sequence[Change]) -> Cause:
    names = frozenset(_flat(explained.values()))
    each = " or ".join(f"{one.setting.label}={one.value}" for one in (change, *rivals))
    text = (
        f"{len(names)} {'shape' if len(names) == 1 else 'shapes'} would be right with {each}; which one cannot be told"
    )
    return Cause("hyperparameter", text, names)


def _numbers(sides: Sides, axes: Names, told: frozenset[str]) -> list[Cause]:
    """Sizes that differ alike in several parts of a model, and that no expression explains: the two numbers."""
    pairs: dict[tuple[int, int], set[str]] = {}
    for axis, chunks in axes.items():
        pairs.setdefault((axis.ours, axis.theirs), set()).update(name for name in _flat([chunks]) if name not in told)
    return [
        Cause("size", f"{len(names)} shapes have {theirs} where the model has {ours}", frozenset(names))
        for (ours, theirs), names in pairs.items()
        if len({sides.splits[name][0] for name in names}) > 1
    ][:_NUMBERS]


def _vocabularies(sides: Sides, axes: Names) -> list[Cause]:
    """Tables whose number of rows no hyperparameter explains."""
    if not axes:
        return []
    rows: dict[tuple[int, int], list[str]] = {}
    left = set(_flat(axes.values()))
    for (_, own, other), names in sides.alike.items():
        if len(own) == len(other) and own[1:] == other[1:] and own != other:
            rows.setdefault((own[0], other[0]), []).extend(name for name in names if name in left)
    ranks = {name: len(own.shape) for name, own, _ in sides.shapes}
    causes = []
    for (ours, theirs), names in rows.items():
        tables = [name for name in names if ranks[name] == 2 and _is_vocabulary(name)]
        if tables:
            text = (
                f"a vocabulary of another size: {theirs} in the checkpoint, {ours} in the model{padding(ours, theirs)}"
            )
            causes.append(Cause("vocabulary", text, frozenset(names)))
    return causes


def _is_vocabulary(name: str) -> bool:
    return _TABLE.search(name) is not None and _NO_VOCABULARY.search(name) is None


def padding(one: int, other: int) -> str:
    """Say so if the larger number is the smaller one rounded up to a multiple of a power of two."""
    small, large = sorted((one, other))
    if 10 * (large - small) > small:
        return ""
    for multiple in (512, 256, 128, 64, 32, 16, 8):
        if -(-small // multiple) * multiple == large:
            return f" ({large:,} is {small:,} padded to a multiple of {multiple})"
    return ""


# ----------------------------------------------------------------------------------------------------------------- axes


def _flat(chunks: Iterable[list[list[str]]]) -> Iterable[str]:
    return chain.from_iterable(chain.from_iterable(chunks))


class _Reading:
    """The axes of what both sides have, each with its expression: the one that the class was asked for, or its text."""

    def __init__(self, sides: Sides, declared: DeclaredSizes | None) -> None:
        self._sides = sides
        self._declared = declared if declared is not None and declared.axes else None
        self.expressions: dict[str, Any] = {}
        self._parts: dict[Any, tuple[tuple[str | None, bool], ...]] = {}

    def differing(self) -> Names:
        """Give the axes that differ, each with the parameters in which it does."""
        axes: Names = {}
        for (expression, ours, theirs), names in self._sides.alike.items():
            if len(ours) != len(theirs):
                continue
            for parts, chunk in self._alike(expression, len(ours), names):
                for (part, traced), own, other in zip(parts, ours, theirs, strict=True):
                    if own != other:
                        chunks = axes.setdefault(Axis(part, own, other, traced), [])
                        if not (chunks and chunks[-1] is chunk):  # a square matrix has the axis twice
                            chunks.append(chunk)
        return axes

    def steady(self) -> dict[Axis, int]:
        """Count the axes that are right as they are."""
        sides = self._sides
        shapes: dict[tuple[str | None, tuple[int, ...]], list[str]] = {}
        for name in sides.fitting:
            expression = sides.manifest[name].expression if name in sides.manifest else None
            shapes.setdefault((expression, sides.tensors[name].shape), []).append(name)
        counts: dict[Axis, int] = {}
        for (expression, shape), names in shapes.items():
            self._count(counts, expression, shape, shape, names)
        for (expression, ours, theirs), names in sides.alike.items():
            if len(ours) == len(theirs):
                self._count(counts, expression, ours, theirs, names)
        return counts

    def _count(
        self,
        counts: dict[Axis, int],
        expression: str | None,
        ours: tuple[int, ...],
        theirs: tuple[int, ...],
        names: list[str],
    ) -> None:
        for parts, chunk in self._alike(expression, len(ours), names):
            for (part, traced), own, other in zip(parts, ours, theirs, strict=True):
                if own == other:
                    axis = Axis(part, own, own, traced)
                    counts[axis] = counts.get(axis, 0) + len(chunk)

    def _alike(
        self, expression: str | None, rank: int, names: list[str]
    ) -> Iterable[tuple[tuple[tuple[str | None, bool], ...], list[str]]]:
        """Give the expressions of each axis, and the names of which they are so."""
        if self._declared is None:
            return [(tuple((part, False) for part in axis_expressions(expression, rank)), names)]
        groups: dict[tuple[tuple[str | None, bool], ...], list[str]] = {}
        for name in names:
            groups.setdefault(self._traced(name, rank), []).append(name)
        return groups.items()

    def _traced(self, name: str, rank: int) -> tuple[tuple[str | None, bool], ...]:
        assert self._declared is not None
        found = self._declared.of(name, rank, self._sides.splits)
        if len(found) != rank or all(each is None for each in found):
            return ((None, True),) * rank
        known = self._parts.get(id(found))  # it lives as long as what is declared
        if known is None:
            texts = tuple(None if each is None else render(each) for each in found)
            self.expressions.update({text: each for text, each in zip(texts, found, strict=True) if text is not None})
            known = self._parts[id(found)] = tuple((text, True) for text in texts)
        return known


def axis_expressions(expression: str | None, rank: int) -> tuple[str | None, ...]:
    """Take `(n_heads * head_dim, hidden)` apart: the text of each axis, None where that cannot be told."""
    if expression is None:
        return (None,) * rank
    parts, depth, start = [], 0, 0
    inner = expression[1:-1] if expression.startswith("(") and expression.endswith(")") else expression
    for position, letter in enumerate(inner):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append(inner[start:position].strip())
            start = position + 1
    if inner[start:].strip():
        parts.append(inner[start:].strip())
    return tuple(parts) if len(parts) == rank else (None,) * rank
