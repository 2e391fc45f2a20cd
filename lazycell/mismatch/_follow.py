"""Whether hyperparameters that are proposed do what is promised of them: the class is asked, before anybody follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from ..manifest import Manifest
from ._declared_sizes import Again, DeclaredSizes
from ._problems import Cause
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
    if not settings:
        return [*causes]
    own = {name: value for name, value in settings.items() if name in sides.manifest.hyperparameters}
    values = declared.values_with(own)
    defaults = {name: values[name] for name in declared.behind if name in values}
    try:
        there = _shapes(again({**defaults, **settings}))
    except Exception as error:  # whatever the class makes of them: it may want others that no shape tells
        refusal = str(error).split("\n")[0]
        todo = f"with that alone the class says: {refusal}; what shapes do not tell, the checkpoint's config.json does"
        return _with_todo(causes, todo)
    return [
        attrs.evolve(cause, settings={}) if cause.settings and not _is_right(cause, sides, there) else cause
        for cause in causes
    ]


def _with_todo(causes: Sequence[Cause], todo: str) -> list[Cause]:
    first = next(position for position, cause in enumerate(causes) if cause.settings)
    return [
        attrs.evolve(cause, todo=todo) if position == first and not cause.todo else cause
        for position, cause in enumerate(causes)
    ]


def _shapes(manifest: Manifest) -> Mapping[str, Any]:
    """Give the shapes of what a file of the model may hold, by name."""
    found: dict[str, Any] = {item.name: item.shape for item in manifest.stored}
    found |= {entry.name: entry.shape for entry in manifest.entries}
    return found | {name: found.get(source) for name, source in manifest.ties.items()}


def _is_right(cause: Cause, sides: Sides, there: Mapping[str, Any]) -> bool:
    """Whether what a cause explains is in the model if it is in the checkpoint, and with its shape."""
    for name in cause.explains:
        tensor = sides.tensors.get(name)
        if name in there if tensor is None else there.get(name) != tensor.shape:
            return False
    return True
