"""Which hyperparameter, with which other value, makes which axes right."""

from __future__ import annotations

import re
import types
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from .._errors import DeclarationError
from ..declaration import evaluate, is_symbolic, names_in, parse
from ._axis import Axis, Change, Names, Solution, how_many
from ._declared_sizes import DeclaredSizes
from ._settings import Setting

# A change has to be right about so many times more axes than it is wrong about.
_RIGHT_TO_WRONG = 3
_CHANGES = 64


class Solver:
    """Which hyperparameter, with which value, makes which axes right.

    Only hyperparameters that occur in an axis's expression are tried: another one may have the same value by chance.
    """

    def __init__(
        self,
        hyperparameters: Mapping[str, Any],
        settings: Sequence[Setting],
        declared: DeclaredSizes | None = None,
        traced: Mapping[str, Any] | None = None,
    ) -> None:
        self._hyperparameters = hyperparameters
        self._settings = settings
        self._declared = DeclaredSizes() if declared is None else declared
        self._traced = traced or {}
        self._trees: dict[tuple[str | None, bool], tuple[Any, frozenset[str]]] = {}
        self._before: dict[tuple[str | None, bool], Any] = {}
        self._applied: dict[str, Any] = {}
        self.told: frozenset[str] = frozenset()
        self.untold: frozenset[str] = frozenset()

    def solve(self, open_: Names, steady: Mapping[Axis, int]) -> list[Solution]:
        """Give changes that make axes right, the one that makes most of them right first.

        Each is looked for as if those before were made, and may not undo what they mend.

        Args:
            open_: the axes that differ; those that a change explains are taken out.
            steady: how many axes are right as they are.
        """
        kept = dict(steady)
        self._look_at((*open_, *steady))
        found: list[Solution] = []
        while open_ and len(found) < _CHANGES:
            best = self.best(open_, kept, [each.change for each in found])
            if best is None:
                break
            change, right, rivals = best
            explained = {axis: open_.pop(axis) for axis in right}
            found.append(Solution(change, explained, tuple(rivals)))
            if not rivals:
                self._applied |= self._changed(change)
                kept |= {axis: how_many(names) for axis, names in explained.items()}
        return found

    def _look_at(self, axes: Iterable[Axis]) -> None:
        """Note what shapes tell: what some size is made of and of nothing else that they do not tell."""
        rows = []
        for axis in axes:
            rows.append(self._written(axis))
            self.untold |= self._named(axis)
        while more := {label for row in rows if len(row - self.told) == 1 for label in row - self.told}:
            self.told |= more
        self.untold -= self.told

    def _written(self, axis: Axis) -> frozenset[str]:
        """Give the hyperparameters in an expression itself, without those of their defaults."""
        named = self._named(axis)
        return frozenset(label for label in named if _has(axis.expression or "", label)) or named

    def _is_told(self, label: str, axis: Axis) -> bool:
        """Whether an axis tells a hyperparameter: if it is told elsewhere, or all others in the axis are.

        `n_heads * head_dim` can be right with either, and another model for it.
        """
        return label in self.told or self._named(axis) - {label} <= self.told

    def best(
        self, open_: Names, steady: Mapping[Axis, int], taken: Sequence[Change] = ()
    ) -> tuple[Change, list[Axis], list[Change]] | None:
        """Give the change that makes most of the open axes right, those axes, and the changes that do as well."""
        scored = []
        for change in self._candidates(open_):
            label = change.setting.label
            if any(label == other.setting.label for other in taken) or self._is_denied(change, (*open_, *steady)):
                continue
            right = [axis for axis in open_ if self._explains(change, axis)]
            count = sum(how_many(open_[axis]) for axis in right)
            wrong = sum(
                how_many(names) for axis, names in open_.items() if axis not in right and self._is_lost(change, axis)
            )
            wrong += sum(many for axis, many in steady.items() if self._spoils(change, axis))
            if count and count >= _RIGHT_TO_WRONG * wrong:
                direct = sum(axis.ours == change.setting.value for axis in right)
                scored.append((count, direct, change, right))
        if not scored:
            return None
        scored.sort(key=lambda item: (-item[0], -item[1]))
        count, direct, change, right = scored[0]
        rivals = [
            other[2]
            for other in scored[1:]
            if other[:2] == (count, direct) and other[3] == right and other[2].setting.label != change.setting.label
        ]
        return change, right, rivals

    def options(self, axis: Axis) -> dict[str, int]:
        """Give the hyperparameters written in an expression, of several, each with the value that makes it right."""
        named = [each for each in self._settings if each.label in self._named(axis)]
        if len(named) < 2 or axis.expression is None:
            return {}
        written = [each for each in named if _has(axis.expression, each.label)]
        before = self._applied
        now = {**self._hyperparameters, **self._declared.values_with(before)}
        try:  # the others as they are: what is left to a default does not follow here
            self._applied = {**before, **{each.label: now[each.label] for each in written if each.label in now}}
            return {each.label: next(self._values(each, axis), 0) for each in written}
        finally:
            self._applied = before

    def _candidates(self, axes: Collection[Axis]) -> list[Change]:
        found: dict[tuple[str, int], Change] = {}
        alone = {label for axis in axes if len(self._written(axis)) == 1 for label in self._written(axis)}
        for axis in axes:
            named = self._named(axis)
            written = self._written(axis)
            if len(written) > 1 and len(written & alone) > 1:
                continue  # not before those that differ by themselves are mended
            named = named & alone if len(written) > 1 and written & alone else named
            for setting in self._settings:
                if setting.label in named and self._is_told(setting.label, axis):
                    for value in self._values(setting, axis):
                        found.setdefault((setting.label, value), Change(setting, value))
        return list(found.values())

    def _values(self, setting: Setting, axis: Axis) -> Iterator[int]:
        """Give values with which the axis is right."""
        now = self._evaluate(self._tree(axis)[0], self._applied)
        guesses = [axis.theirs]
        if isinstance(now, int):
            guesses.append(setting.value + axis.theirs - now)
            guesses += [setting.value * axis.theirs // now] if now else []
        for guess in guesses:
            if guess > 0 and guess != setting.value and self._explains(Change(setting, guess), axis):
                yield guess

    def value_for(self, setting: Setting, axis: Axis) -> int | None:
        """Give the value of one hyperparameter with which one axis is right; None: there is none, or it has no part."""
        return next(self._values(setting, axis), None) if setting.label in self._named(axis) else None

    def value_with(self, settings: Mapping[str, Any], axis: Axis) -> Any:
        """Give the size of an axis with other values."""
        return self._evaluate(self._tree(axis)[0], settings)

    def _explains(self, change: Change, axis: Axis) -> bool:
        """Whether the axis is right with the change."""
        return change.setting.label in self._named(axis) and bool(self._with(change, axis) == axis.theirs)

    def _spoils(self, change: Change, axis: Axis) -> bool:
        """Whether the change makes of this axis what the checkpoint has not."""
        if change.setting.label not in self._named(axis):
            return False
        value = self._with(change, axis)
        return bool(value != axis.theirs) and bool(value != axis.ours)

    def _is_lost(self, change: Change, axis: Axis) -> bool:
        """Whether no other hyperparameter in an axis makes it right after the change."""
        if not self._spoils(change, axis):
            return False
        before = self._applied
        self._applied = {**before, **self._changed(change)}
        try:
            others = [each for each in self._settings if each.label in self._named(axis)]
            return not any(True for each in others if each != change.setting for _ in self._values(each, axis))
        finally:
            self._applied = before

    def _is_denied(self, change: Change, axes: Iterable[Axis]) -> bool:
        """Whether a size that is nothing but this hyperparameter, as the class says, would be wrong."""
        return any(
            axis.is_traced and self._written(axis) == {change.setting.label} and self._with(change, axis) != axis.theirs
            for axis in axes
        )

    def _named(self, axis: Axis) -> frozenset[str]:
        """Give the hyperparameters in an expression, if it has this value for the model's: else it is another's."""
        tree, names = self._tree(axis)
        if not names:
            return names
        key = axis.expression, axis.is_traced
        if key not in self._before:
            self._before[key] = self._evaluate(tree, {})
        return names if self._before[key] == axis.ours else frozenset()

    def _tree(self, axis: Axis) -> tuple[Any, frozenset[str]]:
        key = axis.expression, axis.is_traced
        if key not in self._trees:
            self._trees[key] = self._traced_tree(axis) if axis.is_traced else self._parsed_tree(axis)
        return self._trees[key]

    def _traced_tree(self, axis: Axis) -> tuple[Any, frozenset[str]]:
        tree = self._traced.get(axis.expression or "")
        text = "" if tree is None else axis.expression or ""
        words = [text, *self._behind(names_in(tree))] if text else []
        return tree, frozenset(each.label for each in self._settings if any(_has(word, each.label) for word in words))

    def _behind(self, names: Iterable[str]) -> Iterator[str]:
        """Give what defaults are made of, and what those are made of."""
        waiting, seen = list(names), set[str]()
        while waiting:
            for name in self._declared.behind.get(waiting.pop(), frozenset()):
                if name not in seen:
                    seen.add(name)
                    waiting.append(name)
                    yield name

    def _parsed_tree(self, axis: Axis) -> tuple[Any, frozenset[str]]:
        """Read the text of a declaration that names the model's own hyperparameters."""
        if axis.expression is None:
            return None, frozenset()
        try:
            tree = parse(axis.expression)
        except DeclarationError:
            return None, frozenset()  # written in a way that only Python reads
        words = frozenset(re.findall(r"[A-Za-z_]\w*", axis.expression)) if is_symbolic(tree) else frozenset[str]()
        labels = (each.label for each in self._settings)
        return tree, frozenset(label for label in labels if label.partition("[")[0].rpartition(".")[2] in words)

    def _with(self, change: Change, axis: Axis) -> Any:
        return self._evaluate(self._tree(axis)[0], {**self._applied, **self._changed(change)})

    def _changed(self, change: Change) -> dict[str, Any]:
        """Give what has to be written for a change, beside those that were made in the same tuple."""
        return change.setting.changed(change.value, self._applied.get(change.setting.root))

    def _evaluate(self, tree: Any, changed: Mapping[str, Any]) -> Any:
        """Evaluate an expression; the objects in it (`config.hidden_size`) stand for the model's hyperparameters."""
        own = {name: value for name, value in changed.items() if name in self._hyperparameters}
        values = {**self._hyperparameters, **self._declared.values_with(own)}
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


def _has(text: str, label: str) -> bool:
    """Whether an expression has a hyperparameter in it: `widths[1]`, and not `widths[12]`."""
    return re.search(rf"(?<![\w.]){re.escape(label)}(?!\w)", text) is not None
