"""What a manifest says, as data: what prints, writes, compares, sums up or draws a manifest is made of this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from .._frozen import frozen
from .._stream_version import STREAM_VERSION
from ..history import Migration
from ..layout import ManifestEntry, Stored
from ..mesh import Listed, On

if TYPE_CHECKING:
    from ..layout import BaseModel, Leftover
    from ._caches import KeyValueCache


@frozen
class Inventory:
    """Every parameter of a model, in order of declaration. `Manifest` tells what the fields are.

    It knows nothing of what is done with it, so that whatever does it can know this.
    """

    model: str
    entries: tuple[ManifestEntry, ...]
    ties: Mapping[str, str] = attrs.field(factory=dict)
    computed: frozenset[str] = frozenset()
    hyperparameters: Mapping[str, Any] = attrs.field(factory=dict)
    stored: tuple[Stored, ...] = ()
    copies: tuple[Stored, ...] = ()
    stream_version: int = STREAM_VERSION
    declared: bool = True
    migrations: tuple[Migration, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    base: BaseModel | None = None
    caches: tuple[KeyValueCache, ...] = ()
    owners: Mapping[str, Listed | On] = attrs.field(factory=dict)
    source: str = attrs.field(default="", kw_only=True, eq=False, repr=False)
    _by_name: dict[str, ManifestEntry] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {entry.name: entry for entry in self.entries})

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[ManifestEntry]:
        return iter(self.entries)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name or name in self.ties

    def __getitem__(self, name: str) -> ManifestEntry:
        return self._by_name[self.ties.get(name, name)]

    @property
    def size(self) -> int:
        """The number of elements of all parameters, each tied one counted once."""
        return sum(entry.size for entry in self.entries)

    @property
    def nbytes(self) -> int:
        """The bytes of all parameters, each tied one counted once."""
        return sum(entry.nbytes for entry in self.entries)

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of names, shapes, dtypes, ties and layout: equal when checkpoints can be exchanged."""
        from ._digest import digest_of  # not before: most loads never ask for it

        return digest_of(self.entries, self.ties, self.stored)
