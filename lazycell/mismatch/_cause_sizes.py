"""One number that explains many shapes: a hyperparameter with another value, a vocabulary of another size."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import attrs

from ..declaration import render
from ._axis import Axis, Names, Solution, how_many
from ._changes import Solver
from ._declared_sizes import DeclaredSizes
from ._problems import Cause
from ._settings import settings_of
from ._sides import Sides

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
    found = solver.solve(open_, steady)
    wrong = set(_flat(open_.values()))
    # Whoever follows a change that mends one axis of a parameter and not the other is no further.
    found = [each for each in found if not wrong.issuperset(_flat(each.explained.values()))]
    result = [_cause(several) for several in _by_root([each for each in found if not each.rivals])]
    result += [_unclear(each) for each in found if each.rivals]
    result += _several(solver, open_)
    required = frozenset[str]() if declared is None else declared.required - solver.told
    result = _with_untold(sides, result, solver.untold | required)
    vocabularies = _vocabularies(sides, open_)
    told = frozenset[str]().union(*(cause.explains for cause in vocabularies))
    untraced = {axis: chunks for axis, chunks in open_.items() if not axis.is_traced}
    return [*result, *vocabularies, *_numbers(sides, untraced, told)]


def _by_root(solutions: Iterable[Solution]) -> list[list[Solution]]:
    """Put together what is one hyperparameter: the entries of a tuple are advised at once."""
    together: dict[str, list[Solution]] = {}
    for each in solutions:
        setting = each.change.setting
        together.setdefault(setting.label if setting.container is None else setting.root, []).append(each)
    return list(together.values())


def _with_untold(sides: Sides, causes: list[Cause], untold: frozenset[str]) -> list[Cause]:
    """Add to the first cause that makes it a model of another size what shapes do not tell of that size."""
    others = untold - {name for each in causes for name in each.settings}
    for position, cause in enumerate(causes):
        if others and (not cause.settings or 2 * len(cause.explains) > len(sides.manifest)):
            todo = f"shapes do not tell {', '.join(sorted(others))}: the checkpoint's config.json does"
            return [*causes[:position], attrs.evolve(cause, todo=todo), *causes[position + 1 :]]
    return causes


def _several(solver: Solver, axes: Names) -> list[Cause]:
    """Sizes that are made of several hyperparameters, of which no shape tells which one differs."""
    causes = []
    for axis, chunks in axes.items():
        options = solver.options(axis)
        if not options:
            continue
        names = frozenset(_flat([chunks]))
        values = [f"{label}={value}" for label, value in options.items() if value]
        which = "which one differs, shapes do not tell" if len(values) > 1 else "if none of the others differs"
        what = f"right with {' or '.join(values)}; {which}" if values else "more than one differs"
        text = f"{'1 shape is' if len(names) == 1 else f'{len(names)} shapes are'} made of `{axis.expression}`: {what}"
        causes.append(Cause("hyperparameter", text, names))
    return causes[:_NUMBERS]


def _cause(solutions: Sequence[Solution]) -> Cause:
    names = frozenset(name for each in solutions for name in _flat(each.explained.values()))
    setting, value = solutions[0].change.setting, solutions[0].change.value
    if setting.container is not None:
        whole: Sequence[int] = setting.container
        for each in solutions:
            whole = each.change.setting.changed(each.change.value, whole)[setting.root]
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


def _unclear(solution: Solution) -> Cause:
    names = frozenset(_flat(solution.explained.values()))
    each = " or ".join(f"{one.setting.label}={one.value}" for one in (solution.change, *solution.rivals))
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
