"""The two halves of weight-normed tensors, put together as they are found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .. import _dtypes
from ..declaration import Direction, Half
from ..formats import TensorHeader
from ..layout import Stored
from ..manifest import Manifest
from ..mismatch import Problem
from ._composed import composed
from ._sources import Source, sources_of

_Found = tuple[Stored, TensorHeader]


class Halves:
    """Magnitudes and directions of which the other has not been found yet.

    Args:
        manifest: the model.
    """

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._waiting: dict[tuple[Any, int | None], _Found] = {}
        self._composed: dict[tuple[Any, int | None], tuple[str, ...]] = {}

    def take(self, stored: Stored, tensor: TensorHeader) -> Sequence[Source] | Problem:
        """Give what the composed tensor is the source of, if the other half has been found; or what is wrong."""
        form = stored.form
        assert isinstance(form, Half)
        owner = self._manifest[stored.parameters[0]]
        if tensor.dtype not in _dtypes.FLOATING:
            return Problem("dtype", owner.name, "", owner, tensor, "other kind")
        key = form.inner, form.dim
        if key in self._composed:
            return Problem("twice", owner.name, "", owner, tensor, "twice", (tensor.name, *self._composed[key]))
        if key not in self._waiting:
            self._waiting[key] = stored, tensor
            return ()
        pair = [self._waiting.pop(key), (stored, tensor)]
        names = tuple(each.name for _, each in pair)
        pair.sort(key=lambda found: isinstance(found[0].form, Direction))
        (first, magnitude), (second, direction) = pair
        if type(first.form) is type(second.form):
            return Problem("twice", owner.name, "", owner, tensor, "twice", names)
        self._composed[key] = names
        return list(sources_of(second, composed(magnitude, direction, form.dim), direction.dtype))

    def lone(self) -> Iterator[tuple[Problem, Stored]]:
        """Tell which halves are there without the other."""
        for stored, tensor in self._waiting.values():
            assert isinstance(stored.form, Half)
            other = next((each for each in self._manifest.stored if each.form == stored.form.other), None)
            if other is not None:
                yield Problem("missing", other.name, reason="lacks a part", stored=other), stored
            else:
                text = f"{stored.rule} gives half of a weight-normed tensor: add a rule for the other half"
                yield Problem("rename", stored.name, text, None, tensor), stored
