"""What a card is about."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from .. import declaration, inference
from .._errors import LazyCellError
from .._frozen import frozen
from ..manifest import Manifest
from ..mismatch import DeclaredSizes
from ..pretrained import Preset

POSITIONS = ("max_position_embeddings", "n_positions", "max_seq_len", "context_length")
"""Hyperparameters that say how many positions a text may have, as configs call them."""

_OWN = "lazycell."
"""Modules whose classes say nothing of a model."""

_GENERATED = ("Hyperparameters:", "Derived values:", "Parameters:", "Buffers:", "Children:")
"""What the docstring of a class goes on with: sections that its declaration gives."""


@frozen(slots=False)
class Subject:
    """A model, as far as it is known.

    Attributes:
        title: what it is called: a preset, `module:Class`, a path.
        manifest: of it.
        cls: the class; None where there is a manifest alone, or a net of plain cells.
        arguments: what the class was given, `dtype` among them.
        preset: the preset that it is; None if it is none.
        classes: names of the classes of its cells, by path, where they are known.
        place: the directory or repository whose config gave the arguments; None if they are from elsewhere.
    """

    title: str
    manifest: Manifest
    cls: type | None = None
    arguments: Mapping[str, Any] = attrs.field(factory=dict)
    preset: Preset | None = None
    classes: Mapping[str, str] = attrs.field(factory=dict)
    place: str | None = None
    _in_dtypes: dict[str, int | None] = attrs.field(factory=dict, init=False, repr=False, eq=False)

    @functools.cached_property
    def dtypes(self) -> list[str]:
        """The dtypes of its parameters, the one with most bytes first."""
        sums: dict[str, int] = {}
        for entry in self.manifest:
            sums[entry.dtype] = sums.get(entry.dtype, 0) + entry.nbytes
        return sorted(sums, key=lambda name: -sums[name])

    @property
    def positions(self) -> tuple[str, int] | None:
        """The hyperparameter that says how many positions a text may have, and its value; None if there is none."""
        return positions_in(self.manifest.hyperparameters)

    @property
    def declared(self) -> DeclaredSizes:
        """What its sizes are made of, in its hyperparameters."""
        return DeclaredSizes() if self.cls is None else inference.declared_sizes(self.cls, self.manifest)

    def bytes_in(self, dtype: str) -> int | None:
        """Give its bytes if its default dtype were another; None where the class has no such default, or refuses."""
        if self.dtypes == [dtype]:
            return self.manifest.nbytes
        if dtype not in self._in_dtypes:
            self._in_dtypes[dtype] = self._computed(dtype)
        return self._in_dtypes[dtype]

    def _computed(self, dtype: str) -> int | None:
        declared = None if self.cls is None else declaration.declaration_of(self.cls)
        if declared is None or not declared.takes_dtype:
            return None
        try:
            manifest: Manifest = self.cls.manifest(**{**self.arguments, "dtype": dtype})  # type: ignore[union-attr]
        except LazyCellError:
            return None
        return manifest.nbytes


def positions_in(hyperparameters: Mapping[str, Any]) -> tuple[str, int] | None:
    """Give which of the hyperparameters says how many positions a text may have, and its value."""
    for name in POSITIONS:
        value = hyperparameters.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return name, value
    return None


def purpose_of(cls: type) -> str:
    """Say what a class is for: the first paragraph of its docstring, or of the nearest of its bases that has one."""
    for base in cls.__mro__:
        if base.__module__.startswith(_OWN):
            break
        text = first_paragraph(base.__doc__)
        if text:
            return text
    return ""


def first_paragraph(text: object) -> str:
    """Give the first paragraph of a docstring in one line; nothing where it begins with what is generated."""
    if not isinstance(text, str):
        return ""
    return next((" ".join(each.split()) for each in _paragraphs(text)), "")


def _paragraphs(text: str) -> Iterator[str]:
    for each in text.strip().split("\n\n"):
        if each.strip().startswith(_GENERATED):
            return
        yield each
