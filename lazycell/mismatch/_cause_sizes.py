"""One number that explains many shapes: a hyperparameter with another value, a vocabulary of another size."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

from ._changes import Axis, Change, Names, Solver, how_many
from ._problems import Cause
from ._settings import settings_of
from ._sides import Sides

_SETTINGS = 6
# Different axes looked at, the most frequent ones: a model has a few dozen, however many parameters.
_AXES = 64

_TABLE = re.compile(r"embed|wte|shared|token|word", re.IGNORECASE)
_NO_VOCABULARY = re.compile(r"position|token_type|segment|patch|wpe|class|cls_token|time", re.IGNORECASE)


def sizes(sides: Sides) -> list[Cause]:
    """Give the hyperparameters whose other values would make shapes right, and vocabularies of another size.

    The declared expressions decide where they can be evaluated with the model's hyperparameters: of two that have one
    value, the one that the expression names. Expressions in the names of an inner cell (`out_features`) tell no more
    than their value: there a number is matched with the hyperparameters that have it.
    """
    axes = _differing(sides)
    if not axes:
        return []
    settings = settings_of(sides.manifest.hyperparameters)
    solver = Solver(sides.manifest.hyperparameters, settings)
    steady = dict(sorted(_steady(sides).items(), key=lambda item: -item[1])[: 4 * _AXES])
    frequent = sorted(axes.items(), key=lambda item: -how_many(item[1]))[:_AXES]
    open_ = dict(frequent)
    changes: list[tuple[Change, Names, list[Change]]] = []
    while open_ and len(changes) < _SETTINGS:
        best = solver.best(open_, steady, [change for change, _, _ in changes])
        if best is None:
            break
        explained = {axis: open_.pop(axis) for axis in best[1]}
        changes.append((best[0], explained, best[2]))
    wrong = set(_flat(open_.values()))
    # Whoever follows a change that mends one axis of a parameter and not the other is no further.
    changes = [found for found in changes if not wrong.issuperset(_flat(found[1].values()))]
    causes = []
    clear = [(change, explained) for change, explained, rivals in changes if not rivals]
    for change, explained, rivals in changes:
        if rivals:
            causes.append(_unclear(change, explained, rivals))
    result = [_cause(sides, change, explained) for change, explained in clear] + causes
    return [*result, *_vocabularies(sides, open_)]


def _cause(sides: Sides, change: Change, explained: Names) -> Cause:
    names = frozenset(_flat(explained.values()))
    setting = change.setting
    label = setting.label.lower()
    what = "vocabulary" if "vocab" in label and "type" not in label else "hyperparameter"
    text = "a vocabulary of another size: " if what == "vocabulary" else ""
    text += f"the model has {setting.label}={setting.value}, the checkpoint {change.value}"
    if what == "vocabulary":
        text += padding(setting.value, change.value)
    elif len(names) > 1:
        text += f": that explains {len(names)} shapes"
    return Cause(what, text, names, settings=setting.changed(change.value))


def _unclear(change: Change, explained: Names, rivals: Sequence[Change]) -> Cause:
    names = frozenset(_flat(explained.values()))
    each = " or ".join(f"{one.setting.label}={one.value}" for one in (change, *rivals))
    text = (
        f"{len(names)} {'shape' if len(names) == 1 else 'shapes'} would be right with {each}; which one cannot be told"
    )
    return Cause("hyperparameter", text, names)


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


def _differing(sides: Sides) -> Names:
    """Give the axes that differ, each with the parameters in which it does."""
    axes: Names = {}
    for (expression, ours, theirs), names in sides.alike.items():
        if len(ours) == len(theirs):
            for part, own, other in zip(axis_expressions(expression, len(ours)), ours, theirs, strict=True):
                if own != other:
                    chunks = axes.setdefault(Axis(part, own, other), [])
                    if not (chunks and chunks[-1] is names):  # a square matrix has the axis twice
                        chunks.append(names)
    return axes


def _steady(sides: Sides) -> dict[tuple[str | None, int], int]:
    """Count the axes that are right as they are: by expression and size."""
    alike = Counter(
        (entry.expression, entry.shape, entry.shape) for entry in sides.manifest.entries if entry.name in sides.fitting
    )
    alike.update({key: len(names) for key, names in sides.alike.items() if len(key[1]) == len(key[2])})
    counts: dict[tuple[str | None, int], int] = {}
    for (expression, ours, theirs), count in alike.items():
        for part, own, other in zip(axis_expressions(expression, len(ours)), ours, theirs, strict=True):
            if own == other:
                counts[part, own] = counts.get((part, own), 0) + count
    return counts


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
