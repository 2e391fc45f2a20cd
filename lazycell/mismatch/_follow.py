"""Whether hyperparameters that are proposed do what is promised of them: the class is asked, before anybody follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from .._harmless import words_of
from ..declaration import is_symbolic, names_in
from ..manifest import Manifest
from ._declared_sizes import Again, DeclaredSizes
from ._problems import Cause
from ._settings import settings_of
from ._sides import Sides


def followed(causes: Sequence[Cause], sides: Sides, again: Again, declared: DeclaredSizes) -> list[Cause]:
    """Give the causes with those settings alone that make right what they explain.

    Args:
        causes: what is proposed, which is followed all at once.
        sides: the checkpoint under the model's names, and the model.
        again: gives the manifest with the settings.
        declared: what the model's sizes are made of.
    """
    settings = {name: value for cause in causes for name, value in cause.settings.items()}
    if not settings or not settings.keys() <= sides.manifest.hyperparameters.keys():
        return [*causes]  # what is in an object, `config.hidden_size`, is no argument of the class
    values = declared.values_with(settings)
    defaults = {name: values[name] for name in declared.behind if name in values}
    try:
        other = again({**defaults, **settings})
    except Exception as error:  # whatever the class makes of them: it may want others that no shape tells
        refusal = words_of(error).split("\n")[0]
        todo = f"with that alone the class says: {refusal}"
        return _with_todo(causes, todo)
    trial = _Trial(sides, other, declared)
    return [
        attrs.evolve(cause, settings={}) if cause.settings and not trial.is_right(cause) else cause for cause in causes
    ]


def _with_todo(causes: Sequence[Cause], todo: str) -> list[Cause]:
    first = next(position for position, cause in enumerate(causes) if cause.settings)
    return [
        attrs.evolve(cause, todo=f"{todo}; {cause.todo}" if isinstance(cause.todo, str) and cause.todo else todo)
        if position == first
        else cause
        for position, cause in enumerate(causes)
    ]


class _Trial:
    """The model with other values, held against the checkpoint."""

    def __init__(self, sides: Sides, other: Manifest, declared: DeclaredSizes) -> None:
        self._sides, self._declared = sides, declared
        self._labels = frozenset(each.label for each in settings_of(sides.manifest.hyperparameters))
        self._shapes: dict[str, Any] = {item.name: item.shape for item in other.stored}
        self._shapes |= {entry.name: entry.shape for entry in other.entries}
        self._shapes |= {name: self._shapes.get(source) for name, source in other.ties.items()}
        self._tied = {*other.ties, *other.ties.values()}

    def is_right(self, cause: Cause) -> bool:
        """Whether what a cause explains is in the model if it is in the checkpoint, and with its shape.

        An axis that is made of several hyperparameters may have to wait for another of them.
        """
        for name in cause.explains:
            tensor = self._sides.tensors.get(name)
            if tensor is None:
                if name in self._shapes and name not in self._tied:  # a tie may be there under its other name
                    return False
                continue
            shape = self._shapes.get(name)
            if shape is None or len(shape) != len(tensor.shape):
                return False
            axes = self._declared.of(name, len(shape), self._sides.splits)
            if any(
                mine != size and not self._waits(axis)
                for mine, size, axis in zip(shape, tensor.shape, axes, strict=True)
            ):
                return False
        return True

    def _waits(self, axis: Any) -> bool:
        names = {*names_in(axis)} if is_symbolic(axis) else set[str]()
        behind = {name for each in names for name in self._declared.behind.get(each, ())}
        return len((names | behind) & self._labels) > 1
