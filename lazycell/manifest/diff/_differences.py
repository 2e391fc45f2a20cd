"""What differs between two manifests, as data: what is written and printed of a comparison is made of this."""

from __future__ import annotations

import attrs

from ..._frozen import frozen
from ...layout import Growth, ManifestEntry


@frozen
class Change:
    """A parameter of both sides that is not the same on both, or that seems to have been renamed.

    Attributes:
        old: as it was.
        new: as it is now.
        differs: which attributes differ, of `shape`, `dtype`, `initializer`, `trainable`, `shard`, `tags`, `sections`,
            `expression` and `declared_by`; those that only one side can know are not compared.
    """

    old: ManifestEntry
    new: ManifestEntry
    differs: tuple[str, ...] = ()

    @property
    def is_guess(self) -> bool:
        """Whether the names differ: that it is the same parameter is a guess then."""
        return self.old.name != self.new.name


@frozen
class Detail:
    """Something that differs besides the parameters: a hyperparameter, a tie, a stored tensor, a computed buffer.

    Attributes:
        name: what it is called.
        old: what it was, as text; None: it was not there.
        new: what it is now, as text; None: it is there no more.
    """

    name: str
    old: str | None
    new: str | None


@frozen
class DiffSide:
    """One of the two manifests.

    Attributes:
        model: name of the class, or of the checkpoint.
        digest: the manifest's digest.
        declared: whether a model declares it; False for a checkpoint.
        parameters: how many there are.
        elements: their elements.
        nbytes: the bytes of their values.
        source: what it was asked for by; empty where that is not known.

    Where a model is held against a checkpoint, what is counted is what is compared: tensors as a checkpoint stores
    them, without what a load passes over.
    """

    model: str
    digest: str
    declared: bool
    parameters: int
    elements: int = 0
    nbytes: int = 0
    source: str = attrs.field(default="", eq=False)


@frozen
class Differences:
    """All that differs between two manifests. `ManifestDiff`, which can be printed, tells what the fields are."""

    old: DiffSide
    new: DiffSide
    breaks_checkpoints: bool
    unchanged: int = 0
    added: tuple[ManifestEntry, ...] = ()
    removed: tuple[ManifestEntry, ...] = ()
    renamed: tuple[Change, ...] = ()
    reshaped: tuple[Change, ...] = ()
    retyped: tuple[Change, ...] = ()
    reinitialized: tuple[Change, ...] = ()
    changed: tuple[Change, ...] = ()
    redeclared: tuple[Change, ...] = ()
    ties: tuple[Detail, ...] = ()
    stored: tuple[Detail, ...] = ()
    computed: tuple[Detail, ...] = ()
    leftovers: tuple[Detail, ...] = ()
    caches: tuple[Detail, ...] = ()
    hyperparameters: tuple[Detail, ...] = ()
    streams: tuple[Detail, ...] = ()

    @property
    def growth(self) -> Growth:
        """What the newer side has more than the older: parameters, elements and bytes."""
        old, new = self.old, self.new
        more = new.nbytes - old.nbytes
        percent = 100 * more / old.nbytes if old.nbytes else None
        return Growth(new.parameters - old.parameters, new.elements - old.elements, more, percent)

    def __bool__(self) -> bool:
        return (
            self.breaks_checkpoints
            or any((self.added, self.removed, self.renamed, self.retyped, self.reshaped, self.reinitialized))
            or any((self.changed, self.redeclared, self.ties, self.stored, self.computed))
            or any((self.leftovers, self.caches, self.hyperparameters, self.streams))
        )
