"""What the page shows, as plain data: columns of numbers that point into short lists; 100,000 rows stay small."""

from __future__ import annotations

from typing import Any

import attrs

from .._frozen import frozen
from ..layout import Growth

MARKS = ("added", "removed", "renamed", "reshaped", "retyped", "reinitialized", "changed", "redeclared")
"""What can differ in a row. In `Rows.marks`, the first is bit 0, the next bit 1, and so on."""


ROLES = ("embedding", "attention", "feed-forward", "experts", "norm", "head")
"""What a parameter can be for in a model, as far as its name and the class that declares it tell."""


@frozen
class Side:
    """One of the two models that are held against each other, or the only one.

    Attributes:
        title: what it is called: the name of the class, or of the file.
        source: what it was asked for by: a preset (`bert-base-uncased`), a path, a repository; empty when it is not
            known.
        declared: whether a model declares it, or only the headers of a checkpoint tell.
        digest: the manifest's digest.
        parameters: how many parameters there are; a tied one is not counted.
        elements: their elements.
        trainable: the elements of those that are trained.
        nbytes: the bytes of their values. Of two sides these, `trainable` aside, are of what is compared.
        hyperparameters: names and values, as text.
        caches: of keys and values: bytes of a position of a text in all caches that are alike, how many positions are
            kept at most (None: all), and whether they are those of the text that an encoder has read.
    """

    title: str
    declared: bool
    digest: str
    parameters: int
    elements: int
    trainable: int
    nbytes: int
    hyperparameters: tuple[tuple[str, str], ...] = ()
    caches: tuple[tuple[int, int | None, bool], ...] = ()
    source: str = ""

    @property
    def name(self) -> str:
        """What it is called in a title: `BertModel (bert-base-uncased)`; a file by its path alone."""
        if not self.source or self.source == self.title:
            return self.title
        is_file = not self.declared and "." in self.title
        ends = self.source.endswith(tuple(f"{mark}{self.title}" for mark in "/\\:"))
        return self.source if is_file or ends else f"{self.title} ({self.source})"


@frozen
class Spec:
    """All there is to tell of a parameter but its name; parameters that share it in every point point to one.

    Attributes:
        kind: `parameter`; `tie` for a name that stands for another parameter; `computed` for a buffer that is not
            stored. The last two have no more than a `note`.
        shape: its dimensions.
        dtype: canonical name of its dtype.
        initializer: the initializer as written; empty when only a checkpoint tells.
        trainable: whether gradients are taken for it; None when only a checkpoint tells.
        expression: the declared shape.
        declared_by: class and attribute; of a plain cell, which declares nothing, the class that has it.
        declared_at: file and line.
        shard: the mesh axes of its dimensions, `(tp, -)`.
        tags: its labels.
        sections: the sections of a fused axis, as text.
        doc: what the declaration says about it.
        note: what else is to be said.
        role: one of `ROLES`; empty when nothing tells.
        size: the number of its elements.
        nbytes: the bytes of its values.
    """

    kind: str = "parameter"
    shape: tuple[int, ...] = ()
    dtype: str = ""
    initializer: str = ""
    trainable: bool | None = None
    expression: str = ""
    declared_by: str = ""
    declared_at: str = ""
    shard: str = ""
    tags: tuple[str, ...] = ()
    sections: str = ""
    doc: str = ""
    note: str = ""
    role: str = ""
    size: int = 0
    nbytes: int = 0


@frozen
class Rows:
    """The parameters, one position of every column each.

    Attributes:
        prefix: for each row, where `View.prefixes` has its name up to and with the last dot.
        word: for each row, where `View.words` has the rest of its name.
        spec: for each row, where `View.specs` has what is to be told; of the newer model, or of the older for a row
            that was removed.
        before: the same of the older model; -1 for a row that was added. Empty for a single model.
        marks: for each row, the bits of `MARKS` that are true of it. Empty for a single model.
        was: for each row, where `View.words` has its former full name, or -1. Empty for a single model.
        state: for each row, where `View.states` has its state, or -1. Empty when states are not known.
    """

    prefix: list[int]
    word: list[int]
    spec: list[int]
    before: list[int] = attrs.field(factory=list)
    marks: list[int] = attrs.field(factory=list)
    was: list[int] = attrs.field(factory=list)
    state: list[int] = attrs.field(factory=list)


@frozen
class View:
    """What one page shows.

    Attributes:
        sides: the model, or the older and the newer one.
        prefixes: beginnings of names, each with its last dot; may hold `""`.
        words: the rest of names, and former names.
        specs: what is to be told of parameters.
        states: what a parameter can be: `declared`, `loaded`, `initialized`.
        rows: the parameters, in the order of their declaration.
        same: whether a comparison found no difference of any kind, those included that no row can show.
        notes: differences that no row can show, one line each.
        growth: what the newer side has more; None for a single model.
    """

    sides: tuple[Side, ...]
    prefixes: tuple[str, ...]
    words: tuple[str, ...]
    specs: tuple[Spec, ...]
    states: tuple[str, ...]
    rows: Rows
    same: bool = True
    notes: tuple[str, ...] = ()
    growth: Growth | None = None

    def plain(self) -> dict[str, Any]:
        """Give it as what JSON can hold; what is empty or false in a `Spec` is left out."""
        return {
            "sides": [{**attrs.asdict(side), "name": side.name} for side in self.sides],
            "prefixes": self.prefixes,
            "words": self.words,
            "specs": [_filled(spec) for spec in self.specs],
            "states": self.states,
            "markNames": MARKS if len(self.sides) == 2 else (),
            "rows": attrs.asdict(self.rows, recurse=False),
            "same": self.same,
            "notes": self.notes,
            "growth": None if self.growth is None else attrs.asdict(self.growth),
        }


_SPEC_FIELDS = tuple(field.name for field in attrs.fields(Spec))


def _filled(spec: Spec) -> dict[str, Any]:
    values = ((name, getattr(spec, name)) for name in _SPEC_FIELDS)
    return {name: value for name, value in values if value or value is False}
