"""Which hyperparameter, with which other value, makes which axes right."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._errors import DeclarationError
from .._frozen import frozen
from ..declaration import evaluate, is_symbolic, names_in, parse
from ._settings import Setting

# A change has to be right about so many times more axes than it is wrong about.
_RIGHT_TO_WRONG = 3


@frozen
class Axis:
    """One axis in which parameters of one declaration differ, or do not differ: the axis and what both sides have."""

    expression: str | None
    ours: int
    theirs: int


Names = dict[Axis, list[list[str]]]
"""For each axis the names of the parameters in which it differs, in the lists of `Sides.alike`: none is copied."""


@frozen
class Change:
    """A hyperparameter with another value."""

    setting: Setting
    value: int


def how_many(chunks: list[list[str]]) -> int:
    """Give how many parameters there are."""
    return sum(map(len, chunks))


class Solver:
    """Which hyperparameter, with which value, makes which axes right."""

    def __init__(self, hyperparameters: Mapping[str, Any], settings: Sequence[Setting]) -> None:
        self._hyperparameters = hyperparameters
        self._settings = settings
        self._parsed: dict[str | None, Any] = {}
        self._now: dict[str | None, Any] = {}

    def best(
        self,
        open_: Names,
        steady: Mapping[tuple[str | None, int], int],
        taken: Sequence[Change],
    ) -> tuple[Change, list[Axis], list[Change]] | None:
        """Give the change that makes most of the open axes right, those axes, and the changes that do as well."""
        scored = []
        for change in self._candidates(open_):
            if any(change.setting.label == other.setting.label for other in taken):
                continue
            right = [axis for axis in open_ if self._explains(change, axis)]
            count = sum(how_many(open_[axis]) for axis in right)
            wrong = sum(
                how_many(names)
                for axis, names in open_.items()
                if axis not in right and self._concerns(change, axis.expression, axis.ours)
            )
            wrong += sum(
                many for (expression, size), many in steady.items() if self._concerns(change, expression, size)
            )
            if count and count >= _RIGHT_TO_WRONG * wrong:
                named = sum(self._is_named(change, axis.expression, axis.ours) for axis in right)
                direct = sum(axis.ours == change.setting.value for axis in right)
                scored.append((count, named, direct, change, right))
        if not scored:
            return None
        scored.sort(key=lambda item: (-item[0], -item[1], -item[2]))
        count, named, direct, change, right = scored[0]
        rivals = [
            other[3]
            for other in scored[1:]
            if other[:3] == (count, named, direct)
            and other[4] == right
            and other[3].setting.label != change.setting.label
        ]
        return change, right, rivals

    def _candidates(self, axes: Iterable[Axis]) -> list[Change]:
        found: dict[tuple[str, int], Change] = {}
        for axis in axes:
            for setting in self._settings:
                for value in self._values(setting, axis):
                    if value > 0 and value != setting.value:
                        found.setdefault((setting.label, value), Change(setting, value))
        return list(found.values())

    def _values(self, setting: Setting, axis: Axis) -> tuple[int, ...]:
        """Give values with which the axis may be right."""
        if self._names(axis.expression, axis.ours):
            if not self._is_named(Change(setting, setting.value), axis.expression, axis.ours):
                return ()
            guesses = [axis.theirs, setting.value + axis.theirs - axis.ours]
            if axis.ours:
                guesses.append(setting.value * axis.theirs // axis.ours)
            return tuple(guess for guess in guesses if self._explains(Change(setting, guess), axis))
        if axis.ours == setting.value:
            return (axis.theirs,)
        if self._is_multiple(setting, axis.ours) and axis.theirs * setting.value % axis.ours == 0:
            return (axis.theirs * setting.value // axis.ours,)
        return ()

    def _explains(self, change: Change, axis: Axis) -> bool:
        """Whether the axis is right with the change."""
        if self._names(axis.expression, axis.ours):
            return bool(self._with(change, axis.expression) == axis.theirs)
        if axis.ours == change.setting.value:
            return axis.theirs == change.value
        same_ratio = axis.theirs * change.setting.value == axis.ours * change.value
        return same_ratio and self._is_multiple(change.setting, axis.ours)

    def _is_multiple(self, setting: Setting, size: int) -> bool:
        """Whether a size may be computed from a hyperparameter: a multiple of it, and no other's value."""
        if setting.value < 2 or size == 0 or size % setting.value:
            return False
        return not any(size == other.value for other in self._settings)

    def _concerns(self, change: Change, expression: str | None, size: int) -> bool:
        """Whether the change would change this axis: by its expression, or as the only one that has its size."""
        if self._names(expression, size):
            return self._is_named(change, expression, size) and self._with(change, expression) != size
        return size == change.setting.value and sum(size == other.value for other in self._settings) == 1

    def _is_named(self, change: Change, expression: str | None, size: int) -> bool:
        return change.setting.label.partition("[")[0].rpartition(".")[2] in self._names(expression, size)

    def _names(self, expression: str | None, size: int) -> frozenset[str]:
        """Give the hyperparameters in an expression that has this value for the model's; none: an inner cell's."""
        tree, names = self._tree(expression)
        if tree is None or not names:
            return frozenset()
        if expression not in self._now:
            self._now[expression] = self._evaluate(tree, {})
        return names if self._now[expression] == size else frozenset()

    def _tree(self, expression: str | None) -> tuple[Any, frozenset[str]]:
        if expression not in self._parsed:
            self._parsed[expression] = (None, frozenset())
            if expression is not None:
                try:
                    tree = parse(expression)
                    words = frozenset(re.findall(r"[A-Za-z_]\w*", expression)) if is_symbolic(tree) else frozenset()
                    known = {setting.label.partition("[")[0].rpartition(".")[2] for setting in self._settings}
                    self._parsed[expression] = (tree, words & known)
                except DeclarationError:
                    pass  # written in a way that only Python reads
        result: tuple[Any, frozenset[str]] = self._parsed[expression]
        return result

    def _with(self, change: Change, expression: str | None) -> Any:
        tree, _ = self._tree(expression)
        return self._evaluate(tree, {**change.setting.changed(change.value)})

    def _evaluate(self, tree: Any, changed: Mapping[str, Any]) -> Any:
        """Evaluate an expression; the objects in it (`config.hidden_size`) stand for the model's hyperparameters."""
        values = dict(self._hyperparameters)
        members = dict(values)
        for value in values.values():
            if not isinstance(value, (int, float, str, list, tuple, type(None))) and hasattr(value, "__dict__"):
                members.update(vars(value))
        for label, value in changed.items():
            values[label] = value
            members[label.rpartition(".")[2]] = value
        config = types.SimpleNamespace(**{name: value for name, value in members.items() if name.isidentifier()})
        for name in names_in(tree):
            if name not in values or not isinstance(values[name], (int, float, str, list, tuple, type(None))):
                values[name] = config
        try:
            return evaluate(tree, values)
        except Exception:  # whatever the arithmetic raises: the expression tells nothing then
            return None
