"""What the page asks of what it shows: it is below manifests, which ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from ..layout import Growth, ManifestEntry


class Model(Protocol):
    """What is shown of a model: a manifest has it."""

    @property
    def model(self) -> str:
        """What it is called."""

    @property
    def entries(self) -> Sequence[ManifestEntry]:
        """Its parameters, in order of declaration."""

    @property
    def ties(self) -> Mapping[str, str]:
        """For each name that is tied, the parameter that it stands for."""

    @property
    def computed(self) -> Iterable[str]:
        """Names of the buffers that are computed."""

    @property
    def hyperparameters(self) -> Mapping[str, Any]:
        """What it was called with."""

    @property
    def declared(self) -> bool:
        """Whether it is more than what a checkpoint's headers tell."""

    @property
    def digest(self) -> str:
        """The manifest's digest."""

    @property
    def source(self) -> str:
        """What it was asked for by; empty where that is not known."""

    @property
    def cells(self) -> Mapping[str, str]:
        """Classes of the cells of a net, by path, as far as no parameter tells."""

    @property
    def caches(self) -> Sequence[Cache]:
        """What it keeps of keys and values."""


class Cache(Protocol):
    """Keys and values that a cell of a model keeps."""

    @property
    def position_nbytes(self) -> int:
        """The bytes of one position of one text."""

    @property
    def window(self) -> int | None:
        """How many positions are kept at most; None: all."""

    @property
    def source(self) -> bool:
        """Whether the positions are those of the text that an encoder has read."""


class Pair(Protocol):
    """A parameter of two models."""

    @property
    def old(self) -> ManifestEntry:
        """As it was."""

    @property
    def new(self) -> ManifestEntry:
        """As it is now."""


class Detail(Protocol):
    """What differs in a name that is no parameter."""

    @property
    def name(self) -> str:
        """The name."""


class Totals(Protocol):
    """What there is on one side."""

    @property
    def parameters(self) -> int:
        """How many parameters."""

    @property
    def elements(self) -> int:
        """Their elements."""

    @property
    def nbytes(self) -> int:
        """The bytes of their values."""


class Difference(Protocol):
    """What differs between two models; false where nothing does. Each of `MARKS` from the third on has pairs too."""

    @property
    def old(self) -> Totals:
        """What of the older side is compared."""

    @property
    def new(self) -> Totals:
        """What of the newer side is compared."""

    @property
    def growth(self) -> Growth:
        """What the newer side has more."""

    @property
    def added(self) -> Sequence[ManifestEntry]:
        """Parameters of the newer side alone."""

    @property
    def removed(self) -> Sequence[ManifestEntry]:
        """Parameters of the older side alone."""

    @property
    def renamed(self) -> Sequence[Pair]:
        """Parameters that seem to have another name now."""

    @property
    def ties(self) -> Sequence[Detail]:
        """Names that are tied to another parameter than before."""

    @property
    def computed(self) -> Sequence[Detail]:
        """Buffers that are computed on one side only."""

    def __bool__(self) -> bool: ...
